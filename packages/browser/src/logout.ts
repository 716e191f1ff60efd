import { call, json, type LogoutAnswer } from './answers.ts'
import { leave } from './leaving.ts'
import type { Page } from './page.ts'
import { SdkError } from './sdk-error.ts'
import type { LoggedOut, LogoutOptions } from './types.ts'

/** Ends the sign-on session; a second call while the first is under way is the same logout. */
export interface Logout {
  logout(options?: LogoutOptions): Promise<LoggedOut>
  /** The page was left and has come back from the browser's memory: nothing is under way any more. */
  reset(): void
}

/** @param isClosing whether the page is about to go away */
export function newLogout(page: Page, isClosing: () => boolean): Logout {
  let underWay: Promise<LoggedOut> | undefined
  return {
    logout(options = {}) {
      if (underWay) return underWay
      const mine = end(page, options, options.closing ?? isClosing()).finally(() => {
        if (underWay === mine) underWay = undefined
      })
      underWay = mine
      return mine
    },
    reset() {
      underWay = undefined
    }
  }
}

/** Takes the first way that can work: backend, cookie or tokens, redirect. */
async function end(page: Page, options: LogoutOptions, closing: boolean): Promise<LoggedOut> {
  const { settings, local, bus } = page
  const ways = [...(settings.backend ? [byBackend(page)] : []), byServer(page)]
  // Nobody will be there to hear the answer.
  if (closing) local.clear()
  else local.dropCache()

  let failed: unknown
  for (const way of ways) {
    try {
      const answer = await way()
      if (answer.ended) {
        const { by, receipt } = answer
        page.signOut(by, receipt)
        return { ended: true, by, receipt }
      }
    } catch (error) {
      failed ??= error
      bus.fire('error', error as never)
    }
  }
  const mayLeave = !closing && (options.fallback ?? settings.fallback) === 'redirect'
  // A browser that cannot reach the server would only show its own error page.
  if (mayLeave && (!failed || (await canBeReached(page)))) return leave(page)
  throw (
    failed ??
    new SdkError('not_ended', 'nothing proved whose session it is, and the page was not to leave by redirect')
  )
}

type Ended = { ended: false } | LoggedOut

function byBackend({ settings: { backend, timeout } }: Page): () => Promise<Ended> {
  return async () => {
    const answer = await call<LogoutAnswer>(`${backend}/logout`, timeout, json({}))
    return answer.ended ? { ended: true, by: 'backend', receipt: answer.receipt ?? null } : { ended: false }
  }
}

function byServer({ settings, tokens }: Page): () => Promise<Ended> {
  const { server, client_id, timeout } = settings
  const body = {
    client_id,
    ...(tokens && { access_token: tokens.access_token, id_token_hint: tokens.id_token })
  }
  return async () => {
    const address = `${server}/sdk/logout?client_id=${encodeURIComponent(client_id)}`
    const answer = await call<LogoutAnswer>(address, timeout, json(body))
    return answer.ended
      ? { ended: true, by: answer.by ?? 'cookie', receipt: answer.receipt ?? null }
      : { ended: false }
  }
}

/** Whether the server answers anything at all, readable or not. */
async function canBeReached({ settings: { server, timeout } }: Page): Promise<boolean> {
  try {
    const init = {
      method: 'HEAD',
      mode: 'no-cors',
      cache: 'no-store',
      signal: AbortSignal.timeout(timeout)
    } as const
    await fetch(`${server}/js/utgang.js`, init)
    return true
  } catch {
    return false
  }
}
