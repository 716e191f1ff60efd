import { call, type SessionAnswer } from './answers.ts'
import { random } from './local-state.ts'
import type { Page } from './page.ts'

/** How long a page that left may take to come back, in milliseconds. */
const backWithinMs = 600_000

/** Leaves for the logout by redirect. The page that comes back finds a ticket in this tab's storage: see {@link comeBack}. */
export function leave({ settings, local, tokens }: Page): Promise<never> {
  const ticket = random()
  local.keep('leaving', { ticket, at: Date.now() })
  const address = new URL('/logout', settings.server)
  address.searchParams.set('client_id', settings.client_id)
  if (settings.redirect_uri) address.searchParams.set('redirect_uri', settings.redirect_uri)
  if (tokens) address.searchParams.set('oauth_token', tokens.access_token)
  address.searchParams.set('sdk_ticket', ticket)
  return goTo(address.href)
}

/** Navigates; what waits for it waits as long as the page is there. */
export function goTo(address: string): Promise<never> {
  location.assign(address)
  return new Promise(() => {})
}

/**
 * On the page that comes back: asks whether the logout that it left for was done, and only then tells. `undefined` for
 * a page that did not leave.
 */
export function comeBack(page: Page): Promise<void> | undefined {
  const left = page.local.take('leaving') as { ticket: string; at: number } | undefined
  if (!left || left.at + backWithinMs < Date.now()) return undefined
  return askAfter(page, left)
}

async function askAfter(page: Page, left: { ticket: string; at: number }): Promise<void> {
  const { server, client_id, timeout } = page.settings
  const query = new URLSearchParams({ client_id, ticket: left.ticket })
  try {
    const answer = await call<SessionAnswer>(`${server}/sdk/session?${query}`, timeout, { cache: 'no-store' })
    if (answer.status === 'notConnected') page.signOut('redirect', answer.ended?.receipt ?? null)
  } catch (error) {
    // The next page of this tab asks again.
    page.local.keep('leaving', left)
    page.bus.fire('error', error as never)
  }
}
