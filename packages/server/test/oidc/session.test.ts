import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Browser } from '../support/browser.ts'
import { clients } from '../support/fixtures.ts'
import { authorization, codeOf, signIn, token } from '../support/sign-in.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'

const many = Array.from({ length: 50 }, (_, n) => ({
  client_id: `rp-${n}`,
  client_secret: 'rp-secret-of-the-tests',
  redirect_uris: [`https://rp-${n}.example/callback`]
}))

let at: TestSystem
beforeAll(async () => {
  at = await openSystem({ config: { clients: [...clients, ...many] } })
})
afterAll(() => at.close())

const name = '__Host-utgang'
const hour = 3600
const day = 24 * hour

const cookieLine = (answer: Answer): string =>
  answer.setCookies.find(line => line.startsWith(`${name}=`)) ?? 'no cookie'

async function isSignedIn(browser: Browser): Promise<boolean> {
  const answer = await browser.copy().visit(authorization('news', { prompt: 'none' }).path)
  return new URL(answer.location ?? '').searchParams.has('code')
}

/** Whether the session is still there, without being active in it. */
const lives = async (browser: Browser): Promise<boolean> => (await at.sessionOf(browser)) !== undefined

describe('the session cookie', () => {
  test('is host-only, secure, hidden from scripts and Lax (CK-01, CK-03, CK-04)', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'news')
    const line = cookieLine(await browser.go(authorization('news').path))
    const attributes = line.split('; ').map(it => it.toLowerCase())
    expect(attributes).toEqual(expect.arrayContaining(['path=/', 'secure', 'httponly', 'samesite=lax']))
    expect(line).not.toMatch(/domain=/i)
    expect(browser.cookie(name)).toMatch(/^[\w-]{43}$/)
  })

  test.each([
    { remember: true, expires: true },
    { remember: false, expires: false }
  ])('remember me $remember: it outlives the browser $expires (CK-06)', async ({ remember, expires }) => {
    const browser = at.browser()
    await signIn(at, browser, 'news', { remember })
    const line = cookieLine(await browser.go(authorization('news').path))
    expect(/expires=|max-age=/i.test(line)).toBe(expires)
    const date = /expires=([^;]+)/i.exec(line)?.[1]
    if (date) expect(Date.parse(date) - Date.now()).toBeLessThanOrEqual(14 * day * 1000)
    browser.restart()
    expect(browser.cookie(name) !== undefined).toBe(expires)
  })

  test('signing in again decides anew whether it outlives the browser (CK-06)', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'news', { remember: false })
    for (const remember of [true, false]) {
      await signIn(at, browser, 'news', { remember, params: { prompt: 'login' } })
      expect(await at.sessionOf(browser)).toMatchObject({ remembered: remember })
      const reopened = browser.copy()
      reopened.restart()
      expect(reopened.cookie(name) !== undefined).toBe(remember)
    }
  })

  test('a value that was there before is never taken on (CK-07)', async () => {
    const browser = at.browser()
    const planted = 'A'.repeat(43)
    browser.setCookie(name, planted)
    await signIn(at, browser, 'news')
    expect(browser.cookie(name)).not.toBe(planted)
    const attacker = at.browser()
    attacker.setCookie(name, planted)
    expect(await isSignedIn(attacker)).toBe(false)
  })

  test('one that came twice counts as none, whichever is the real one (CK-02)', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'news')
    const real = `${name}=${browser.cookie(name)}`
    const other = `${name}=${'B'.repeat(43)}`
    const { path } = authorization('news', { prompt: 'none' })
    for (const cookie of [`${real}; ${other}`, `${other}; ${real}`, `${real}; ${real}`]) {
      const answer = await at.ask(path, { headers: { cookie } })
      expect(answer.location).toContain('error=login_required')
    }
    const upper = await at.ask(path, { headers: { cookie: real.replace(name, '__HOST-utgang') } })
    expect(upper.location).toContain('error=login_required')
    expect((await at.ask(path, { headers: { cookie: real } })).location).toContain('code=')
  })

  test('has the same size with fifty sites (CK-08)', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'news')
    const before = browser.cookie(name)?.length
    for (const { client_id, redirect_uris } of many) {
      const { path } = authorization(client_id, { redirect_uri: redirect_uris[0], scope: 'openid' })
      codeOf(await browser.visit(path))
    }
    expect(browser.cookie(name)?.length).toBe(before)
    const session = await at.sessionOf(browser)
    expect(await at.storage.sessionClients(session?.uid ?? '')).toHaveLength(51)
  })

  test('the browser is told that somebody is signed in (LS-01)', async () => {
    const browser = at.browser()
    const page = await browser.go(authorization('news').path)
    expect(page.headers['set-login']).toBeUndefined()
    await signIn(at, browser, 'news')
    const answer = await browser.go(authorization('news').path)
    expect(answer.headers['set-login']).toBe('logged-in')
    const session = await at.sessionOf(browser)
    await at.system.heart.end({ name: 'admin_session', sessionUid: session?.uid })
    expect((await browser.go(authorization('news').path)).headers['set-login']).toBeUndefined()
  })

  test('nobody signed in is given no cookie of a session', async () => {
    const browser = at.browser()
    browser.setCookie(name, 'D'.repeat(43))
    for (const params of [{}, { prompt: 'none' }])
      expect(cookieLine(await browser.go(authorization('news', params).path))).toBe('no cookie')
  })

  test('nobody signed in leaves no session behind', async () => {
    const before = (await at.storage.listSessions({ all: true, limit: 1000 }, 0)).length
    const browser = at.browser()
    browser.setCookie(name, 'C'.repeat(43))
    await browser.visit(authorization('news').path)
    await browser.visit(authorization('news', { prompt: 'none' }).path)
    expect((await at.storage.listSessions({ all: true, limit: 1000 }, 0)).length).toBe(before)
  })
})

describe('how long a session lives (AS-04)', () => {
  test.each([
    { remember: false, idle: 2 * hour, max: day },
    { remember: true, idle: 14 * day, max: 90 * day }
  ])('remembered $remember: idle $idle s, at most $max s', async ({ remember, idle, max }) => {
    // Time stands still from here on, so that a sign-in takes none.
    advance(0)
    const idler = at.browser()
    await signIn(at, idler, 'news', { remember })
    advance(idle - 1)
    expect(await lives(idler)).toBe(true)
    advance(1)
    expect(await lives(idler)).toBe(false)
    expect(await isSignedIn(idler)).toBe(false)

    const busy = at.browser()
    await signIn(at, busy, 'news', { remember })
    let passed = 0
    for (; passed + idle - 10 < max; passed += idle - 10) {
      advance(idle - 10)
      codeOf(await busy.visit(authorization('news').path))
    }
    advance(max - passed - 1)
    expect(await lives(busy)).toBe(true)
    advance(1)
    expect(await lives(busy)).toBe(false)
  })

  test('signing in again starts the longest life anew', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'news', { remember: false })
    for (let n = 0; n < 12; n++) {
      advance(2 * hour - 10)
      codeOf(await browser.visit(authorization('news').path))
    }
    await signIn(at, browser, 'news', { remember: false, params: { prompt: 'login' } })
    advance(hour)
    expect(await lives(browser)).toBe(true)
  })

  test('a page of ours that is opened is activity', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'news', { remember: false })
    const page = await browser.visit(authorization('news', { prompt: 'login' }).path)
    advance(hour - 10)
    expect((await browser.go(page.path)).status).toBe(200)
    advance(hour + 20)
    expect(await lives(browser)).toBe(true)
  })

  test.each<[string, string, object]>([
    ['the front page', '/', {}],
    ['the question whether to sign out', '/logout?client_id=news', { from: 'cross-site' }]
  ])(
    '%s, opened, is activity; fetched ahead, or asked for its headers, it is none',
    async (_what, path, how) => {
      const browser = at.browser()
      await signIn(at, browser, 'news', { remember: false })
      const before = (await at.sessionOf(browser))?.expiresAt ?? 0
      advance(hour)
      await browser.go(path, { ...how, headers: { 'sec-purpose': 'prefetch' } })
      await browser.go(path, { ...how, method: 'HEAD' })
      expect((await at.sessionOf(browser))?.expiresAt).toBe(before)
      expect((await browser.go(path, how)).status).toBe(200)
      expect((await at.sessionOf(browser))?.expiresAt).toBeGreaterThanOrEqual(before + hour)
    }
  )

  test.each(['userinfo', 'introspection', 'refresh', 'sdk session', 'api'])(
    '%s is no activity',
    async what => {
      const browser = at.browser()
      const signedIn = await signIn(at, browser, 'forum', { remember: false })
      advance(hour)
      const uses: Record<string, () => Promise<Answer>> = {
        userinfo: () => at.ask('/oauth/userinfo', { bearer: signedIn.accessToken }),
        introspection: () =>
          at.ask('/oauth/introspect', {
            form: { token: signedIn.accessToken },
            basic: ['forum', 'forum-secret-of-the-tests']
          }),
        refresh: () =>
          token(at, 'forum', { grant_type: 'refresh_token', refresh_token: signedIn.refreshToken }),
        'sdk session': () =>
          browser.go('/sdk/session?client_id=forum', {
            headers: {
              origin: 'https://forum.example',
              'sec-fetch-mode': 'cors',
              'sec-fetch-dest': 'empty',
              authorization: `Bearer ${signedIn.accessToken}`
            },
            from: 'cross-site'
          }),
        api: () => at.ask('/api/2/me', { bearer: signedIn.accessToken })
      }
      const before = (await at.sessionOf(browser))?.expiresAt
      await uses[what]?.()
      expect((await at.sessionOf(browser))?.expiresAt).toBe(before)
      advance(hour)
      expect(await lives(browser)).toBe(false)
    }
  )
})
