import { call, withQuery } from './answers.ts'
import type { Page } from './page.ts'
import { newSecret } from './random.ts'
import { sessionOf } from './session.ts'

/** How long the server remembers a logout for the page that left for it, in milliseconds. */
const rememberedMs = 600_000

const keyOf = ({ settings }: Page): string => `utgang:${settings.clientId}:left`

/** Leaves the page for the server's logout, with a ticket by which {@link comeBack} finds out whether it was done. */
export function leave(page: Page, accessToken: string | undefined): Promise<never> {
  const { clientId, redirectUri, server, timeoutMs } = page.settings
  const ticket = newSecret()
  page.isLeaving = true
  // Somebody may have stopped the navigation: the next click is a new logout.
  setTimeout(stopLeaving, timeoutMs, page)
  page.tabStore.set(keyOf(page), `${ticket} ${Date.now()}`)
  location.assign(
    withQuery(`${server}/logout`, {
      client_id: clientId,
      redirect_uri: redirectUri,
      oauth_token: accessToken,
      sdk_ticket: ticket
    })
  )
  return new Promise(() => {})
}

/** This page is still here, or here again. */
export function stopLeaving(page: Page): void {
  if (page.isLeaving) page.logout = undefined
  page.isLeaving = false
}

/** No page asks about a logout any more that this tab left for: somebody is back from a sign-in since. */
export const stay = (page: Page): void => page.tabStore.remove(keyOf(page))

/**
 * If this tab left for a logout: asks whether it was done, and if so takes it in. Until the server has said so, each page
 * that comes back asks again, for the person may not have answered the server's question yet.
 * @throws SdkError as a call; fires `error`
 */
export async function comeBack(page: Page): Promise<void> {
  const { settings, tabStore, cache, tabs } = page
  const [ticket, leftAt] = tabStore.get(keyOf(page))?.split(' ') ?? []
  if (!ticket || !(Date.now() - Number(leftAt) < rememberedMs)) return

  const { server, clientId: client_id, timeoutMs, backend } = settings
  const mark = tabs.mark()
  const askedAt = Date.now()
  page.askedAt = askedAt
  const { session, ended } = await call(withQuery(`${server}/sdk/session`, { client_id, ticket }), timeoutMs)
    .then(answer => ({ session: sessionOf(answer), ended: answer.ended as { receipt?: string } | undefined }))
    .catch(page.fail)
  // Somebody came back from a sign-in meanwhile.
  if (!tabStore.get(keyOf(page))) return
  if (ended) {
    stay(page)
    page.ended('redirect', ended.receipt ?? null)
  } else if (mark !== tabs.mark()) return
  // The next question is answered already; with a backend that one is about another session.
  if (!backend) cache.put(session, askedAt, tabs.last())
}
