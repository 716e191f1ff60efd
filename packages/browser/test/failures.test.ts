import type { Browser, BrowserContext, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { InitOptions } from '../src/index.ts'
import { hasChromium, startChromium } from './support/chromium.ts'
import {
  hasSession,
  logout,
  logoutByLeaving,
  settled,
  soon,
  start,
  startPage,
  takeHeard,
  takeNames,
  untilHeard
} from './support/pages.ts'
import { openSite, type Site } from './support/site.ts'
import {
  type Behaviour,
  connected,
  ended,
  notConnected,
  openStandIn,
  type StandIn
} from './support/stand-in.ts'

let site: Site
let server: StandIn
let browser: Browser
let context: BrowserContext
let page: Page

beforeAll(async () => {
  if (!hasChromium) return
  site = await openSite()
  server = await openStandIn()
  browser = await startChromium('allowed')
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
  await site?.close()
})
beforeEach(async () => {
  if (!hasChromium) return
  server.answers.clear()
  server.answers.set('/sdk/session', connected())
  server.answers.set('/js/utgang.js', {})
  context = await browser.createBrowserContext()
  page = await startPage(context, site.origin, { ...options(), timeout: ample })
  await hasSession(page)
  await takeHeard(page)
  server.asked.length = 0
})
afterEach(() => context?.close())

const options = (): InitOptions => ({
  client_id: 'site',
  server: server.origin,
  redirect_uri: `${site.origin}/back`
})

/** How long the page waits for an answer, in milliseconds: not long where there will be none. */
const waits = (timeout: number): Promise<void> =>
  page.evaluate(it => void window.sdk.init(it), { ...options(), timeout })
const ample = 10_000
const short = 400

/** What can go wrong with a call, and the error that it is. */
const failures: [string, Behaviour, object][] = [
  ['a server that says nothing', 'hang', { code: 'timeout' }],
  ['a connection that is cut', 'cut', { code: 'network' }],
  ['an answer that is cut', 'cut_midway', { code: 'network' }],
  ['an answer that the page may not read', 'unreadable', { code: 'network' }],
  ['a failing server', { status: 500, body: 'oops' }, { code: 'server_error', status: 500 }],
  ['a server under maintenance', { status: 503, body: '<html>' }, { code: 'server_error', status: 503 }],
  ['an answer that is no JSON', { body: '<!doctype html>' }, { code: 'server_error', status: 200 }],
  ['an answer that is no object', { body: '7' }, { code: 'server_error', status: 200 }],
  ['an answer that says nothing', { body: {} }, { code: 'server_error' }],
  [
    'a refusal',
    { status: 403, body: { error: 'unauthorized_client', error_description: 'not one of its origins' } },
    { code: 'refused', status: 403, error: 'unauthorized_client' }
  ],
  [
    'too many questions',
    { status: 429, body: { error: 'too_many_requests' }, headers: { 'retry-after': '17' } },
    { code: 'too_many_requests', status: 429, error: 'too_many_requests', retryAfter: 17 }
  ]
]

describe.skipIf(!hasChromium)('a failed call', () => {
  test.each(failures)('of hasSession(): %s', async (_what, behaviour, error) => {
    server.answers.set('/sdk/session', behaviour)
    await waits(behaviour === 'hang' ? short : ample)
    expect(await hasSession(page, { fresh: true })).toEqual({ failed: (error as { code: string }).code })
    expect(await takeHeard(page)).toEqual([{ name: 'error', payload: { name: 'SdkError', ...error } }])
    // What the page knew has stayed: it is no news that the same person is there.
    server.answers.set('/sdk/session', connected())
    await waits(ample)
    await hasSession(page, { fresh: true })
    expect(await takeNames(page)).toEqual(['sessionChange'])
  })

  test.each(failures)('of logout(), without a fallback: %s', async (_what, behaviour, error) => {
    server.answers.set('/sdk/logout', behaviour)
    const { code } = error as { code: string }
    await waits(behaviour === 'hang' ? short : ample)
    expect(await logout(page, { fallback: 'none' })).toEqual({ failed: code })
    expect(await takeHeard(page)).toEqual([{ name: 'error', payload: { name: 'SdkError', ...error } }])
    // Chromium itself asks once more when a connection that it had open was cut.
    expect([...new Set(server.asked)]).toEqual(['POST /sdk/logout'])
    await hasSession(page)
    expect(await takeNames(page)).toEqual(['sessionChange'])
  })

  test.each(failures)(
    'of logout(), with a server that can be reached: %s',
    async (_what, behaviour, error) => {
      server.answers.set('/sdk/logout', behaviour)
      await waits(behaviour === 'hang' ? short : ample)
      await page.evaluate(() => {
        window.utgang.on('error', ({ code }) => localStorage.setItem('heard', code))
        window.utgang.on('logout', () => localStorage.setItem('heard', 'a logout that was none'))
      })
      server.answers.set('/logout', {
        body: '<p>the server’s page</p>',
        headers: { 'content-type': 'text/html' }
      })
      await logoutByLeaving(page)
      expect(page.url()).toContain(`${server.origin}/logout?client_id=site&redirect_uri=`)
      // It was told of the failure before it was left, and of no logout.
      await page.goto(site.origin)
      expect(await page.evaluate(() => localStorage.getItem('heard'))).toBe((error as { code: string }).code)
    }
  )

  test('of logout(), with a server that cannot be reached: the page is not left, and the next one works', async () => {
    await server.down()
    expect(await logout(page)).toEqual({ failed: 'network' })
    expect(await takeHeard(page)).toEqual([{ name: 'error', payload: { name: 'SdkError', code: 'network' } }])
    expect(page.url()).toBe(`${site.origin}/`)
    await server.up()
    server.answers.set('/sdk/logout', ended)
    expect(await logout(page)).toEqual({ ended: true, by: 'cookie', receipt: 'r-1' })
  })

  test('of logout(), with a server that never answers: it ends in time, and the page is not left', async () => {
    server.answers.set('/sdk/logout', 'hang')
    server.answers.set('/js/utgang.js', 'hang')
    await waits(short)
    expect(await logout(page)).toEqual({ failed: 'timeout' })
    expect(server.asked).toEqual(['POST /sdk/logout', 'HEAD /js/utgang.js'])
    expect(page.url()).toBe(`${site.origin}/`)
  })

  test('of a closing logout(): the other tabs ask for themselves, and are told nothing that is not so', async () => {
    const other = await startPage(context, site.origin, options())
    await hasSession(other)
    await takeHeard(other)
    server.answers.set('/sdk/logout', { status: 500 })
    expect(await logout(page, { closing: true })).toEqual({ failed: 'server_error' })
    await expect.poll(() => server.asked, soon).toContain('GET /sdk/session')
    await settled(page, other)
    await hasSession(other)
    expect(await takeNames(other)).toEqual(['sessionChange'])
  })

  test('a closing logout() outlives its page, also when the browser has to ask first whether it may be sent', async () => {
    let release = (): void => {}
    server.preflight = new Promise<void>(resolve => {
      release = resolve
    })
    server.preflights.length = 0
    await page.evaluate(() => void window.utgang.logout({ closing: true }))
    await expect.poll(() => server.preflights, soon).toEqual(['/sdk/logout'])
    await page.close()
    // By the time that another page has come and gone, nothing of this one is left in the browser.
    const next = await context.newPage()
    await next.goto(site.otherOrigin)
    await next.close()
    release()
    server.preflight = Promise.resolve()
    await expect.poll(() => server.asked, soon).toContain('POST /sdk/logout')
  })

  test('a page that goes while its logout is under way clears first, and the other tabs ask', async () => {
    const other = await startPage(context, site.origin, options())
    await hasSession(other)
    server.asked.length = 0
    server.answers.set('/sdk/logout', 'hang')
    await page.evaluate(() => {
      localStorage.setItem('spid_js_site', 'left over')
      void window.utgang.logout()
    })
    await expect.poll(() => server.asked, soon).toEqual(['POST /sdk/logout'])
    expect(await page.evaluate(() => localStorage.spid_js_site)).toBe('left over')
    server.answers.set('/sdk/session', notConnected())
    await page.goto(`${site.origin}/elsewhere`)
    expect(await page.evaluate(() => localStorage.spid_js_site)).toBeUndefined()
    await untilHeard(other, 'logout')
    expect(server.asked).toContain('GET /sdk/session')
  })

  test('a logout that the tab left for long ago is not asked about', async () => {
    const addresses: string[] = []
    page.on('request', it => void addresses.push(it.url()))
    server.answers.set('/sdk/session', notConnected({ ended: { receipt: 'r-1' } }))
    for (const [minutes, asks] of [
      [11, false],
      [9, true]
    ] as const) {
      await page.goto('about:blank')
      await page.goto(site.origin)
      await page.waitForFunction(() => window.isReady)
      await page.evaluate(ago => {
        sessionStorage.setItem('utgang:site:left', `a-ticket ${Date.now() - ago * 60_000}`)
      }, minutes)
      addresses.length = 0
      await start(page, options())
      await hasSession(page)
      expect(addresses.some(it => it.includes('ticket=a-ticket'))).toBe(asks)
    }
  })

  test('messages name the address, without its query, and what to look at', async () => {
    const messages: string[] = []
    const message = () =>
      page.evaluate(() =>
        window.utgang.hasSession({ fresh: true }).then(String, error => error.message as string)
      )
    for (const behaviour of ['hang', 'unreadable', failures.at(-2)?.[1] ?? 'cut'] as const) {
      server.answers.set('/sdk/session', behaviour)
      await waits(behaviour === 'hang' ? short : ample)
      messages.push((await message()).replace(server.origin, ''))
    }
    expect(messages).toEqual([
      '/sdk/session did not answer within 400 ms',
      '/sdk/session cannot be reached or read: check the connection, the CSP of the page (connect-src), the origins of the client',
      '/sdk/session answered 403: not one of its origins'
    ])
  })
})

describe.skipIf(!hasChromium)('calls that cross each other', () => {
  test('questions at the same time are one request, and its events come once', async () => {
    await page.evaluate(() => Promise.all([1, 2, 3].map(() => window.utgang.hasSession({ fresh: true }))))
    expect(server.asked).toEqual(['GET /sdk/session'])
    expect(await takeNames(page)).toEqual(['sessionChange'])
  })

  test('an answer that was asked for before a logout and comes after it does not sign the page in again', async () => {
    let release = (_it: Behaviour): void => {}
    const held = new Promise<Behaviour>(resolve => {
      release = resolve
    })
    server.answers.set('/sdk/session', () => held)
    server.answers.set('/sdk/logout', ended)
    const late = hasSession(page, { fresh: true })
    await expect.poll(() => server.asked, soon).toContain('GET /sdk/session')
    await logout(page)
    expect(await takeNames(page)).toEqual(['logout', 'statusChange', 'sessionChange'])
    server.answers.set('/sdk/session', notConnected())
    release(connected())
    // It was asked again, and that is what the caller hears.
    expect(await late).toMatchObject({ userStatus: 'notConnected' })
    expect(await takeNames(page)).toEqual(['notLoggedin'])
    expect(await hasSession(page)).toMatchObject({ userStatus: 'notConnected' })
  })

  test("an answer that comes while a logout is under way waits for it, and the logout is told as this page's own", async () => {
    let release = (_it: Behaviour): void => {}
    const held = new Promise<Behaviour>(resolve => {
      release = resolve
    })
    server.answers.set('/sdk/logout', () => held)
    server.answers.set('/sdk/session', notConnected())
    const out = logout(page)
    await expect.poll(() => server.asked, soon).toContain('POST /sdk/logout')
    const meanwhile = hasSession(page, { fresh: true })
    await expect.poll(() => server.asked, soon).toContain('GET /sdk/session')
    release(ended)
    await Promise.all([out, meanwhile])
    const heard = await takeHeard(page)
    expect(heard.map(it => it.name)).toEqual(['logout', 'statusChange', 'sessionChange', 'notLoggedin'])
    expect(heard[0]?.payload).toMatchObject({ by: 'cookie', receipt: 'r-1' })
  })

  test('the same, with the logout in another tab', async () => {
    const other = await startPage(context, site.origin, options())
    let release = (_it: Behaviour): void => {}
    const held = new Promise<Behaviour>(resolve => {
      release = resolve
    })
    server.answers.set('/sdk/session', () => held)
    server.answers.set('/sdk/logout', ended)
    const late = hasSession(page, { fresh: true })
    await expect.poll(() => server.asked, soon).toContain('GET /sdk/session')
    await logout(other)
    server.answers.set('/sdk/session', notConnected())
    release(connected())
    expect(await late).toMatchObject({ userStatus: 'notConnected' })
    expect(await takeNames(page)).toEqual(['logout', 'statusChange', 'sessionChange', 'notLoggedin'])
  })

  test('a listener that throws keeps nobody else from hearing', async () => {
    const thrown: string[] = []
    page.on('pageerror', error => void thrown.push(error instanceof Error ? error.message : String(error)))
    await page.evaluate(() => {
      const heard = window.heard
      window.utgang.on('sessionChange', () => {
        throw new Error('of the page')
      })
      window.utgang.on('SPiD.sessionChange', () => heard.push({ name: 'sessionChange', payload: {} }))
    })
    await hasSession(page)
    expect(await takeNames(page)).toEqual(['sessionChange', 'sessionChange'])
    await expect.poll(() => thrown, soon).toEqual(['Uncaught Error: of the page'])
  })
})
