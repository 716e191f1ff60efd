import type { Browser, BrowserContext, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hasChromium, startChromium } from './support/chromium.ts'
import { hasSession, ready, start, takeNames, three } from './support/pages.ts'
import { openSite, type Site } from './support/site.ts'
import { type Behaviour, connected, notConnected, openStandIn, type StandIn } from './support/stand-in.ts'

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
  context = await browser.createBrowserContext()
  server.answers.set('/sdk/session', connected())
  server.asked.length = 0
})
afterEach(() => context?.close())

declare global {
  interface Window {
    /** Lets the page's time go on. Timers that are due run in their order, each when the answers to the one before are there. */
    pass(seconds: number): Promise<void>
    /** Sets the page's clock; its timers do not go by it. */
    turn(seconds: number): void
    /** What the page was asked to do, with the second it happened in. */
    asked: number[]
    setHidden(isHidden: boolean): void
  }
}

/** A page with a clock of its own, in which a question is answered before time goes on. */
async function watching(watch: boolean | number, before = async (_page: Page) => {}): Promise<Page> {
  const page = await context.newPage()
  await page.evaluateOnNewDocument(clock)
  await page.goto(site.origin)
  await ready(page)
  await before(page)
  await start(page, { client_id: 'site', server: server.origin, watch })
  await hasSession(page)
  await takeNames(page)
  await page.evaluate(() => window.asked.splice(0))
  return page
}

/** Runs in the page, before everything else. */
function clock(): void {
  const begin = 1_700_000_000_000
  let now = begin
  let lastId = 0
  const timers = new Map<number, { at: number; run: () => void }>()
  const { fetch } = window
  const underWay = new Set<Promise<unknown>>()
  const macrotask = (): Promise<unknown> => {
    const { port1, port2 } = new MessageChannel()
    return new Promise(resolve => {
      port1.onmessage = resolve
      port2.postMessage(0)
    })
  }
  let turned = 0
  Object.assign(Date, { now: () => now + turned })
  Object.assign(window, {
    asked: [],
    fetch(...given: Parameters<typeof fetch>) {
      window.asked.push((now - begin) / 1000)
      // Read to its end here, so that nothing of it is still on the way when time goes on.
      const answer = fetch(...given).then(
        async it => new Response(await it.text(), { status: it.status, headers: it.headers })
      )
      underWay.add(answer)
      const done = (): void => void underWay.delete(answer)
      answer.then(done, done)
      return answer
    },
    setTimeout(run: () => void, ms = 0) {
      // Browsers keep this in 32 bits, and run at once what is more.
      timers.set(++lastId, { at: now + (ms > 2 ** 31 - 1 ? 0 : ms), run })
      return lastId
    },
    clearTimeout: (id: number) => void timers.delete(id),
    async pass(seconds: number) {
      const end = now + seconds * 1000
      for (;;) {
        // A question leaves, and what follows from its answer is done, in the tasks after this one.
        for (let i = 0; i < 20; i++) {
          await macrotask()
          if (underWay.size > 0) i = 0
          await Promise.allSettled(underWay)
        }
        const [next] = [...timers].toSorted(([, a], [, b]) => a.at - b.at)
        if (!next || next[1].at > end) break
        timers.delete(next[0])
        now = Math.max(now, next[1].at)
        next[1].run()
      }
      now = end
    },
    turn(seconds: number) {
      turned += seconds * 1000
    },
    setHidden(isHidden: boolean) {
      Object.defineProperty(document, 'hidden', { value: isHidden, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    }
  })
}

const pass = (page: Page, seconds: number): Promise<void> => page.evaluate(it => window.pass(it), seconds)
const asked = (page: Page): Promise<number[]> => page.evaluate(() => window.asked)
const minutes = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_it, i) => (from + i) * 60)

describe.skipIf(!hasChromium)('watch', () => {
  test('off: ten minutes, and a look away, without a question', async () => {
    const page = await watching(false)
    await pass(page, 600)
    await page.evaluate(() => dispatchEvent(new Event('focus')))
    await pass(page, 600)
    expect(await asked(page)).toEqual([])
  })

  test('asks every minute, ten times in ten minutes, and says nothing when nothing changed', async () => {
    const page = await watching(true)
    await pass(page, 600)
    expect(await asked(page)).toEqual(minutes(1, 10))
    expect(await takeNames(page)).toEqual([])
  })

  test('finds a logout elsewhere, and tells it once', async () => {
    const page = await watching(30)
    server.answers.set('/sdk/session', notConnected())
    await pass(page, 600)
    expect(await asked(page)).toHaveLength(20)
    expect(await takeNames(page)).toEqual(three)
  })

  test('finds that somebody signed in, and who else did', async () => {
    server.answers.set('/sdk/session', notConnected())
    const page = await watching(true)
    server.answers.set('/sdk/session', connected())
    await pass(page, 60)
    expect(await takeNames(page)).toEqual(['login', 'statusChange', 'sessionInit', 'sessionChange'])
    server.answers.set('/sdk/session', connected({ user_id: 'u-kari' }))
    await pass(page, 60)
    expect(await takeNames(page)).toEqual(['logout', 'userChange', 'login', 'sessionChange'])
    // The same person, in another session.
    server.answers.set('/sdk/session', connected({ user_id: 'u-kari', sid: 'sid-2' }))
    await pass(page, 120)
    expect(await takeNames(page)).toEqual(['sessionChange'])
  })

  test('asks at most every ten seconds, however it is set', async () => {
    const page = await watching(1)
    await pass(page, 600)
    expect(await asked(page)).toHaveLength(60)
  })

  test('asks when people come back, once for all that tells of it, ten seconds after the last question', async () => {
    const page = await watching(true)
    await pass(page, 4)
    const comeBack = (): Promise<void> =>
      page.evaluate(() => {
        dispatchEvent(new Event('focus'))
        document.dispatchEvent(new Event('visibilitychange'))
        dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))
      })
    await comeBack()
    await pass(page, 20)
    expect(await asked(page)).toEqual([10])
    await comeBack()
    await pass(page, 60)
    expect(await asked(page)).toEqual([10, 24, 84])
  })

  test('asks nothing while nobody looks, and at once when somebody does again', async () => {
    const page = await watching(true)
    await page.evaluate(() => window.setHidden(true))
    await pass(page, 600)
    expect(await asked(page)).toEqual([])
    await page.evaluate(() => window.setHidden(false))
    await pass(page, 60)
    expect(await asked(page)).toEqual([600, 660])
  })

  /** Failures stretch the pauses: 1, 2, 4, 8, 16 minutes. */
  const unwell: [string, Behaviour | 'down'][] = [
    ['cannot be reached', 'down'],
    ['fails', { status: 500 }],
    ['has had enough', { status: 429 }]
  ]
  test.each(unwell)('asks ever less often while the server %s', async (_how, behaviour) => {
    const page = await watching(true)
    if (behaviour === 'down') await server.down()
    else server.answers.set('/sdk/session', behaviour)
    await pass(page, 600)
    expect(await asked(page)).toEqual([60, 180, 420])
    expect(await takeNames(page)).toEqual(['error', 'error', 'error'])
    await pass(page, 3600)
    expect(await asked(page)).toEqual([60, 180, 420, 900, 1860, 2820, 3780])
    // Whoever comes back has it asked at once, but not at every turn.
    for (let turn = 0; turn < 5; turn++) {
      await page.evaluate(() => dispatchEvent(new Event('focus')))
      await pass(page, 20)
    }
    expect((await asked(page)).slice(7)).toEqual([4200])

    if (behaviour === 'down') await server.up()
    server.answers.set('/sdk/session', connected())
    await pass(page, 200)
    expect((await asked(page)).slice(8)).toEqual([4360, 4420, 4480])
  })

  test('asks no more often while the server cannot say whether a logout was done that the tab left for', async () => {
    server.answers.set('/sdk/session', { status: 500 })
    const page = await watching(true, it =>
      it.evaluate(() => sessionStorage.setItem('utgang:site:left', `a-ticket ${Date.now()}`))
    )
    for (let second = 0; second < 600; second++)
      await page.evaluate(() => {
        dispatchEvent(new Event('focus'))
        return window.pass(1)
      })
    expect(await asked(page)).toEqual([10, 30, 70, 150, 310, 470])
  })

  test.each([
    ['focus', () => dispatchEvent(new Event('focus'))],
    ['visibility', () => document.dispatchEvent(new Event('visibilitychange'))],
    [
      'pageshow from the back/forward cache',
      () => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))
    ]
  ])('asks on %s alone', async (_what, comeBack) => {
    const page = await watching(true)
    await pass(page, 20)
    await page.evaluate(comeBack)
    await pass(page, 10)
    expect(await asked(page)).toEqual([20])
  })

  test('goes on asking when the clock was set back, whoever comes back meanwhile', async () => {
    const page = await watching(true)
    await page.evaluate(() => {
      window.turn(-86_400)
      dispatchEvent(new Event('focus'))
    })
    await pass(page, 130)
    expect(await asked(page)).toEqual([10, 70, 130])
  })

  test('goes on asking in a page that calls init() ever again, as with each of its views', async () => {
    const page = await watching(true)
    for (let second = 0; second < 180; second += 20) {
      await start(page, { client_id: 'site', server: server.origin, watch: true })
      await pass(page, 20)
    }
    expect(await asked(page)).toEqual([60, 120, 180])
    await start(page, { client_id: 'site', server: server.origin, watch: 20 })
    await pass(page, 40)
    expect(await asked(page)).toEqual([60, 120, 180, 200, 220])
  })

  test('asks no more often for a time that is longer than a timer can be', async () => {
    const page = await watching(2 ** 31 / 1000)
    await pass(page, 600)
    expect(await asked(page)).toEqual([])
  })

  test('ends with close()', async () => {
    const page = await watching(true)
    await page.evaluate(() => window.utgang.close())
    await pass(page, 600)
    await page.evaluate(() => dispatchEvent(new Event('focus')))
    await pass(page, 60)
    expect(await asked(page)).toEqual([])
  })

  test('never leaves or reloads the page', async () => {
    const page = await watching(true)
    server.answers.set('/sdk/session', notConnected())
    const left: string[] = []
    page.on('framenavigated', frame => void left.push(frame.url()))
    await pass(page, 600)
    expect(left).toEqual([])
  })
})
