import { randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { dropCookie, readCookie, setCookie } from './cookies.ts'

/** What a sign-in gave this site. */
export interface SignedIn {
  user: { sub: string; name: string; email: string }
  /** The id by which this site knows the sign-on session. */
  sid: string
  accessToken: string
  /** Kept as it came: it says at logout whose logout this is. */
  idToken: string
}

/**
 * This site's own login of one visitor. It is the site's alone: the sign-on session lives at the sign-in server, and
 * either can end without the other.
 */
export interface RpSession extends SignedIn {
  id: string
  /** When the sign-in server last vouched for this visitor, in milliseconds. */
  vouchedAt: number
  expiresAt: number
  /** Set once the visitor has left. Kept for a while, only so that the demo can show what became of its token. */
  leaving?: Leaving
}

/** How a visitor left. */
export interface Leaving {
  how: 'everywhere' | 'this_app' | 'elsewhere'
  /** Sent along with a logout by redirect, and compared on the way back. */
  state?: string
  /** The receipt of a logout from server to server, whose id is in its answer. */
  receiptId?: string
  /** The logout by API did not get through, so the tokens may be alive still. */
  failed?: boolean
}

/** The RP sessions of one site, in memory; the browser holds a random id. */
export interface RpSessions {
  /** The session of a signed-in visitor. */
  live(request: FastifyRequest): RpSession | undefined
  /** The session that this visitor left a moment ago. */
  left(request: FastifyRequest): RpSession | undefined
  /** Opens one after a sign-in. The same person once more keeps the id, so that no other tab falls out. */
  open(request: FastifyRequest, reply: FastifyReply, signedIn: SignedIn): RpSession
  /** Ends one: from now on its cookie signs nobody in. */
  leave(reply: FastifyReply, session: RpSession, leaving: Leaving): void
  /**
   * Ends one, and with it something elsewhere: while `rest` is under way the session signs nobody in already.
   * @throws what `rest` throws; then the session lives again, as if nobody had asked
   */
  leaveWith(reply: FastifyReply, session: RpSession, rest: () => Promise<Leaving>): Promise<void>
}

const lifetimeMs = 12 * 3_600_000
const leftLifetimeMs = 15 * 60_000

/** An empty store. Each site has a cookie name of its own. */
export function rpSessions(siteId: string): RpSessions {
  const names = { live: `${siteId}_session`, left: `${siteId}_left` }
  const all = new Map<string, RpSession>()

  function find(request: FastifyRequest, name: string): RpSession | undefined {
    const session = all.get(readCookie(request, name) ?? '')
    return session && session.expiresAt > Date.now() ? session : undefined
  }

  function live(request: FastifyRequest): RpSession | undefined {
    const session = find(request, names.live)
    return session?.leaving ? undefined : session
  }

  return {
    live,

    // A second click on "sign out" may still carry the cookie of the session that the first one ended.
    left: request => [find(request, names.live), find(request, names.left)].find(it => it?.leaving),

    open(request, reply, signedIn) {
      sweep()
      const before = live(request)
      const now = Date.now()
      if (before?.user.sub === signedIn.user.sub) return Object.assign(before, signedIn, { vouchedAt: now })
      if (before) all.delete(before.id)
      const session = {
        ...signedIn,
        id: randomBytes(32).toString('base64url'),
        vouchedAt: now,
        expiresAt: now + lifetimeMs
      }
      all.set(session.id, session)
      setCookie(reply, names.live, session.id)
      dropCookie(reply, names.left)
      return session
    },

    leave,

    async leaveWith(reply, session, rest) {
      session.leaving = { how: 'everywhere' }
      try {
        leave(reply, session, await rest())
      } catch (error) {
        session.leaving = undefined
        throw error
      }
    }
  }

  function leave(reply: FastifyReply, session: RpSession, leaving: Leaving): void {
    session.leaving = leaving
    session.expiresAt = Date.now() + leftLifetimeMs
    dropCookie(reply, names.live)
    setCookie(reply, names.left, session.id, leftLifetimeMs / 1000)
  }

  function sweep(): void {
    for (const { id, expiresAt } of all.values()) if (expiresAt <= Date.now()) all.delete(id)
  }
}
