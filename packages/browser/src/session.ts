import { type Answer, call, nonsense, withQuery } from './answers.ts'
import type { Page } from './page.ts'
import type { Session, Visitor } from './types.ts'

/** Asks who is signed in. */
export interface SessionCheck {
  /** See `Utgang.hasSession`. */
  hasSession(options?: { fresh?: boolean }): Promise<Session>
  /** Asks, for nobody in particular: what is news is fired, and a failure. Resolves to whether there was an answer. */
  recheck(): Promise<boolean>
}

/** See {@link SessionCheck}. @param returned settles when it is known whether this page came back from a logout */
export function newSessionCheck(page: Page, returned: () => Promise<unknown>): SessionCheck {
  const { settings, cache, state } = page
  let inFlight: Promise<Session> | undefined
  let isQuiet = true

  function ask(quiet: boolean): Promise<Session> {
    isQuiet &&= quiet
    inFlight ??= askUntilCurrent().finally(() => {
      inFlight = undefined
      isQuiet = true
    })
    return inFlight
  }

  async function askUntilCurrent(): Promise<Session> {
    for (;;) {
      const mark = page.tabs.mark()
      const logout = page.tabs.last()
      const now = Date.now()
      page.askedAt = now
      const { server, backend, clientId: client_id, timeoutMs } = settings
      const address = backend ? `${backend}/session` : withQuery(`${server}/sdk/session`, { client_id })
      const session = await call(address, timeoutMs).then(sessionOf).catch(page.fail)
      // A logout that is under way says first what came of it, and is the one to tell it.
      await page.ending?.catch(() => {})
      // What was asked before a logout and comes after it must not sign the page in again.
      if (mark !== page.tabs.mark()) continue
      cache.put(session, now, logout)
      state.heard(session, isQuiet)
      return session
    }
  }

  return {
    async hasSession({ fresh = false } = {}) {
      await returned()
      const kept = fresh ? undefined : cache.get()
      if (!kept) return ask(false)
      state.heard(kept, false)
      return kept
    },
    async recheck() {
      try {
        await returned()
        await ask(true)
        return true
      } catch {
        return false
      }
    }
  }
}

/** An answer about the session, in the SDK's words. @throws SdkError `server_error` for one that is none */
export function sessionOf(answer: Answer): Session {
  const { status, server_time, cache_seconds } = answer
  if (status !== 'connected' && status !== 'notConnected' && status !== 'unknown') throw nonsense(answer)
  const clientTime = Math.floor(Date.now() / 1000)
  return {
    result: status === 'connected',
    userStatus: status,
    userId: answer.user_id as string | undefined,
    displayName: answer.display_name as string | undefined,
    uuid: answer.uuid as string | undefined,
    sid: answer.sid as string | undefined,
    serverTime: Number(server_time ?? clientTime),
    clientTime,
    expiresIn: Number(cache_seconds ?? 0),
    expiresAt: answer.expires_at as number | undefined,
    baseDomain: answer.base_domain as string | undefined,
    visitor: answer.visitor as Visitor | undefined
  }
}
