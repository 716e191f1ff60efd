/** What a frame of an application shows, and what the page around it must allow. */
export interface Frame {
  src: string
  /** As a source of a Content Security Policy. */
  origin: string
}

/**
 * The frame in which an application signs the person out: its registered address with `iss` and `sid`, always both, its
 * own query as it is (Front-Channel Logout 1.0 §2). `undefined` for an address that cannot stand in a page's policy:
 * one without a host of letters, digits, points and dashes, or not on the web.
 */
export function frameOf(registered: string, { iss, sid }: { iss: string; sid: string }): Frame | undefined {
  const url = URL.parse(registered)
  // A host may hold `;` or `*`, which mean something in a policy.
  if (!url || !/^https?:$/.test(url.protocol) || !/^[a-z0-9.-]+(:\d+)?$/.test(url.host)) return undefined
  const added = `iss=${encodeURIComponent(iss)}&sid=${encodeURIComponent(sid)}`
  const [bare = ''] = registered.split('#')
  const joint = !bare.includes('?') ? '?' : /[?&]$/.test(bare) ? '' : '&'
  return { src: `${bare}${joint}${added}`, origin: url.origin }
}
