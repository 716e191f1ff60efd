import type { Browser, BrowserContext, Page } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EventName } from '../src/index.ts'
import { hasChromium, startChromium } from './support/chromium.ts'
import { hasSession, startPage, takeHeard } from './support/pages.ts'
import { openSite, type Site } from './support/site.ts'
import { type Behaviour, connected, notConnected, openStandIn } from './support/stand-in.ts'
import { openUtgang, type Utgang } from './support/utgang.ts'

let site: Site
let utgang: Utgang
let browser: Browser
beforeAll(async () => {
  if (!hasChromium) return
  site = await openSite()
  utgang = await openUtgang(site)
  browser = await startChromium('allowed')
})
afterAll(async () => {
  await browser?.close()
  await utgang?.close()
  await site?.close()
})

/** Who is in the browser when the page asks. `hidden`: the browser keeps the server's cookies back. */
type Who = 'ola' | 'kari' | 'out' | 'hidden'

/** What each question in one page fires, question by question. */
const orders: [Who, string][][] = [
  [
    ['ola', 'login statusChange sessionInit sessionChange'],
    ['ola', 'sessionChange'],
    ['hidden', ''],
    ['ola', 'sessionChange'],
    ['out', 'logout statusChange sessionChange'],
    ['out', 'notLoggedin'],
    ['hidden', 'notLoggedin'],
    ['ola', 'login statusChange sessionChange']
  ],
  [
    ['hidden', 'notLoggedin sessionChange'],
    ['hidden', 'notLoggedin'],
    ['ola', 'login statusChange sessionInit sessionChange']
  ],
  [
    ['ola', 'login statusChange sessionInit sessionChange'],
    ['out', 'logout statusChange sessionChange'],
    ['kari', 'login statusChange sessionChange']
  ],
  [
    ['ola', 'login statusChange sessionInit sessionChange'],
    ['kari', 'logout userChange login sessionChange'],
    ['kari', 'sessionChange']
  ],
  [
    ['out', 'notLoggedin sessionChange'],
    ['out', 'notLoggedin'],
    ['kari', 'login statusChange sessionInit sessionChange']
  ]
]

describe.skipIf(!hasChromium)('in Chromium', () => {
  test.each(orders.map(it => [it.map(([who]) => who).join(', '), it] as const))(
    '%s',
    async (_name, steps) => {
      const context = await browser.createBrowserContext()
      const page = await startPage(context, site.origin, { client_id: 'site', server: utgang.issuer })
      let before: Who = 'hidden'
      for (const [who, names] of steps) {
        await become(context, page, before, who)
        before = who
        await hasSession(page, { fresh: true })
        expect((await takeHeard(page)).map(it => it.name).join(' ')).toBe(names)
      }
      await context.close()
    }
  )

  test('payloads', async () => {
    const context = await browser.createBrowserContext()
    await utgang.signIn(context)
    const page = await startPage(context, site.origin, { client_id: 'site', server: utgang.issuer })
    const session = await hasSession(page)
    expect(session).toEqual({
      result: true,
      userStatus: 'connected',
      userId: 'u-ola',
      displayName: 'ola Nordmann',
      uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      sid: expect.any(String),
      serverTime: expect.any(Number),
      clientTime: expect.any(Number),
      expiresIn: 60,
      expiresAt: expect.any(Number)
    })
    const change = { session, status: 'connected' }
    const all = { ...session, ...change }
    expect(await takeHeard(page)).toEqual([
      { name: 'login', payload: all },
      { name: 'statusChange', payload: change },
      { name: 'sessionInit', payload: all },
      { name: 'sessionChange', payload: change }
    ])

    await utgang.endAllOf('ola')
    const after = await hasSession(page, { fresh: true })
    expect(after).toEqual({
      result: false,
      userStatus: 'notConnected',
      serverTime: expect.any(Number),
      clientTime: expect.any(Number),
      expiresIn: 10
    })
    const out = { session: null, status: 'notConnected' }
    expect(await takeHeard(page)).toEqual([
      { name: 'logout', payload: { result: true, by: 'elsewhere', receipt: null, ...out } },
      { name: 'statusChange', payload: out },
      { name: 'sessionChange', payload: out }
    ])
    await hasSession(page)
    // Asked anew, so perhaps in the next second.
    const times = { serverTime: expect.any(Number), clientTime: expect.any(Number) }
    expect(await takeHeard(page)).toEqual([{ name: 'notLoggedin', payload: { ...after, ...times, ...out } }])
    await context.close()
  })
})

describe.skipIf(!hasChromium)('names', () => {
  test('every event is heard by its name and by SPiD’s, once for each subscription, in one place', async () => {
    const context = await browser.createBrowserContext()
    const server = await openStandIn()
    const page = await startPage(context, site.origin, { client_id: 'site', server: server.origin })
    await page.evaluate(all => {
      const heard: Record<string, string[]> = {}
      for (const name of all) {
        const by: string[] = []
        const of = (how: string) => () => {
          by.push(how)
          heard[name] = by
        }
        const both = of('both')
        window.utgang.on(name, of('plain'))
        window.utgang.on(`SPiD.${name}`, of('SPiD'))
        window.utgang.on(name, both)
        window.utgang.on(`SPiD.${name}`, both)
        const taken = of('taken off')
        window.utgang.on(name, taken)
        window.utgang.off(`SPiD.${name}`, taken)
      }
      Object.assign(window, { heardByName: heard })
    }, names)
    const visitor = { uid: 'v', user_id: '7' }
    const asks = async (behaviour: Behaviour): Promise<void> => {
      server.answers.set('/sdk/session', behaviour)
      await hasSession(page, { fresh: true })
    }
    await asks({ status: 500 })
    await asks(notConnected())
    await asks(connected({ visitor }))
    await asks(connected({ user_id: 'u-kari' }))
    await asks(notConnected())
    await page.evaluate(() => window.utgang.finishLogin('/?code=c&state=planted').catch(() => {}))
    const heard = await page.evaluate(
      () => (window as { heardByName?: Record<string, string[]> }).heardByName
    )
    expect(Object.keys(heard ?? {}).toSorted()).toEqual(names.toSorted())
    for (const [name, by] of Object.entries(heard ?? {}))
      expect(by, name).toEqual(Array.from({ length: by.length / 3 }, () => ['plain', 'SPiD', 'both']).flat())
    await server.close()
    await context.close()
  })
})

/** Every event that there is. */
const names: EventName[] = [
  ...(['login', 'logout', 'userChange', 'sessionChange', 'sessionInit'] as const),
  ...(['statusChange', 'notLoggedin', 'visitor', 'error', 'loginException'] as const)
]

async function become(context: BrowserContext, page: Page, before: Who, who: Who): Promise<void> {
  // Blocking the address in the page would be a failed call; without its cookies the server cannot know.
  if (who === 'hidden') return void (await withoutCookies(context))
  if (before === 'hidden') await restoreCookies(context)
  if (who === 'out') {
    await utgang.signIn(context)
    await utgang.endAllOf('ola')
  } else if (who !== before) await utgang.signIn(context, who)
  await page.bringToFront()
}

const kept = new WeakMap<BrowserContext, Awaited<ReturnType<BrowserContext['cookies']>>>()

async function withoutCookies(context: BrowserContext): Promise<void> {
  const cookies = await context.cookies()
  if (cookies.length > 0) kept.set(context, cookies)
  await context.deleteCookie(...cookies)
}

async function restoreCookies(context: BrowserContext): Promise<void> {
  await context.setCookie(...(kept.get(context) ?? []))
}
