import { call, type SessionAnswer, sessionOf } from './answers.ts'
import type { Page } from './page.ts'
import type { Session } from './types.ts'

/** Asks who is signed in; questions at the same moment are one. */
export interface SessionCheck {
  hasSession(options?: { fresh?: boolean }): Promise<Session>
}

/** @param before what has to be over before anybody hears of a session: a page that comes back from a logout */
export function sessionCheck(page: Page, before: () => Promise<void> | undefined): SessionCheck {
  const { settings, local } = page
  let underWay: Promise<Session> | undefined

  return {
    async hasSession({ fresh = false } = {}) {
      await before()
      const cached = fresh ? undefined : local.cached()
      if (cached && !underWay) {
        page.settle(cached)
        return cached
      }
      underWay ??= ask().finally(() => {
        underWay = undefined
      })
      return underWay
    }
  }

  async function ask(): Promise<Session> {
    const mark = local.mark()
    try {
      const session = sessionOf(await answer())
      // What was answered before a logout says nothing of the time after it.
      if (local.mark() !== mark) return await ask()
      page.settle(session)
      return session
    } catch (error) {
      page.bus.fire('error', error as never)
      throw error
    }
  }

  function answer(): Promise<SessionAnswer> {
    const { backend, server, client_id, timeout } = settings
    const address = backend
      ? `${backend}/session`
      : `${server}/sdk/session?client_id=${encodeURIComponent(client_id)}`
    return call<SessionAnswer>(address, timeout, { cache: 'no-store' })
  }
}
