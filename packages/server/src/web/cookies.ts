import type { FastifyReply } from 'fastify'

/**
 * The value of a cookie, its name compared byte by byte. A name that comes twice counts as none: we never set
 * two, so one of them was put there by somebody else (RFC 6265bis §5.4; browsers compare prefixes without case).
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  const [value, second] = valuesOf(header, name)
  return second === undefined ? value : undefined
}

/** Whether a cookie of this name comes, once or more often. */
export const hasCookie = (header: string | undefined, name: string): boolean =>
  valuesOf(header, name).length > 0

/** Whether a cookie of this name comes more than once: see {@link readCookie}. */
export const comesTwice = (header: string | undefined, name: string): boolean =>
  valuesOf(header, name).length > 1

/** A `Cookie` header without the cookies of this name. */
export function withoutCookie(header: string, name: string): string {
  return header
    .split(';')
    .filter(part => nameOf(part) !== name)
    .join(';')
}

function valuesOf(header: string | undefined, name: string): string[] {
  if (header === undefined) return []
  return header
    .split(';')
    .filter(part => nameOf(part) === name)
    .map(part => bare(part.slice(part.indexOf('=') + 1)))
}

function nameOf(part: string): string | undefined {
  const at = part.indexOf('=')
  return at < 0 ? undefined : bare(part.slice(0, at))
}

/**
 * Without the spaces and tabs around it (RFC 6265bis §5.5). Not `trim`: that also takes a no-break space away, which
 * to a browser is part of the name, so that a sibling host could set a cookie that we would take for our own.
 */
function bare(text: string): string {
  let [from, to] = [0, text.length]
  while (from < to && isBlank(text.charCodeAt(from))) from++
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

/** How a cookie of ours is set. */
interface CookieOptions {
  /** `Lax` unless other sites' pages have to send it. */
  sameSite?: 'Lax' | 'None'
  /** Readable by scripts of this server's own pages. */
  forScripts?: boolean
  /** Seconds that it is kept; without, until the browser is closed. */
  maxAge?: number
}

/** Sets a cookie of ours: see {@link cookieLine}. */
export function setCookie(reply: FastifyReply, name: string, value: string, options?: CookieOptions): void {
  reply.header('set-cookie', cookieLine(name, value, options))
}

/** A `Set-Cookie` value: `__Host-`, so Secure, without Domain and for the whole host; hidden from scripts unless it is for them. */
export function cookieLine(
  name: string,
  value: string,
  { sameSite = 'Lax', forScripts = false, maxAge }: CookieOptions = {}
): string {
  const age = maxAge === undefined ? '' : `; Max-Age=${maxAge}`
  return `${name}=${value}; Path=/; Secure; ${forScripts ? '' : 'HttpOnly; '}SameSite=${sameSite}${age}`
}

/** Expires a cookie, with the same name, path and attributes with which it was set. */
export function expireCookie(reply: FastifyReply, name: string): void {
  reply.header('set-cookie', `${cookieLine(name, '', { maxAge: 0 })}; Expires=Thu, 01 Jan 1970 00:00:00 GMT`)
}
