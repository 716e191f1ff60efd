import { randomBytes } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { readCookie, setCookie } from './cookies.ts'

/** A sign-in on its way, by its `state`: what its answer must fit. */
export interface PendingSignIn {
  nonce: string
  verifier: string
  /** The path to show when it is done. */
  backTo: string
  /** Without any page at the sign-in server. */
  silent: boolean
}

/** Sign-ins on their way. Several tabs of a browser may have one each. */
export interface PendingSignIns {
  start(request: FastifyRequest, reply: FastifyReply, state: string, pending: PendingSignIn): void
  /**
   * Takes one out, so that an answer counts once. `'not_this_browser'` also for an answer that a stranger's link
   * brought along: whoever set out must be who comes back (RFC 9700 §4.7). `'no_cookies'`: this browser keeps none.
   */
  take(request: FastifyRequest, state: string): PendingSignIn | 'not_this_browser' | 'no_cookies'
}

const pendingMs = 10 * 60_000
const most = 10_000

/** An empty list, in memory. Each site has one of its own. */
export function pendingSignIns(siteId: string): PendingSignIns {
  const cookie = `${siteId}_browser`
  const all = new Map<string, PendingSignIn & { browser: string; expiresAt: number }>()

  return {
    start(request, reply, state, pending) {
      sweep()
      const browser = readCookie(request, cookie) ?? newBrowser(reply)
      all.set(state, { ...pending, browser, expiresAt: Date.now() + pendingMs })
    },
    take(request, state) {
      const browser = readCookie(request, cookie)
      if (browser === undefined) return 'no_cookies'
      const pending = all.get(state)
      if (pending?.browser !== browser || pending.expiresAt <= Date.now()) return 'not_this_browser'
      all.delete(state)
      return pending
    }
  }

  function newBrowser(reply: FastifyReply): string {
    const id = randomBytes(32).toString('base64url')
    setCookie(reply, cookie, id)
    return id
  }

  function sweep(): void {
    for (const [state, { expiresAt }] of all) {
      // They stand in the order in which they came, so the rest is younger still.
      if (expiresAt > Date.now() && all.size < most) return
      all.delete(state)
    }
  }
}
