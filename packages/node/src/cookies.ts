/** What cookies are read from: a web `Request`, or one of Node's, Express's or Fastify's. */
export interface HasCookies {
  headers: Headers | { cookie?: string }
}

/** All cookies that came, by name. One that comes twice counts as empty: we never set two, so somebody else did (RFC 6265bis §5.4). */
export function readCookies({ headers }: HasCookies): Map<string, string> {
  const text = headers instanceof Headers ? headers.get('cookie') : headers.cookie
  const cookies = new Map<string, string>()
  for (const part of text?.split(';') ?? []) {
    const at = part.indexOf('=')
    const name = bare(part.slice(0, at))
    if (at > 0) cookies.set(name, cookies.has(name) ? '' : bare(part.slice(at + 1)))
  }
  return cookies
}

/**
 * Without the spaces and tabs around it (RFC 6265bis §5.5). Not `trim`: that also takes a no-break space away, which to a
 * browser is part of the name, so that a sibling host could set a cookie that passes for a `__Host-` one.
 */
function bare(text: string): string {
  // A pattern for the end would begin anew at each of a thousand spaces.
  let [from, to] = [0, text.length]
  while (from < to && isBlank(text[from])) from++
  while (to > from && isBlank(text[to - 1])) to--
  return text.slice(from, to)
}

const isBlank = (character: string | undefined): boolean => character === ' ' || character === '\t'

/**
 * A `Set-Cookie` line for the whole site: out of reach of scripts, and of other sites' requests except top-level
 * navigations. @param seconds how long the browser keeps it; 0 drops it
 */
export function cookieLine(name: string, value: string, seconds: number, isSecure: boolean): string {
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${seconds}${isSecure ? '; Secure' : ''}`
}
