import { randomBytes } from 'node:crypto'
import type { RpSession } from '@utgang/node'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { readCookie, setCookie } from './cookies.ts'

/** How a visitor left. */
export interface Leaving {
  how: 'everywhere' | 'this_app' | 'elsewhere'
  /** Sent along with a logout by redirect, and compared on the way back. */
  state?: string
  /** The receipt of a logout by API, whose id is in its answer. */
  receiptId?: string
  /** The logout by API did not get through, so the tokens may be alive still. */
  failed?: boolean
}

/** A login that is over. */
export interface Left {
  session: RpSession
  /** Not known yet when it ended somewhere else: the kit has ended the login, and nobody has asked why. */
  leaving?: Leaving
}

/**
 * Who was signed in in which browser. Only for the demo, so that its pages can show what became of a login and of its tokens: a
 * site needs none of it.
 */
export interface Visits {
  /** Remembers who is signed in. @returns whether that is news */
  see(request: FastifyRequest, reply: FastifyReply, session: RpSession): boolean
  /** Remembers how a login was left. */
  leave(request: FastifyRequest, reply: FastifyReply, left: Left): void
  /** What this browser was signed in with, when it is no more. */
  left(request: FastifyRequest): Left | undefined
}

const leftSeconds = 15 * 60

/** An empty memory. Each site has a cookie name of its own. */
export function newVisits(siteId: string): Visits {
  const cookie = `${siteId}_visit`
  const all = new Map<string, Left & { until: number }>()

  function put(request: FastifyRequest, reply: FastifyReply, visit: Left & { until: number }): void {
    const now = Date.now() / 1000
    for (const [id, { until }] of all) if (until <= now) all.delete(id)
    const known = readCookie(request, cookie) ?? ''
    const id = all.has(known) ? known : randomBytes(32).toString('base64url')
    all.set(id, visit)
    if (id !== known) setCookie(reply, cookie, id)
  }

  const find = (request: FastifyRequest): (Left & { until: number }) | undefined => {
    const found = all.get(readCookie(request, cookie) ?? '')
    return found && found.until > Date.now() / 1000 ? found : undefined
  }

  return {
    see(request, reply, session) {
      const isNews = find(request)?.session.accessToken !== session.accessToken
      if (isNews) put(request, reply, { session, until: session.expiresAt })
      return isNews
    },
    leave: (request, reply, left) => put(request, reply, { ...left, until: Date.now() / 1000 + leftSeconds }),
    left: find
  }
}

/** Whose login it is, in words for a page. */
export function userOf({ claims }: RpSession): { name: string; email: string } {
  const [name, email] = [claims.name, claims.email].map(it => (typeof it === 'string' ? it : ''))
  return { name: name || email || 'Someone', email: email || '' }
}
