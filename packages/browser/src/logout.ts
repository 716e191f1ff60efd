import { type Answer, isReachable, nonsense, post, withQuery } from './answers.ts'
import { leave } from './leaving.ts'
import type { Page } from './page.ts'
import { SdkError } from './sdk-error.ts'
import type { LoggedOut, LogoutOptions } from './types.ts'

/**
 * One logout, by the first way that works: the backend, the server's cookie or the page's tokens, leaving the page. See `Utgang.logout`.
 * @param options both always given
 */
export async function logout(page: Page, { fallback, closing }: Required<LogoutOptions>): Promise<LoggedOut> {
  const { settings, tokens } = page
  page.hasGone = false
  page.cache.drop()
  if (closing) forgetAhead(page)
  let failure: SdkError | undefined
  try {
    const calls = byCall(page, tokens)
    page.ending = calls
    const ended = await calls
    if (ended) {
      page.ended(ended.by, ended.receipt)
      return ended
    }
  } catch (error) {
    failure = error as SdkError
    page.fire('error', failure)
  }
  if (
    fallback === 'redirect' &&
    !closing &&
    // Where nobody answers, leaving the page would end on the browser's own error page, signed in.
    (!failure || (await isReachable(settings.server, settings.timeoutMs))) &&
    // Whoever went elsewhere meanwhile, and is back, may have signed in anew.
    !page.hasGone
  )
    return leave(page, tokens?.access_token)
  if (failure) throw failure
  return page.fail(notEnded())
}

/** What a page that is about to go does before it knows the answer: nobody will be here to hear it. */
export function forgetAhead(page: Page): void {
  page.forget()
  page.tabs.tell(null, false)
}

/** @returns undefined when the session of this browser was found in no way */
async function byCall({ settings }: Page, tokens: Page['tokens']): Promise<LoggedOut | undefined> {
  const { backend, server, clientId: client_id, timeoutMs } = settings
  if (backend) {
    const ended = endedOf(await post(`${backend}/logout`, timeoutMs, { client_id }), 'backend')
    if (ended) return ended
  }
  const answer = await post(withQuery(`${server}/sdk/logout`, { client_id }), timeoutMs, {
    client_id,
    access_token: tokens?.access_token,
    id_token_hint: tokens?.id_token
  })
  return endedOf(answer, answer.by as LoggedOut['by'])
}

function endedOf(answer: Answer, by: LoggedOut['by']): LoggedOut | undefined {
  if (answer.ended === false) return undefined
  if (answer.ended !== true) throw nonsense(answer)
  return { ended: true, by, receipt: (answer.receipt as string | undefined) ?? null }
}

const notEnded = (): SdkError =>
  new SdkError('not_ended', 'no cookie and no tokens showed a session: allow fallback "redirect"')
