import type { Browser, BrowserContext, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hasChromium, startChromium } from './support/chromium.ts'
import { hasSession, logout, openPage, start, startPage, takeHeard, takeNames } from './support/pages.ts'
import { openSite, type Site } from './support/site.ts'
import { connected, ended, notConnected, openStandIn, type StandIn } from './support/stand-in.ts'

let site: Site
let server: StandIn
let browser: Browser
let context: BrowserContext

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
  server.asked.length = 0
  server.answers.set('/sdk/session', connected())
  server.answers.set('/sdk/logout', ended)
  context = await browser.createBrowserContext()
})
afterEach(() => context?.close())

const options = (): { client_id: string; server: string } => ({ client_id: 'site', server: server.origin })
const questions = (): number => server.asked.filter(it => it === 'GET /sdk/session').length

describe.skipIf(!hasChromium)('an answer', () => {
  test('is used again for as long as the server says, in every tab, and no longer', async () => {
    const page = await startPage(context, site.origin, options())
    const first = await hasSession(page)
    expect(await hasSession(page)).toEqual(first)
    const other = await startPage(context, site.origin, options())
    expect(await hasSession(other)).toEqual(first)
    expect(await takeNames(other)).toEqual(['login', 'statusChange', 'sessionInit', 'sessionChange'])
    expect(questions()).toBe(1)

    await passes(page, 59)
    await hasSession(page)
    expect(questions()).toBe(1)
    await passes(page, 1)
    await hasSession(page)
    expect(questions()).toBe(2)
  })

  test('is not used when it comes from a clock that was ahead', async () => {
    const page = await startPage(context, site.origin, options())
    await hasSession(page)
    await passes(page, -5)
    await hasSession(page)
    expect(questions()).toBe(2)
  })

  test('with `fresh` is asked for anew', async () => {
    const page = await startPage(context, site.origin, options())
    await hasSession(page)
    await hasSession(page, { fresh: true })
    expect(questions()).toBe(2)
  })

  test.each(['nonsense', '7', 'null', '{"session":1}', '{}'])('kept as %s is none', async text => {
    const page = await startPage(context, site.origin, options())
    await page.evaluate(it => localStorage.setItem('utgang:site:session', it), text)
    expect(await hasSession(page)).toMatchObject({ userStatus: 'connected' })
    expect(questions()).toBe(1)
  })

  test('is dropped at the start of a logout, also of one that fails', async () => {
    server.answers.set('/sdk/logout', { status: 500 })
    const page = await startPage(context, site.origin, { ...options(), fallback: 'none' })
    await hasSession(page)
    await logout(page)
    await hasSession(page)
    expect(questions()).toBe(2)
  })

  test('from before a logout is used by nobody after it, wherever it lay', async () => {
    const page = await startPage(context, site.origin, options())
    await hasSession(page)
    const old = await page.evaluate(() => localStorage['utgang:site:session'] as string)
    await logout(page)
    // As a tab would that was slow to write.
    await page.evaluate(it => localStorage.setItem('utgang:site:session', it), old)
    server.answers.set('/sdk/session', notConnected())
    expect(await hasSession(page)).toMatchObject({ userStatus: 'notConnected' })
    const later = await startPage(context, site.origin, options())
    expect(await hasSession(later)).toMatchObject({ userStatus: 'notConnected' })
  })

  test('of one client is none of another', async () => {
    const page = await startPage(context, site.origin, options())
    await hasSession(page)
    await start(page, { ...options(), client_id: 'site2' })
    await hasSession(page)
    expect(questions()).toBe(2)
  })
})

describe.skipIf(!hasChromium)('local state', () => {
  test('of SPiD’s own script is cleared by a logout, of this client alone', async () => {
    const page = await startPage(context, site.origin, options())
    await page.evaluate(() => {
      for (const name of [
        'spid_js_site',
        'spid_js_site_prd1',
        'spid_js_site_sub2',
        'spid_js_site2',
        'mine'
      ]) {
        localStorage.setItem(name, 'x')
        // biome-ignore lint/suspicious/noDocumentCookie: as SPiD's own script sets them
        document.cookie = `${name}=x; path=/`
      }
      // biome-ignore lint/suspicious/noDocumentCookie: as above
      document.cookie = `SP_ID=x; path=/; domain=${location.hostname}`
      window.utgang.on('logout', () => {
        window.heard.push({ name: 'logout', payload: { left: Object.keys(localStorage) } })
      })
    })
    await logout(page)
    const heard = await takeHeard(page)
    // Before anybody is told.
    expect((heard[1]?.payload.left as string[] | undefined)?.toSorted()).toEqual([
      'mine',
      'spid_js_site2',
      'utgang:site:logout'
    ])
    expect((await page.evaluate(() => document.cookie)).split('; ').toSorted()).toEqual([
      'mine=x',
      'spid_js_site2=x'
    ])
  })

  test('stays when a logout fails', async () => {
    server.answers.set('/sdk/logout', { status: 500 })
    const page = await startPage(context, site.origin, { ...options(), fallback: 'none' })
    await page.evaluate(() => localStorage.setItem('spid_js_site', 'x'))
    await logout(page)
    expect(await page.evaluate(() => localStorage.spid_js_site)).toBe('x')
  })

  test('is cleared when the session has ended elsewhere', async () => {
    const page = await startPage(context, site.origin, options())
    await hasSession(page)
    await page.evaluate(() => localStorage.setItem('spid_js_site', 'x'))
    server.answers.set('/sdk/session', notConnected())
    await hasSession(page, { fresh: true })
    expect(await page.evaluate(() => localStorage.spid_js_site)).toBeUndefined()
  })

  test('where the browser stores nothing is in memory, and everything works', async () => {
    const page = await context.newPage()
    await page.evaluateOnNewDocument(() => {
      for (const name of ['localStorage', 'sessionStorage'])
        Object.defineProperty(window, name, {
          get() {
            throw new DOMException('denied', 'SecurityError')
          }
        })
      Object.defineProperty(window, 'BroadcastChannel', {
        value: class {
          constructor() {
            throw new DOMException('denied', 'SecurityError')
          }
        }
      })
    })
    await page.goto(site.origin)
    await page.waitForFunction(() => window.isReady)
    await start(page, { ...options(), redirect_uri: `${site.origin}/back` })
    await hasSession(page)
    await hasSession(page)
    expect(questions()).toBe(1)
    await takeHeard(page)
    expect(await logout(page)).toMatchObject({ ended: true })
    expect(await takeNames(page)).toEqual(['logout', 'statusChange', 'sessionChange'])
    server.answers.set('/sdk/session', notConnected())
    expect(await hasSession(page)).toMatchObject({ userStatus: 'notConnected' })
    // But a sign-in could not be recognised when it comes back.
    expect(await page.evaluate(() => window.utgang.login().catch(error => error.code as string))).toBe(
      'login_failed'
    )
  })

  test('that has no room left is in memory', async () => {
    const page = await startPage(context, site.origin, options())
    await page.evaluate(() => {
      Storage.prototype.setItem = () => {
        throw new DOMException('full', 'QuotaExceededError')
      }
    })
    await hasSession(page)
    await hasSession(page)
    expect(questions()).toBe(1)
    await logout(page)
    await hasSession(page)
    expect(questions()).toBe(2)
  })
})

describe.skipIf(!hasChromium)('init()', () => {
  test('twice with one client is one object, and events come once', async () => {
    const page = await startPage(context, site.origin, options())
    const isSame = await page.evaluate(it => window.sdk.init(it) === window.utgang, {
      ...options(),
      timeout: 1000
    })
    expect(isSame).toBe(true)
    await hasSession(page)
    expect(await takeNames(page)).toEqual(['login', 'statusChange', 'sessionInit', 'sessionChange'])
    await logout(page)
    expect(await takeNames(page)).toEqual(['logout', 'statusChange', 'sessionChange'])
  })

  test('after close() starts anew; who was closed fires nothing', async () => {
    const page = await startPage(context, site.origin, options())
    await page.evaluate(() => {
      window.utgang.close()
      window.utgang.close()
    })
    await hasSession(page)
    expect(await takeNames(page)).toEqual([])
    const isOther = await page.evaluate(it => window.sdk.init(it) !== window.utgang, options())
    expect(isOther).toBe(true)
  })

  test('takes a host with a port, and http where it is told so', async () => {
    const page = await openPage(context, site.origin)
    await start(page, { client_id: 'site', server: server.origin.replace('http://', ''), https: false })
    expect(await hasSession(page)).toMatchObject({ userId: 'u-ola' })
  })

  /** Options that are wrong, with what the message has to name. */
  const wrong: [object, RegExp][] = [
    [{ client_id: undefined }, /^client_id is undefined: give /],
    [{ client_id: '' }, /^client_id is "": give /],
    [{ client_id: 7 }, /^client_id is 7: give /],
    [
      { server: undefined },
      /^server is undefined: give an origin such as https:\/\/id\.example\.com, or host/
    ],
    [{ server: 'https://id.example.com/path' }, /^server is "https:\/\/id\.example\.com\/path"/],
    [{ server: 'id.example.com/path' }, /^server is "id\.example\.com\/path"/],
    [{ server: 'ftp://id.example.com' }, /^server is "ftp:/],
    [{ server: 'https://me:secret@id.example.com' }, /^server is /],
    [{ server: 'javascript://x' }, /^server is /],
    [{ server: ' ' }, /^server is " "/],
    [{ redirect_uri: '/back' }, /^redirect_uri is "\/back": give an absolute address/],
    [{ redirect_uri: 7 }, /^redirect_uri is 7/],
    [
      { backend: 'https://elsewhere.example/auth' },
      /^backend is "https:\/\/elsewhere\.example\/auth": give a path/
    ],
    [{ backend: '/auth?x=1' }, /^backend is "\/auth\?x=1"/],
    [{ backend: true }, /^backend is true/],
    [{ fallback: 'popup' }, /^fallback is "popup": give "redirect" or "none"/],
    [{ watch: -1 }, /^watch is -1: give true, false or seconds/],
    [{ watch: '60' }, /^watch is "60"/],
    [{ timeout: 0 }, /^timeout is 0: give milliseconds/],
    [{ timeout: '5000' }, /^timeout is "5000"/],
    [{ scope: ['openid'] }, /^scope is \["openid"\]/]
  ]

  test.each(wrong)('refuses %j, naming option and value', async (more, message) => {
    const page = await openPage(context, site.origin)
    const error = await page.evaluate(
      // Not given is undefined, which JSON has not.
      (it, missing) => {
        try {
          window.sdk.init({ ...it, ...Object.fromEntries(missing.map(name => [name, undefined])) })
          return undefined
        } catch (thrown) {
          const { code, message } = thrown as { code: string; message: string }
          return { code, message, isSdkError: thrown instanceof window.sdk.SdkError }
        }
      },
      { ...options(), ...more },
      Object.keys(more).filter(name => more[name as keyof typeof more] === undefined)
    )
    expect(error).toEqual({
      code: 'invalid_options',
      message: expect.stringMatching(message),
      isSdkError: true
    })
  })
})

/** Lets a page's clock go on. */
const passes = (page: Page, seconds: number): Promise<void> =>
  page.evaluate(it => {
    const before = Date.now
    Date.now = () => before() + it * 1000
  }, seconds)
