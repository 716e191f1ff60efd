import type { FastifyReply } from 'fastify'

/**
 * The value of a cookie, its name compared byte by byte. A name that comes twice counts as none: we never set
 * two, so one of them was put there by somebody else (RFC 6265bis §5.4; browsers compare prefixes without case).
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined
  let value: string | undefined
  for (const part of header.split(';')) {
    const at = part.indexOf('=')
    if (at < 0 || part.slice(0, at).trim() !== name) continue
    if (value !== undefined) return undefined
    value = part.slice(at + 1).trim()
  }
  return value
}

/** Sets a cookie of ours: `__Host-`, so Secure, without Domain and for the whole host; never readable by scripts. */
export function setCookie(reply: FastifyReply, name: string, value: string, maxAgeSeconds?: number): void {
  const age = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`
  reply.header('set-cookie', `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=Lax${age}`)
}

/** Expires a cookie, with the same name, path and attributes with which it was set. */
export function expireCookie(reply: FastifyReply, name: string): void {
  reply.header(
    'set-cookie',
    `${name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT`
  )
}
