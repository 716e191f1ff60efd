import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Browser } from '../support/browser.ts'
import { authenticated, authorization, type SignedIn, signIn } from '../support/sign-in.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

/** What a browser with these cookies is taken for, at each place that looks. */
async function takenFor(
  browser: Browser,
  name = 'Ola Nordmann'
): Promise<{ home: boolean; sdk: unknown; silent: boolean; page: boolean }> {
  const ask = { headers: { origin: 'https://forum.example' } }
  return {
    home: (await browser.copy().go('/')).text.includes(name),
    sdk: (await browser.copy().go('/sdk/session?client_id=forum', ask)).json().status,
    silent:
      (await browser.copy().visit(authorization('news', { prompt: 'none' }).path)).location?.includes(
        'code='
      ) ?? false,
    page: !(await browser.copy().visit(authorization('news').path)).text.includes('id="sign-in"')
  }
}

const signedIn = { home: true, sdk: 'connected', silent: true, page: true }
const signedOut = { home: false, sdk: 'notConnected', silent: false, page: false }

test.each([
  ['a redirect logout', (browser: Browser) => browser.visit('/logout?client_id=news')],
  [
    'an end server to server',
    (_browser: Browser, { sid }: SignedIn) => at.ask('/oauth/end_session', authenticated('news', { sid }))
  ],
  [
    'a logout with an ID Token',
    (browser: Browser, { idToken }: SignedIn) => browser.visit(`/logout?id_token_hint=${idToken}`)
  ],
  [
    'an end by an administrator',
    (_browser: Browser, _it: SignedIn, uid: string) =>
      at.system.heart.end({ name: 'admin_session', sessionUid: uid })
  ],
  [
    'an end from another place',
    (_browser: Browser, { sub }: SignedIn, uid: string) =>
      at.system.heart.end({ name: 'account_session', sub, sessionUid: uid })
  ],
  ['the end of a whole user', () => at.system.heart.end({ name: 'admin_user', sub: 'u-ola' })],
  ['the end of everything', () => at.system.heart.end({ name: 'admin_all' })]
] as const)('after %s, cookies that were copied before open nothing', async (_what, end) => {
  const browser = at.browser()
  const it = await signIn(at, browser, 'news')
  const thief = browser.copy()
  expect(await takenFor(thief)).toEqual(signedIn)
  await end(browser, it, (await at.sessionOf(browser))?.uid ?? '')
  expect(await takenFor(thief)).toEqual(signedOut)
  // A new sign-in in the browser does not revive what was copied.
  await signIn(at, browser, 'news')
  expect(await takenFor(browser)).toEqual(signedIn)
  expect(await takenFor(thief)).toEqual(signedOut)
})

test.each([
  ['two hours without activity', false, 2 * 3600 + 1],
  ['a fortnight without activity, remembered', true, 14 * 86_400 + 1]
] as const)(
  'after %s the cookie opens nothing, whatever the browser keeps',
  async (_what, remember, seconds) => {
    const browser = at.browser()
    await signIn(at, browser, 'news', { remember })
    const thief = browser.copy()
    advance(seconds - 2)
    expect((await thief.copy().go('/')).text).toContain('Ola Nordmann')
    advance(seconds)
    expect(await takenFor(thief)).toEqual(signedOut)
  }
)

test.each([
  ['a day', false, 3600, 24 * 3600],
  ['ninety days, remembered', true, 13 * 86_400, 90 * 86_400]
] as const)(
  'after %s the cookie opens nothing, however busy the browser was',
  async (_what, remember, everySeconds, atMostSeconds) => {
    const browser = at.browser()
    await signIn(at, browser, 'news', { remember })
    const thief = browser.copy()
    const start = Date.now()
    const passed = () => Math.floor((Date.now() - start) / 1000)
    while (passed() + everySeconds < atMostSeconds) {
      advance(everySeconds)
      expect((await browser.visit(authorization('news').path)).location).toContain('code=')
    }
    advance(atMostSeconds - passed() - 10)
    expect(await takenFor(thief)).toEqual(signedIn)
    expect(await takenFor(browser)).toEqual(signedIn)
    advance(12)
    expect(await takenFor(thief)).toEqual(signedOut)
    expect(await takenFor(browser)).toEqual(signedOut)
  }
)

test('after the account was disabled its cookie opens nothing, and neither does its password', async () => {
  const browser = at.browser()
  const email = 'kari@example.test'
  await signIn(at, browser, 'news', { email })
  const thief = browser.copy()
  expect(await takenFor(thief, 'Kari Nordmann')).toEqual(signedIn)
  await at.system.heart.end({ name: 'account_disabled', sub: 'u-kari' })
  expect(await takenFor(thief, 'Kari Nordmann')).toEqual(signedOut)
  await expect(signIn(at, browser, 'news', { email })).rejects.toThrow('no code')
  expect(await takenFor(thief, 'Kari Nordmann')).toEqual(signedOut)
})

test('a cookie that was there before the sign-in is not the one after it', async () => {
  const browser = at.browser()
  browser.setCookie('__Host-utgang', 'a-value-that-somebody-planted')
  await signIn(at, browser, 'news')
  expect(browser.cookie('__Host-utgang')).not.toBe('a-value-that-somebody-planted')
  const planter = at.browser()
  planter.setCookie('__Host-utgang', 'a-value-that-somebody-planted')
  expect(await takenFor(planter)).toEqual(signedOut)
})
