import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Browser, BrowserContext, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { hasChromium, startChromium } from './support/chromium.ts'
import {
  hasSession,
  logout,
  soon,
  startPage,
  takeHeard,
  takeNames,
  three,
  untilHeard
} from './support/pages.ts'
import { openSite, type Site } from './support/site.ts'
import { openStandIn, type StandIn } from './support/stand-in.ts'

let site: Site
let server: StandIn
let browser: Browser
let context: BrowserContext

/** The application's backend: what it was asked for, and the streams that are open. */
let asked: string[]
let streams: ServerResponse[]
let user: string | undefined
/** What `events` is answered with, after what every stream begins with. */
let events: (response: ServerResponse) => void
/** What an answer about the session waits for, once the answer is fixed. */
let gate: Promise<unknown>

beforeAll(async () => {
  if (!hasChromium) return
  site = await openSite()
  server = await openStandIn()
  site.backend = (request, response) => void answer(request, response)
  browser = await startChromium('allowed')
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
  await site?.close()
})
beforeEach(async () => {
  if (!hasChromium) return
  context = await browser.createBrowserContext()
  asked = []
  streams = []
  user = 'u-ola'
  gate = Promise.resolve()
  events = open
})
afterEach(() => context?.close())

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url?.replace('/auth/', '') ?? ''
  asked.push(path)
  if (path === 'events') return events(response)
  const said =
    path === 'session'
      ? { status: user ? 'connected' : 'notConnected', user_id: user, cache_seconds: 0 }
      : { ended: true, receipt: 'r-1' }
  if (path === 'logout') end('logout')
  await gate
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said))
}

function open(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write('retry: 1\n\n')
  streams.push(response)
  response.on('close', () => streams.splice(streams.indexOf(response), 1))
}

/** The RP session ends: all its streams hear, and are over; later ones find none. */
function end(by: string): void {
  user = undefined
  events = response => void response.writeHead(204).end()
  for (const stream of [...streams]) stream.end(`event: logout\ndata: {"by":"${by}"}\n\n`)
}

const count = (path: string): number => asked.filter(it => it === path).length
const until = (check: () => unknown): Promise<unknown> => vi.waitFor(check, soon)
const openStreams = (number: number): Promise<unknown> => until(() => expect(streams).toHaveLength(number))

/** A page on which somebody is signed in, and which has found out. */
async function watching(options: object = {}): Promise<Page> {
  const all = { client_id: 'site', server: server.origin, backend: '/auth', watch: true, ...options }
  const page = await startPage(context, site.origin, all)
  await hasSession(page)
  await takeHeard(page)
  return page
}

const heardSoFar = (page: Page): Promise<string[]> =>
  page.evaluate(() => window.heard.map(({ name }) => name))

/** As the browser says it of a page that it keeps while another one is shown. */
const leave = (page: Page): Promise<boolean> =>
  page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })))
const comeBack = (page: Page): Promise<boolean> =>
  page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })))

const setHidden = (page: Page, isHidden: boolean): Promise<void> =>
  page.evaluate(it => {
    Object.defineProperty(document, 'hidden', { value: it, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  }, isHidden)

describe.skipIf(!hasChromium)('the backend’s stream', () => {
  test('a logout that it tells of fires the three, once, and the page does not come back', async () => {
    const page = await watching()
    await openStreams(1)
    end('back_channel')
    await untilHeard(page, 'sessionChange')
    expect(await takeHeard(page)).toMatchObject([
      { name: 'logout', payload: { by: 'elsewhere', receipt: null } },
      { name: 'statusChange' },
      { name: 'sessionChange' }
    ])
    await hasSession(page)
    expect(await takeNames(page)).toEqual(['notLoggedin'])
    expect(count('events')).toBe(1)
  })

  test('every tab fires them once, the hidden ones, too; one stream is enough for all', async () => {
    const pages = [await watching(), await watching(), await watching()]
    await until(() => expect(count('events')).toBe(3))
    await openStreams(1)
    end('back_channel')
    // Nothing is drawn in a hidden tab, so nothing may wait for that.
    for (const page of pages)
      await vi.waitFor(async () => expect(await heardSoFar(page)).toContain('sessionChange'), soon)
    // Whatever the tabs told each other has arrived by now, and so has what they asked then.
    for (const page of pages) await hasSession(page, { fresh: true })
    for (const page of pages)
      expect((await takeNames(page)).filter(it => it !== 'notLoggedin')).toEqual(three)
  })

  test('a logout of the page’s own is its own, though the stream hears of it first', async () => {
    const page = await watching()
    await openStreams(1)
    await page.evaluate(() => {
      Object.assign(window, {
        EventSource: class extends EventSource {
          constructor(address: string) {
            super(address)
            this.addEventListener('logout', () => Object.assign(window, { streamTold: true }))
          }
        }
      })
    })
    await leave(page)
    await openStreams(0)
    await comeBack(page)
    await openStreams(1)
    const answered = Promise.withResolvers<void>()
    gate = answered.promise
    const outcome = logout(page)
    await until(async () => expect(await page.evaluate(() => 'streamTold' in window)).toBe(true))
    expect(await takeNames(page)).toEqual([])
    answered.resolve()
    expect(await outcome).toEqual({ ended: true, by: 'backend', receipt: 'r-1' })
    expect((await takeHeard(page)).map(({ name, payload }) => [name, payload.by])).toEqual([
      ['logout', 'backend'],
      ['statusChange', undefined],
      ['sessionChange', undefined]
    ])
  })

  test('what was asked before, and is answered after, does not sign the page in again', async () => {
    const page = await watching()
    await openStreams(1)
    const answered = Promise.withResolvers<void>()
    gate = answered.promise
    const before = count('session')
    const session = hasSession(page, { fresh: true })
    await until(() => expect(count('session')).toBe(before + 1))
    end('back_channel')
    await untilHeard(page, 'sessionChange')
    answered.resolve()
    expect(await session).toMatchObject({ result: false })
    expect(await takeNames(page)).toEqual([...three, 'notLoggedin'])
  })

  test('there is none without watch, without a backend, without anybody signed in', async () => {
    await watching({ watch: false })
    await watching({ backend: undefined, client_id: 'other' })
    user = undefined
    const page = await watching({ client_id: 'third' })
    expect(count('events')).toBe(0)
    // Until somebody is.
    user = 'u-ola'
    await hasSession(page, { fresh: true })
    await openStreams(1)
  })

  test('it opens anew for each sign-in', async () => {
    const page = await watching()
    await openStreams(1)
    end('back_channel')
    await untilHeard(page, 'sessionChange')
    user = 'u-kari'
    events = open
    await hasSession(page, { fresh: true })
    await openStreams(1)
    user = 'u-ola'
    await hasSession(page, { fresh: true })
    await until(() => expect(count('events')).toBe(3))
    await openStreams(1)
  })

  test.each([404, 204, 500])('a backend that answers %i is left alone', async status => {
    events = response => void response.writeHead(status).end()
    const page = await watching()
    await until(() => expect(count('events')).toBe(1))
    const questions = count('session')
    for (let i = 0; i < 3; i++) {
      await setHidden(page, true)
      await setHidden(page, false)
    }
    await hasSession(page, { fresh: true })
    expect(count('events')).toBe(1)
    expect(count('session')).toBe(questions + 1)
    expect(await takeNames(page)).toEqual(['sessionChange'])
  })

  test('a hidden page hears on, for five minutes', async () => {
    const page = await watching()
    await openStreams(1)
    await page.evaluate(() => {
      const { setTimeout } = window
      Object.assign(window, {
        setTimeout: (run: () => void, ms: number) =>
          ms === 300_000 ? Object.assign(window, { run }) : setTimeout(run, ms)
      })
    })
    await setHidden(page, true)
    await setHidden(page, false)
    await setHidden(page, true)
    expect(streams).toHaveLength(1)
    await page.evaluate(() => (window as unknown as { run(): void }).run())
    await openStreams(0)
    await setHidden(page, false)
    await openStreams(1)
    expect(count('events')).toBe(2)
    await setHidden(page, true)
    end('back_channel')
    await untilHeard(page, 'sessionChange')
  })

  test('lines that break are opened again by the browser, and the session is asked about at most every ten seconds', async () => {
    const page = await watching()
    const questions = count('session')
    for (let i = 1; i <= 8; i++) {
      await until(() => expect(count('events')).toBe(i))
      await openStreams(1)
      streams[0]?.destroy()
    }
    await openStreams(1)
    expect(count('session') - questions).toBeLessThanOrEqual(1)
    end('back_channel')
    await untilHeard(page, 'sessionChange')
    expect(await takeNames(page)).toEqual(three)
  })

  test('close() closes it', async () => {
    const page = await watching()
    await openStreams(1)
    await page.evaluate(() => window.utgang.close())
    await openStreams(0)
    expect(count('events')).toBe(1)
  })

  test('a page that is left gives it back, and opens it again when it is shown again', async () => {
    const page = await watching()
    await openStreams(1)
    const questions = count('session')
    await leave(page)
    await openStreams(0)
    await comeBack(page)
    await openStreams(1)
    // Not only after its next question.
    expect(count('session')).toBe(questions)
  })

  test('what was missed while the line was broken is found by asking', async () => {
    const page = await watching()
    await openStreams(1)
    await page.evaluate(() => {
      const { now } = Date
      Date.now = () => now() + 11_000
    })
    user = undefined
    events = response => void response.writeHead(204).end()
    streams[0]?.destroy()
    await untilHeard(page, 'sessionChange')
    expect(await takeNames(page)).toEqual(three)
    expect(count('events')).toBe(2)
  })
})
