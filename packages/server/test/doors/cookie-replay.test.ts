import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Browser } from '../support/browser.ts'
import { authenticated, authorization, signIn } from '../support/sign-in.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

/** What a browser with these cookies is taken for, at each place that looks. */
async function takenFor(
  browser: Browser
): Promise<{ home: boolean; sdk: unknown; silent: boolean; page: boolean }> {
  const ask = { headers: { origin: 'https://forum.example' } }
  return {
    home: (await browser.copy().go('/')).text.includes('Ola Nordmann'),
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
    async (_browser: Browser, sid: string) => at.ask('/oauth/end_session', authenticated('news', { sid }))
  ],
  ['the end of a whole user', () => at.system.heart.end({ name: 'admin_user', sub: 'u-ola' })],
  ['the end of everything', () => at.system.heart.end({ name: 'admin_all' })]
] as const)('after %s, cookies that were copied before open nothing', async (_what, end) => {
  const browser = at.browser()
  const { sid } = await signIn(at, browser, 'news')
  const thief = browser.copy()
  expect(await takenFor(thief)).toEqual(signedIn)
  await end(browser, sid)
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

test('a cookie that was there before the sign-in is not the one after it', async () => {
  const browser = at.browser()
  browser.setCookie('__Host-utgang', 'a-value-that-somebody-planted')
  await signIn(at, browser, 'news')
  expect(browser.cookie('__Host-utgang')).not.toBe('a-value-that-somebody-planted')
  const planter = at.browser()
  planter.setCookie('__Host-utgang', 'a-value-that-somebody-planted')
  expect(await takenFor(planter)).toEqual(signedOut)
})
