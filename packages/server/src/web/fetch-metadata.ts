import type { IncomingHttpHeaders } from 'node:http'

/** How a request says it came about (Fetch Metadata); everything `undefined` for old browsers and for tools. */
export interface Provenance {
  site: string | undefined
  dest: string | undefined
  /** The page is being fetched ahead of any click. */
  prefetch: boolean
  /** Origin of the page that sent the person here; `undefined` when not told, `null` as text for one that has none. */
  refererOrigin: string | undefined
  /** `Origin` header. */
  origin: string | undefined
}

/** Reads the headers that tell how a request came about. */
export function provenance(headers: IncomingHttpHeaders): Provenance {
  return {
    site: single(headers['sec-fetch-site']),
    // Chromium says nothing of where a WebSocket comes from, though it sends a sibling host's cookies with it.
    dest: single(headers['sec-fetch-dest']) ?? (headers['sec-websocket-key'] ? 'websocket' : undefined),
    prefetch: ['sec-purpose', 'purpose', 'x-moz'].some(name =>
      /prefetch|prerender/.test(String(headers[name]))
    ),
    refererOrigin: originOf(headers.referer),
    origin: single(headers.origin)
  }
}

/** Whether the answer becomes the page in a tab, as far as the browser says anything: no frame, no image, no script. */
export function isTopLevel(headers: IncomingHttpHeaders): boolean {
  const { dest } = provenance(headers)
  return dest === undefined || dest === 'document'
}

/**
 * Whether a form of ours may be taken: it must come from our own origin, as far as the browser says anything.
 * Besides, each form proves that its page was opened here: sign-in, consent and sign-up by the cookie of their
 * interaction, a logout and a switch of account by the one-time id inside.
 */
export function isOwnForm(from: Provenance, issuer: string): boolean {
  if (from.origin !== undefined && from.origin !== 'null' && from.origin !== issuer) return false
  return from.site === undefined || from.site === 'same-origin' || from.site === 'none'
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

/** What cannot be read is somebody's page, but nobody's that we know. */
function originOf(address: string | undefined): string | undefined {
  if (!address) return undefined
  return URL.canParse(address) ? new URL(address).origin : 'null'
}
