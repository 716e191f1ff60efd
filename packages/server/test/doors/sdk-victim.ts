import { expect } from 'vitest'
import type { Answer, Asking, Browser } from '../support/browser.ts'
import { clients } from '../support/fixtures.ts'
import { type SignedIn, signIn } from '../support/sign-in.ts'
import type { TestSystem } from '../support/system.ts'
import { check, logout, origin } from './sdk-kit.ts'

/** The cookie of the session itself. */
export const own = '__Host-utgang'
/** The cookie that pages of other sites send. */
export const handle = '__Host-utgang-sdk'
/** A page that has no business here. */
export const evil = 'https://evil.example'

const like = (clientId: string, more: object) => ({
  ...clients.find(it => it.client_id === clientId),
  ...more
})

/** The fixtures' clients: `forum` asks by script tags too, and so does `bazaar`, whose pages are of another origin. */
export const attackedClients = [
  ...clients.filter(it => it.client_id !== 'forum'),
  like('forum', { legacy_jsonp: true }),
  like('market', { client_id: 'bazaar', sdk: true, legacy_jsonp: true, origins: ['https://market.example'] })
]

/** Somebody who is signed in at `forum`. */
export interface Victim extends SignedIn {
  browser: Browser
  /** The same browser in a request that a page of another site makes: `Lax` cookies stay behind. */
  elsewhere(): Browser
  uid: string
}

/** Signs somebody in, in a browser of their own. */
export async function victim(at: TestSystem, email = 'ola@example.test'): Promise<Victim> {
  const browser = at.browser()
  const it = await signIn(at, browser, 'forum', { email })
  const elsewhere = (): Browser => {
    const copy = browser.copy()
    copy.keepOnly(handle)
    return copy
  }
  return { ...it, browser, elsewhere, uid: (await at.sessionOf(browser))?.uid ?? '' }
}

/** Whether a session is alive. */
export const isLive = async (at: TestSystem, uid: string): Promise<boolean> =>
  (await at.storage.findSession(uid, Math.floor(Date.now() / 1000))) !== undefined

/**
 * Nobody could read these answers, no cookie changed and nothing has happened to Ola. The control: forum's own page
 * still sees who is there, by each way of asking, and can sign them out.
 */
export async function expectUnharmed(
  at: TestSystem,
  { browser, elsewhere, uid, sid }: Victim,
  by: Answer[] = []
): Promise<void> {
  for (const { path, headers, setCookies, text } of by) {
    expect(headers['access-control-allow-origin'], path).toBeUndefined()
    expect(text, path).not.toMatch(/u-ola|"connected"|"result":true/)
    expect(setCookies, path).toEqual([])
  }
  expect(await isLive(at, uid)).toBe(true)
  expect((await browser.go('/')).text).toContain('Ola Nordmann')
  const status = await check(elsewhere(), 'forum', {}, 'cross-site')
  expect(status.json()).toMatchObject({ status: 'connected', sid })
  expect((await hasSession(elsewhere())).text).toContain('"result":true')
  expect((await logout(elsewhere(), 'forum')).json()).toMatchObject({ ended: true, by: 'cookie' })
  expect(await isLive(at, uid)).toBe(false)
}

/** Asks as SPiD's script does, by a tag on a page of forum unless said otherwise. */
export function hasSession(
  browser: Browser,
  query: Record<string, string> = {},
  headers: Asking['headers'] = {},
  path = '/ajax/hasSession.js'
): Promise<Answer> {
  const all = { callback: 'f1', redirect_uri: `${origin}/page`, client_id: 'forum', ...query }
  return browser.go(`${path}?${new URLSearchParams(all)}`, {
    from: 'cross-site',
    headers: { referer: `${origin}/`, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script', ...headers }
  })
}
