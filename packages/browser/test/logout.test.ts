import type { Browser, BrowserContext, Page } from 'puppeteer-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hasChromium, startChromium } from './support/chromium.ts'
import {
  hasSession,
  logout,
  logoutByLeaving,
  openPage,
  ready,
  soon,
  startPage,
  takeHeard,
  takeNames,
  three,
  untilHeard
} from './support/pages.ts'
import { openSite, type Site } from './support/site.ts'
import { fillIn, openUtgang, type Utgang } from './support/utgang.ts'

let site: Site
let utgang: Utgang
let allowed: Browser
let blocked: Browser
let options: { client_id: string; server: string; redirect_uri: string }

beforeAll(async () => {
  if (!hasChromium) return
  site = await openSite()
  utgang = await openUtgang(site)
  allowed = await startChromium('allowed')
  blocked = await startChromium('blocked')
  options = { client_id: 'site', server: utgang.issuer, redirect_uri: `${site.origin}/back` }
})
afterAll(async () => {
  await allowed?.close()
  await blocked?.close()
  await utgang?.close()
  await site?.close()
})
beforeEach(() => {
  if (!hasChromium) return
  site.starts.clear()
  site.starts.set('/back', options)
  site.backend = (_request, response) => void response.writeHead(404).end()
})

/** A tab where somebody is signed in, and the SDK has started. */
async function signedIn(
  browser: Browser,
  more: object = {}
): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.createBrowserContext()
  await utgang.signIn(context)
  const page = await startPage(context, site.origin, { ...options, ...more })
  return { context, page }
}

const live = async (context: BrowserContext): Promise<boolean> => {
  const asking = await startPage(await theAllowed(context), site.origin, options)
  const session = await hasSession(asking, { fresh: true })
  await asking.close()
  return 'result' in session && session.result
}

/** The same cookies in a browser that sends them from everywhere. */
async function theAllowed(context: BrowserContext): Promise<BrowserContext> {
  const copy = await allowed.createBrowserContext()
  await copy.setCookie(...(await context.cookies()))
  return copy
}

describe.skipIf(!hasChromium)('logout', () => {
  test('by the cookie: the server ends the session, and the three events come, once', async () => {
    const { context, page } = await signedIn(allowed)
    await hasSession(page)
    await takeHeard(page)
    const ended = await logout(page)
    expect(ended).toEqual({ ended: true, by: 'cookie', receipt: expect.any(String) })
    const { receipt } = ended as { receipt: string }
    expect((await utgang.storage.findReceipt(receipt))?.cause).toBe('sdk')
    const out = { session: null, status: 'notConnected' }
    expect(await takeHeard(page)).toEqual([
      { name: 'logout', payload: { result: true, by: 'cookie', receipt, ...out } },
      { name: 'statusChange', payload: out },
      { name: 'sessionChange', payload: out }
    ])
    expect(await live(context)).toBe(false)
    expect(await hasSession(page)).toMatchObject({ result: false, userStatus: 'notConnected' })
    expect(await takeNames(page)).toEqual(['notLoggedin'])
    await context.close()
  })

  test('once more: it is confirmed again, and nobody is told a second time', async () => {
    const { context, page } = await signedIn(allowed)
    await logout(page)
    expect(await takeNames(page)).toEqual(three)
    expect(await logout(page)).toEqual({ ended: true, by: 'cookie', receipt: null })
    expect(await takeNames(page)).toEqual([])
    await context.close()
  })

  test('once more, after a sign-in that this page never heard of: it ends that, and is told', async () => {
    const { context, page } = await signedIn(allowed)
    await logout(page)
    await takeHeard(page)
    await utgang.signIn(context)
    const { receipt } = (await logout(page)) as { receipt: string }
    const heard = await takeHeard(page)
    expect(heard.map(it => it.name)).toEqual(three)
    expect(heard[0]?.payload).toMatchObject({ receipt, by: 'cookie' })
    expect(await live(context)).toBe(false)
    expect(await logout(page)).toMatchObject({ receipt: null })
    expect(await takeNames(page)).toEqual([])
    await context.close()
  })

  test('ended elsewhere, and then here: it is confirmed, and nobody is told a second time', async () => {
    const { context, page } = await signedIn(allowed)
    await hasSession(page)
    await utgang.endAllOf('ola')
    await hasSession(page, { fresh: true })
    expect((await takeNames(page)).slice(-3)).toEqual(three)
    expect(await logout(page)).toMatchObject({ ended: true, receipt: expect.any(String) })
    expect(await takeNames(page)).toEqual([])
    await context.close()
  })

  test('by the tokens that the page holds, where the browser keeps the cookie back', async () => {
    const { context, page } = await signedIn(blocked)
    expect(await hasSession(page)).toMatchObject({ userStatus: 'unknown' })
    await signInByPage(page)
    expect(await logout(page)).toEqual({ ended: true, by: 'token', receipt: expect.any(String) })
    expect(await takeNames(page)).toEqual(three)
    expect(await live(context)).toBe(false)
    await context.close()
  })

  test('by tokens that the page got by itself', async () => {
    const { context, page } = await signedIn(blocked)
    const tokens = await signInByPage(page)
    await page.evaluate(it => window.utgang.setTokens(it), undefined)
    expect(await logout(page, { fallback: 'none' })).toEqual({ failed: 'not_ended' })
    await page.evaluate(it => window.utgang.setTokens(it), tokens)
    expect(await logout(page, { fallback: 'none' })).toMatchObject({ by: 'token' })
    await context.close()
  })

  test('by leaving: the page that comes back hears the three, and its ticket is used once', async () => {
    const { context, page } = await signedIn(blocked)
    const other = await openPage(context, `${site.origin}/back`)
    await page.bringToFront()
    await logoutByLeaving(page)
    expect(page.url()).toBe(`${site.origin}/back`)
    await untilHeard(page, 'sessionChange')
    const heard = await takeHeard(page)
    expect(heard.map(it => it.name)).toEqual(three)
    expect(heard[0]?.payload).toMatchObject({ by: 'redirect', receipt: expect.any(String) })
    expect(await hasSession(page)).toMatchObject({ userStatus: 'notConnected' })
    expect(await takeNames(page)).toEqual(['notLoggedin'])
    expect(await live(context)).toBe(false)
    // The other tab heard of it from this one.
    await untilHeard(other, 'sessionChange')
    const toldByTab = await takeHeard(other)
    expect(toldByTab.map(it => it.name)).toEqual(three)
    expect(toldByTab[0]?.payload).toEqual({ ...heard[0]?.payload, by: 'tab' })

    await page.reload()
    await ready(page)
    expect(await hasSession(page)).toMatchObject({ userStatus: 'unknown' })
    expect(await takeNames(page)).toEqual(['notLoggedin', 'sessionChange'])
    await context.close()
  })

  test('hasSession() on the page that comes back waits until it is known', async () => {
    const { context, page } = await signedIn(blocked)
    site.pages.set(
      '/back',
      `<!doctype html><script type="module">
        import { init } from '/sdk.js'
        window.heard = []
        window.utgang = init(${JSON.stringify(options)})
        for (const name of ['logout', 'statusChange', 'sessionChange', 'notLoggedin', 'error'])
          utgang.on(name, () => heard.push({ name }))
        utgang.hasSession().then(session => heard.push({ name: 'answer ' + session.userStatus }))
      </script>`
    )
    await logoutByLeaving(page)
    await page.waitForFunction(() => window.heard?.some(it => it.name.startsWith('answer')))
    site.pages.clear()
    expect(await takeNames(page)).toEqual([...three, 'notLoggedin', 'answer notConnected'])
    await context.close()
  })

  test('by leaving, with the token that the page holds: it is revoked', async () => {
    const { context, page } = await signedIn(blocked)
    await signInByPage(page)
    const token = await page.evaluate(() => window.tokens?.access_token ?? '')
    // The token alone is no proof of the session to the call, only to the redirect.
    await page.evaluate(it => window.utgang.setTokens({ access_token: it, id_token: 'none' }), token)
    const asked = requestsOf(page)
    await logoutByLeaving(page)
    const left = new URL(navigationTo('/logout', asked) ?? '')
    expect(Object.fromEntries(left.searchParams)).toEqual({
      client_id: 'site',
      redirect_uri: `${site.origin}/back`,
      oauth_token: token,
      sdk_ticket: expect.stringMatching(/^[\w-]{43}$/)
    })
    expect((await utgang.ask('/oauth/userinfo', { bearer: token })).status).toBe(401)
    await context.close()
  })

  test('by leaving, for a client that asks: nothing is told before the person has confirmed', async () => {
    site.starts.set('/back', { ...options, client_id: 'careful' })
    const { context, page } = await signedIn(allowed, { client_id: 'careful' })
    const asked = requestsOf(page)
    await logoutByLeaving(page)
    expect(navigationTo('/logout', asked)).not.toContain('oauth_token')
    expect(await page.$('#confirm-logout')).not.toBeNull()

    // Somebody who goes on reading instead is still signed in.
    await page.goto(`${site.origin}/back`)
    await ready(page)
    expect(await hasSession(page)).toMatchObject({ userStatus: 'connected' })
    expect(await takeNames(page)).toEqual(['login', 'statusChange', 'sessionInit', 'sessionChange'])

    // And who confirms after all is signed out, whatever was kept in between.
    await page.goBack()
    await Promise.all([page.waitForNavigation(), page.click('#confirm')])
    await ready(page)
    await untilHeard(page, 'sessionChange')
    const heard = await takeHeard(page)
    expect(heard.map(it => it.name)).toEqual(three)
    expect(heard[0]?.payload).toMatchObject({ by: 'redirect' })
    expect(await hasSession(page)).toMatchObject({ userStatus: 'notConnected' })
    await context.close()
  })

  test('by leaving, without redirect_uri: the person stays on the server’s page', async () => {
    const { context, page } = await signedIn(blocked, { redirect_uri: undefined })
    await logoutByLeaving(page)
    expect(await page.$('#signed-out')).not.toBeNull()
    await context.close()
  })

  test('fallback "none": what cannot be ended is said, and the page stays as it was', async () => {
    const { context, page } = await signedIn(blocked, { fallback: 'none' })
    await hasSession(page)
    await takeHeard(page)
    expect(await logout(page)).toEqual({ failed: 'not_ended' })
    expect((await takeHeard(page)).map(it => [it.name, it.payload.code])).toEqual([['error', 'not_ended']])
    expect(await live(context)).toBe(true)
    await context.close()
  })

  test('a double click is one logout', async () => {
    const { context, page } = await signedIn(allowed)
    await hasSession(page)
    await takeHeard(page)
    const asked = requestsOf(page)
    const isSame = await page.evaluate(async () => {
      const [first, second] = [window.utgang.logout(), window.utgang.logout({ fallback: 'none' })]
      await first
      return first === second
    })
    expect(isSame).toBe(true)
    expect(asked.filter(it => it.startsWith('POST '))).toEqual([
      `POST ${utgang.issuer}/sdk/logout?client_id=site`
    ])
    expect(await takeNames(page)).toEqual(three)
    await context.close()
  })

  test('closing: local state goes first, nothing is tried that needs the page, and the request outlives it', async () => {
    const { context, page } = await signedIn(allowed)
    await hasSession(page)
    expect(await keptKeys(page)).toContain('utgang:site:session')
    await page.evaluate(() => {
      localStorage.spid_js_site = 'left over'
      void window.utgang.logout({ closing: true })
      window.isReady = localStorage.spid_js_site === undefined && !localStorage['utgang:site:session']
    })
    expect(await page.evaluate(() => window.isReady)).toBe(true)
    await page.close()
    await expect.poll(() => live(context), soon).toBe(false)
    await context.close()
  })

  test('a logout while the page goes is a closing one', async () => {
    const { context, page } = await signedIn(allowed)
    await hasSession(page)
    await page.evaluate(() => {
      addEventListener('pagehide', () => {
        localStorage.spid_js_site = 'left over'
        void window.utgang.logout()
        localStorage.seen = String(localStorage.spid_js_site)
      })
    })
    await page.goto(`${site.origin}/elsewhere`)
    await ready(page)
    expect(await page.evaluate(() => localStorage.seen)).toBe('undefined')
    await expect.poll(() => live(context), soon).toBe(false)
    await context.close()
  })

  test('closing does not leave the page when the session could not be ended', async () => {
    const { context, page } = await signedIn(blocked)
    expect(await logout(page, { closing: true })).toEqual({ failed: 'not_ended' })
    expect(page.url()).toBe(`${site.origin}/`)
    await context.close()
  })
})

describe.skipIf(!hasChromium)('a logout with a backend', () => {
  /** A backend whose logout answers this, and what it was asked. */
  function answer(status: number, body: object): string[] {
    const asked: string[] = []
    site.backend = (request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers['content-type']}`)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    return asked
  }

  test('ends by the backend, and the server is not asked', async () => {
    const { context, page } = await signedIn(allowed, { backend: '/auth/' })
    const asked = answer(200, { ended: true, receipt: 'r-1' })
    const requests = requestsOf(page)
    expect(await logout(page)).toEqual({ ended: true, by: 'backend', receipt: 'r-1' })
    expect(asked).toEqual(['POST /auth/logout application/json'])
    expect(requests.filter(it => it.includes(utgang.issuer))).toEqual([])
    expect((await takeHeard(page))[0]?.payload).toMatchObject({ by: 'backend', receipt: 'r-1' })
    await context.close()
  })

  test('that had nobody signed in: the server’s cookie is next', async () => {
    const { context, page } = await signedIn(allowed, { backend: '/auth' })
    answer(200, { ended: false })
    expect(await logout(page)).toMatchObject({ ended: true, by: 'cookie' })
    expect(await live(context)).toBe(false)
    await context.close()
  })

  test('that failed: the page leaves for the server, which answers', async () => {
    const { context, page } = await signedIn(allowed, { backend: '/auth' })
    answer(502, { error: 'server_error' })
    await logoutByLeaving(page)
    await untilHeard(page, 'sessionChange')
    expect((await takeHeard(page))[0]?.payload).toMatchObject({ by: 'redirect' })
    expect(await live(context)).toBe(false)
    await context.close()
  })

  test('answers hasSession()', async () => {
    const { context, page } = await signedIn(blocked, { backend: '/auth' })
    const visitor = { uid: 'v-1', user_id: '7' }
    answer(200, { status: 'connected', user_id: '7', cache_seconds: 0, server_time: 5, visitor })
    expect(await hasSession(page)).toMatchObject({ userId: '7', serverTime: 5, expiresIn: 0, visitor })
    const heard = await takeHeard(page)
    expect(heard.map(it => it.name)).toEqual([
      'visitor',
      'login',
      'statusChange',
      'sessionInit',
      'sessionChange'
    ])
    expect(heard[0]?.payload).toEqual(visitor)
    await context.close()
  })
})

declare global {
  interface Window {
    tokens: { access_token: string; id_token: string } | undefined
  }
}

/** Signs in by the page itself; the server knows the browser already. */
async function signInByPage(page: Page): Promise<{ access_token: string; id_token: string }> {
  await Promise.all([
    page.waitForNavigation(),
    page.evaluate(() => {
      void window.utgang.login()
    })
  ])
  if (page.url().startsWith(utgang.issuer)) await fillIn(page)
  await ready(page)
  const tokens = await page.evaluate(async () => {
    window.tokens = await window.utgang.finishLogin()
    return window.tokens
  })
  if (!tokens) throw new Error(`no tokens at ${page.url()}`)
  return tokens
}

/** Method and address of what a tab asks, from now on. */
function requestsOf(page: Page): string[] {
  const asked: string[] = []
  page.on('request', request => void asked.push(`${request.method()} ${request.url()}`))
  return asked
}

const navigationTo = (path: string, asked: string[]): string | undefined =>
  asked.find(it => it.startsWith(`GET ${utgang.issuer}${path}?`))?.slice(4)

const keptKeys = (page: Page): Promise<string[]> => page.evaluate(() => Object.keys(localStorage))
