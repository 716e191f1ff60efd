import { readFileSync } from 'node:fs'
import type { Browser, BrowserContext, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hasChromium, startChromium } from './support/chromium.ts'
import { soon } from './support/pages.ts'
import { openSite, type Site } from './support/site.ts'
import { type Behaviour, connected, notConnected, openStandIn, type StandIn } from './support/stand-in.ts'
import { openUtgang, type Utgang } from './support/utgang.ts'

let site: Site
let utgang: Utgang
let server: StandIn
let allowed: Browser
let blocked: Browser
let context: BrowserContext

beforeAll(async () => {
  if (!hasChromium) return
  site = await openSite()
  utgang = await openUtgang(site)
  server = await openStandIn()
  allowed = await startChromium('allowed')
  blocked = await startChromium('blocked')
})
afterAll(async () => {
  await allowed?.close()
  await blocked?.close()
  await server?.close()
  await utgang?.close()
  await site?.close()
})
beforeEach(async () => {
  if (!hasChromium) return
  context = await allowed.createBrowserContext()
})
afterEach(() => context?.close())

declare global {
  interface Window {
    /** Everything that the old page was told, in order: events by name, callbacks by what was called. */
    told: [string, ...unknown[]][]
    answers: unknown[]
  }
}

/** What a page of SPiD's time says once the script is there. */
const old = (host: string, more: object = {}): string => `
  window.told = window.told || []
  var names = ['error', 'logout', 'login', 'userChange', 'sessionChange', 'notLoggedin', 'sessionInit', 'statusChange', 'visitor']
  SPiD.init(${JSON.stringify({
    client_id: 'site',
    server: host,
    https: false,
    prod: false,
    cookie: true,
    storage: 'localstorage',
    useSessionCluster: false,
    setVarnishCookie: true,
    varnish_expiration: 43200,
    refresh_timeout: 900000,
    logging: true,
    ...more
  })})
  names.forEach(function (name) {
    SPiD.event.subscribe('SPiD.' + name, function (data) { told.push([name, data]) })
  })
  SPiD.hasSession(function (err, data) { told.push(['hasSession()', err, data]) })`

const hosts = {
  real: (): string => new URL(utgang.issuer).host,
  standIn: (): string => new URL(server.origin).host
}

/** Loads the script and then runs the page's own. */
const synchronous = (script: string): string =>
  `<!doctype html><title>Old</title><script src="/utgang.js"></script><script>${script}</script>`

async function open(html: string, browser = context): Promise<Page> {
  site.pages.set('/old', html)
  const page = await browser.newPage()
  await page.goto(`${site.origin}/old`)
  return page
}

/** What a page was told by the time that this was called back. */
async function toldBy(page: Page, callback: string): Promise<Window['told']> {
  await page.waitForFunction(it => window.told?.some(([what]) => what === it), {}, callback)
  return page.evaluate(() => window.told.splice(0))
}

const call = (page: Page, name: 'logout' | 'hasSession' | 'acceptAgreement'): Promise<void> =>
  page.evaluate(it => {
    window.SPiD[it]((error, data) => window.told.push([`${it}()`, error, data]))
  }, name)

const noSession = { code: 401, type: 'UserException', description: 'No session found!' }

describe.skipIf(!hasChromium)('a page of SPiD’s time', () => {
  const loaders: [string, (script: string) => string][] = [
    ['synchronously', synchronous],
    [
      'by asyncSPiD, before the script',
      script =>
        `<!doctype html><script>window.asyncSPiD = function () {${script}}</script><script async src="/utgang.js"></script>`
    ],
    [
      'by asyncSPiD, after the script',
      script =>
        `<!doctype html><script src="/utgang.js"></script><script>window.asyncSPiD = function () {${script}}</script>`
    ]
  ]

  test.each(loaders)('runs as it is: %s', async (_how, html) => {
    await utgang.signIn(context)
    const page = await open(html(old(hosts.real())))
    const told = await toldBy(page, 'hasSession()')
    expect(told.map(it => it[0])).toEqual([
      'login',
      'statusChange',
      'sessionInit',
      'sessionChange',
      'hasSession()'
    ])
    expect(told.at(-1)).toEqual([
      'hasSession()',
      null,
      expect.objectContaining({ result: true, userStatus: 'connected', userId: 'u-ola', expiresIn: 60 })
    ])

    await page.evaluate(() => localStorage.setItem('spid_js_site_prd7', 'left over'))
    await call(page, 'logout')
    const out = await toldBy(page, 'logout()')
    expect(out.map(it => it[0])).toEqual(['logout', 'statusChange', 'sessionChange', 'logout()'])
    expect(out.at(-1)).toEqual([
      'logout()',
      null,
      { result: true, ended: true, by: 'cookie', receipt: expect.any(String) }
    ])
    expect(await page.evaluate(() => Object.keys(localStorage))).toEqual(['utgang:site:logout'])

    await call(page, 'hasSession')
    const after = await toldBy(page, 'hasSession()')
    expect(after.map(it => it[0])).toEqual(['notLoggedin', 'hasSession()'])
    expect(after.at(-1)).toEqual([
      'hasSession()',
      noSession,
      expect.objectContaining({ result: false, userStatus: 'notConnected', serverTime: expect.any(Number) })
    ])
  })

  test('hears that nobody is signed in as SPiD said it', async () => {
    const page = await open(synchronous(old(hosts.real())))
    const told = await toldBy(page, 'hasSession()')
    expect(told.map(it => it[0])).toEqual(['notLoggedin', 'sessionChange', 'hasSession()'])
    expect(told.at(-1)).toEqual([
      'hasSession()',
      noSession,
      expect.objectContaining({ result: false, userStatus: 'unknown' })
    ])
  })

  test('hears of a failed call as SPiD said it, by callback and event; what it knew stays', async () => {
    server.answers.set('/sdk/session', { status: 500 })
    const page = await open(synchronous(old(hosts.standIn())))
    const told = await toldBy(page, 'hasSession()')
    const failed = { code: 503, type: 'communication', description: expect.stringContaining('answered 500') }
    expect(told).toEqual([
      ['error', { ...failed, cause: expect.anything() }],
      ['hasSession()', { ...failed, cause: expect.anything() }, {}]
    ])
    // A server that can be reached would be gone to.
    server.answers.set('/sdk/logout', 'cut')
    server.answers.set('/js/utgang.js', 'cut')
    await call(page, 'logout')
    expect((await toldBy(page, 'logout()')).map(it => it[0])).toEqual(['error', 'logout()'])
    // A page may give no callback.
    await page.evaluate(() => window.SPiD.logout())
    expect((await toldBy(page, 'error')).map(it => it[0])).toEqual(['error'])
  })

  test('gets a user’s id as the server sends it', async () => {
    server.answers.set('/sdk/session', { body: { status: 'connected', user_id: 12345, server_time: 1 } })
    const page = await open(synchronous(old(hosts.standIn())))
    expect((await toldBy(page, 'hasSession()')).at(-1)?.[2]).toMatchObject({ userId: 12345 })
  })

  test('with cookies kept back leaves for the logout, and hears of it when it is back', async () => {
    const other = await blocked.createBrowserContext()
    await utgang.signIn(other)
    const redirect_uri = `${site.origin}/back`
    const html = synchronous(old(hosts.real(), { redirect_uri }))
    site.pages.set('/back', html)
    const page = await open(html, other)
    await toldBy(page, 'hasSession()')
    await Promise.all([page.waitForNavigation(), call(page, 'logout')])
    expect(page.url()).toBe(redirect_uri)
    const told = await toldBy(page, 'hasSession()')
    site.pages.delete('/back')
    expect(told.map(it => it[0])).toEqual([
      'logout',
      'statusChange',
      'sessionChange',
      'notLoggedin',
      'hasSession()'
    ])
    await other.close()
  })

  test('may accept an agreement: it is asked anew who is there', async () => {
    await utgang.signIn(context)
    const page = await open(synchronous(old(hosts.real())))
    await toldBy(page, 'hasSession()')
    await call(page, 'acceptAgreement')
    expect((await toldBy(page, 'acceptAgreement()')).at(-1)?.slice(1)).toEqual([
      null,
      expect.objectContaining({ userId: 'u-ola' })
    ])
  })

  test('hears plainly that there are no products and subscriptions', async () => {
    const page = await open(synchronous(old(hosts.real())))
    const answers = await page.evaluate(() => {
      const heard: unknown[] = []
      window.SPiD.hasProduct('7', (error, data) => heard.push(error, data))
      window.SPiD.hasSubscription('7', (error, data) => heard.push(error, data))
      return heard
    })
    expect(answers).toEqual([
      { code: 501, type: 'NotSupported', description: 'Utgang knows no products' },
      {},
      { code: 501, type: 'NotSupported', description: 'Utgang knows no subscriptions' },
      {}
    ])
  })

  test('has events of its own, takes listeners off, and subscribes before it calls init', async () => {
    const page = await open(
      synchronous(`
        window.told = []
        var listener = function (data) { told.push(['mine', data]) }
        SPiD.event.subscribe('SPiD.mine', listener)
        SPiD.event.fire('SPiD.mine', 1)
        SPiD.event.unsubscribe('SPiD.mine', listener)
        SPiD.event.fire('SPiD.mine', 2)
        SPiD.event.subscribe('SPiD.notLoggedin', function () { told.push(['early']) })
        ${old(hosts.real())}
        ${old(hosts.real())}`)
    )
    expect((await toldBy(page, 'hasSession()')).map(it => it[0])).toEqual([
      'mine',
      'early',
      'notLoggedin',
      'notLoggedin',
      'sessionChange',
      'sessionChange',
      'hasSession()',
      'hasSession()'
    ])
  })

  test('with another client goes on hearing, of that one alone', async () => {
    await utgang.signIn(context)
    const page = await open(synchronous(old(hosts.real())))
    await toldBy(page, 'hasSession()')
    await page.evaluate(it => {
      window.SPiD.init({ client_id: 'careful', server: it, https: false })
    }, hosts.real())
    await call(page, 'hasSession')
    expect((await toldBy(page, 'hasSession()')).map(it => it[0])).toEqual([
      'login',
      'statusChange',
      'sessionInit',
      'sessionChange',
      'hasSession()'
    ])
    const other = await open(synchronous(old(hosts.real())))
    await toldBy(other, 'hasSession()')
    await call(other, 'logout')
    await toldBy(other, 'logout()')
    expect(await page.evaluate(() => window.told.map(it => it[0]))).toEqual([])
  })

  test('with another client hears nothing more of the first, whose answer was on the way', async () => {
    let release = (_it: Behaviour): void => {}
    const held = new Promise<Behaviour>(resolve => {
      release = resolve
    })
    server.answers.set('/sdk/session', () => held)
    server.asked.length = 0
    const page = await open(synchronous(old(hosts.standIn())))
    await expect.poll(() => server.asked, soon).toHaveLength(1)
    await page.evaluate(it => {
      window.SPiD.init({ client_id: 'other', server: it, https: false })
    }, hosts.standIn())
    release(connected())
    expect((await toldBy(page, 'hasSession()')).map(it => it[0])).toEqual(['hasSession()'])
    server.answers.set('/sdk/session', notConnected())
    await call(page, 'hasSession')
    expect((await toldBy(page, 'hasSession()')).map(it => it[0])).toEqual([
      'notLoggedin',
      'sessionChange',
      'hasSession()'
    ])
  })

  test('a callback that throws is called once, and its error is the page’s', async () => {
    const page = await open(synchronous(old(hosts.real())))
    await toldBy(page, 'hasSession()')
    const errors: string[] = []
    page.on('pageerror', error => void errors.push(String(error)))
    await page.evaluate(() =>
      window.SPiD.hasSession(() => {
        window.told.push(['called'])
        throw new Error('of the callback')
      })
    )
    await expect.poll(() => errors, soon).toHaveLength(1)
    expect((await page.evaluate(() => window.told)).filter(([it]) => it === 'called')).toHaveLength(1)
  })

  test('without init, or without client_id, hears what is wrong', async () => {
    const page = await open(synchronous(''))
    const messages = await page.evaluate(() => {
      const messageOf = (run: () => void): string => {
        try {
          run()
          return ''
        } catch (error) {
          return (error as Error).message
        }
      }
      return [
        messageOf(() => window.SPiD.hasSession()),
        messageOf(() => window.SPiD.init({ server: 'id.example.com' } as never)),
        messageOf(() => window.SPiD_Uri.login()),
        messageOf(() => window.SPiD_Uri.init({ client_id: 'site', server: 'id.example.com/path' }))
      ]
    })
    expect(messages).toEqual([
      'client_id is undefined: call SPiD.init first',
      'client_id is undefined: give the id of the client at the server',
      'client_id is "": give the id of the client at the server',
      'server is "id.example.com/path": give an origin such as https://id.example.com, or host[:port]'
    ])
  })

  test('finds these globals, and no others', async () => {
    const page = await open('<!doctype html><title>Old</title>')
    const globals = (): Promise<string[]> => page.evaluate(() => Object.getOwnPropertyNames(window))
    const before = await globals()
    await page.addScriptTag({ url: '/utgang.js' })
    const added = (await globals()).filter(it => !before.includes(it))
    expect(added.toSorted()).toEqual(['SPiD', 'SPiD_Uri'])
    expect(
      await page.evaluate(() => [window.SPiD, window.SPiD.event, window.SPiD_Uri].map(it => Object.keys(it)))
    ).toEqual([
      [
        ...['version', 'init', 'hasSession', 'logout', 'acceptAgreement', 'hasProduct', 'hasSubscription'],
        'event'
      ],
      ['subscribe', 'unsubscribe', 'fire'],
      ['init', 'login', 'signup', 'auth', 'logout', 'account']
    ])
  })

  test('says the version of the package', async () => {
    const page = await open(synchronous(''))
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
    expect(await page.evaluate(() => window.SPiD.version())).toBe(version)
  })
})

describe.skipIf(!hasChromium)('SPiD_Uri', () => {
  /** Each address, with its path at the server. */
  const pages = [
    ['login', '/flow/login'],
    ['auth', '/flow/auth'],
    ['signup', '/flow/signup'],
    ['logout', '/logout'],
    ['account', '/account/summary']
  ] as const

  test.each(pages)('%s()', async (name, path) => {
    const page = await open(synchronous(''))
    await page.goto(`${site.origin}/old?article=7#top`)
    const addresses = await page.evaluate(it => {
      window.SPiD_Uri.init({ client_id: 'site', server: 'id.example.com' })
      return [
        window.SPiD_Uri[it](),
        window.SPiD_Uri[it]('https://site.example/?a=1&b=2'),
        window.SPiD_Uri[it]('https://site.example/', 'other')
      ]
    }, name)
    const here = encodeURIComponent(`${site.origin}/old?article=7#top`)
    expect(addresses).toEqual([
      `https://id.example.com${path}?response_type=code&client_id=site&redirect_uri=${here}`,
      `https://id.example.com${path}?response_type=code&client_id=site&redirect_uri=https%3A%2F%2Fsite.example%2F%3Fa%3D1%26b%3D2`,
      `https://id.example.com${path}?response_type=code&client_id=other&redirect_uri=https%3A%2F%2Fsite.example%2F`
    ])
  })

  test('goes by SPiD.init where it has no init of its own', async () => {
    const page = await open(synchronous(old(hosts.real())))
    expect(await page.evaluate(() => window.SPiD_Uri.login('https://site.example/'))).toBe(
      `${utgang.issuer}/flow/login?response_type=code&client_id=site&redirect_uri=https%3A%2F%2Fsite.example%2F`
    )
  })

  test('logout() leads away from what was kept: the page that comes back asks anew', async () => {
    await utgang.signIn(context)
    const page = await open(synchronous(`${old(hosts.real())}; SPiD_Uri.logout('https://site.example/')`))
    await toldBy(page, 'hasSession()')
    await page.goto(`${site.origin}/elsewhere`)
    expect(await page.evaluate(() => localStorage['utgang:site:session'])).toBeUndefined()
  })

  test('leads to a logout that a real server does', async () => {
    const before = await utgang.live()
    await utgang.signIn(context)
    expect(await utgang.live()).toBe(before + 1)
    const page = await open(synchronous(old(hosts.real())))
    await Promise.all([
      page.waitForNavigation(),
      page.evaluate(it => location.assign(window.SPiD_Uri.logout(it)), `${site.origin}/back`)
    ])
    expect(page.url()).toBe(`${site.origin}/back`)
    expect(await utgang.live()).toBe(before)
  })
})
