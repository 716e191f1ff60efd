import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * Sets a cookie that no script can read and no other site's form can use.
 * The demo runs on http, so its cookies are not `Secure`. On https, add that and the name prefix `__Host-`.
 */
export function setCookie(reply: FastifyReply, name: string, value: string, maxAgeSeconds?: number): void {
  const age = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`
  reply.header('set-cookie', `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${age}`)
}

/** Makes the browser drop a cookie. */
export function dropCookie(reply: FastifyReply, name: string): void {
  setCookie(reply, name, '', 0)
}

/** The value of a cookie. */
export function readCookie(request: FastifyRequest, name: string): string | undefined {
  for (const part of request.headers.cookie?.split(';') ?? []) {
    const at = part.indexOf('=')
    if (part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return undefined
}
