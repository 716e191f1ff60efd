import type { FastifyReply, FastifyRequest } from 'fastify'
import { dropCookie, readCookie, setCookie } from './cookies.ts'

/** The cookie that says: signing in without a question was tried here, leave it be. */
export interface TriedCookie {
  isThere(request: FastifyRequest): boolean
  /**
   * Keeps the site from signing the visitor in by itself: `for_a_moment` so that nobody goes round in circles,
   * `until_asked` after a sign-out of this app only, which leaves the sign-on session alive and must still mean something.
   */
  stayOut(reply: FastifyReply, howLong: 'for_a_moment' | 'until_asked'): void
  /** Takes {@link stayOut} back. */
  forget(reply: FastifyReply): void
}

const seconds = { for_a_moment: 10, until_asked: 86_400 } as const

/** Each site has one of its own. */
export function triedCookie(siteId: string): TriedCookie {
  const name = `${siteId}_tried`
  return {
    isThere: request => readCookie(request, name) !== undefined,
    stayOut: (reply, howLong) => setCookie(reply, name, howLong, seconds[howLong]),
    forget: reply => dropCookie(reply, name)
  }
}
