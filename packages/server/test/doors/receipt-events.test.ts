import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import { describe, expect, onTestFinished, test } from 'vitest'
import { clientsIn } from '../../src/clients/client.ts'
import { systemClock } from '../../src/clock.ts'
import { type ReceiptEventLimits, receiptEvents } from '../../src/doors/receipt-events.ts'
import type { DeliveryState } from '../../src/storage/records.ts'
import { useDataHeaders } from '../../src/web/headers.ts'
import type { ReceiptCookie } from '../../src/web/receipt-cookie.ts'
import { webServer } from '../../src/web/server.ts'
import { all, parsePage } from '../pages/parse-page.ts'
import type { Browser } from '../support/browser.ts'
import { issuer } from '../support/fixtures.ts'
import { startSystem, type TestOptions, type TestSystem } from '../support/system.ts'
import { signedIn } from './redirect-kit.ts'

/** What a page is told. */
interface Event {
  event: string
  data: { progress?: { text: string }; settled: boolean; applications: { state: string; label: string }[] }
}

/** Nobody sends, so that a delivery goes on only as the test says. */
const start = (options: TestOptions = {}): Promise<TestSystem> =>
  startSystem({
    config: { logout_wait_ms: 0 },
    wrapStorage: storage => ({ ...storage, claimDeliveries: async () => [] }),
    ...options
  })

/** Ola, signed out of applications of which two are told, and the receipt of it. */
async function signedOut(at: TestSystem): Promise<{ browser: Browser; id: string }> {
  const { browser } = await signedIn(at, 'u-ola', ['news', 'market', 'forum'])
  const answer = await browser.go('/logout?client_id=news')
  return { browser, id: String(answer.headers['utgang-receipt']) }
}

const pathOf = (id: string): string => `/logout/receipts/${id}/events`

/** Opens a stream as the page in this browser does. */
async function listen(origin: string, browser: Browser, id: string, query = '') {
  const cookie = `__Host-utgang-receipt=${browser.cookie('__Host-utgang-receipt')}`
  const headers = { cookie, 'sec-fetch-site': 'same-origin' }
  const leave = new AbortController()
  onTestFinished(() => leave.abort())
  const answer = await request(origin + pathOf(id) + query, { headers, signal: leave.signal })
  return { answer, events: eventsOf(answer.body), leave: () => leave.abort() }
}

async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Event, undefined> {
  let text = ''
  for await (const chunk of body) {
    text += Buffer.from(chunk).toString()
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const [, event, data] = /^event: (\w+)\ndata:(.*)$/.exec(text.slice(0, end)) ?? []
      text = text.slice(end + 2)
      if (event) yield { event, data: data ? JSON.parse(data) : undefined }
    }
  }
}

/** The next thing that the page is told; `undefined` when the stream is over. */
const next = async (events: AsyncGenerator<Event, undefined>): Promise<Event | undefined> =>
  (await events.next()).value ?? undefined

/** A delivery gets into a state. */
async function settle(at: TestSystem, id: string, clientId: string, state: DeliveryState): Promise<void> {
  const delivery = (await at.storage.listDeliveries(id)).find(it => it.clientId === clientId)
  const attempt = { status: 200, problem: null, milliseconds: 5, nextAt: 0, heardMaybe: false }
  await at.storage.recordAttempt({ id: delivery?.id ?? '', state, ...attempt }, systemClock.now())
}

test('the page hears how it stands, of each change, and that all is settled', async () => {
  const at = await start()
  const { browser, id } = await signedOut(at)
  const { answer, events } = await listen(at.origin, browser, id)
  expect(answer).toMatchObject({
    statusCode: 200,
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }
  })
  expect(await next(events)).toEqual({
    event: 'receipt',
    data: {
      progress: { text: 'None of the 2 sites has confirmed yet.', confirmed: 0, of: 2 },
      applications: [
        { state: 'queued', label: 'Not told yet', text: expect.any(String) },
        { state: 'queued', label: 'Not told yet', text: expect.any(String) },
        { state: 'none', label: 'Not told', text: expect.any(String) }
      ],
      settled: false
    }
  })
  await settle(at, id, 'market', 'delivered')
  const second = await next(events)
  expect(second?.data.progress?.text).toBe('1 of 2 sites have confirmed.')
  expect(second?.data.applications.map(it => it.state)).toEqual(['queued', 'delivered', 'none'])
  await settle(at, id, 'forum', 'refused')
  expect((await next(events))?.data).toMatchObject({ settled: true })
  expect((await next(events))?.event).toBe('end')
  expect(await next(events)).toBeUndefined()
})

test('it speaks the language of the page, which names it', async () => {
  const at = await start()
  const { browser, id } = await signedOut(at)
  const page = await browser.go('/logout/signed-out?ui_locales=nb')
  const [script] = all(parsePage(page.text), 'script')
  expect(script?.attributes).toMatchObject({
    src: '/js/signed-out.js',
    'data-events': `${pathOf(id)}?ui_locales=nb`
  })
  expect(String(page.headers['content-security-policy'])).toMatch(/script-src 'self'; connect-src 'self'$/)
  const { events } = await listen(at.origin, browser, id, '?ui_locales=nb')
  expect((await next(events))?.data.progress?.text).toBe('Ingen av de 2 nettstedene har bekreftet ennå.')
})

test('a page on which nothing is under way has no script', async () => {
  const at = await start()
  const { browser, id } = await signedOut(at)
  for (const clientId of ['market', 'forum']) await settle(at, id, clientId, 'delivered')
  const page = await browser.go('/logout/signed-out')
  expect(page.text).toContain('Both sites that hear of it have confirmed.')
  expect(all(parsePage(page.text), 'script')).toEqual([])
  expect(page.headers['content-security-policy']).not.toContain('script-src')
})

describe('it is for the browser that logged out alone', () => {
  test.each<[string, (browser: Browser) => Record<string, string>]>([
    ['without its cookie', () => ({})],
    ['with a cookie that nobody set', () => ({ cookie: '__Host-utgang-receipt=x.9999999999.y' })],
    ['for a page of another site', own => ({ cookie: receiptLine(own), 'sec-fetch-site': 'cross-site' })],
    ['for a page of a sibling host', own => ({ cookie: receiptLine(own), 'sec-fetch-site': 'same-site' })]
  ])('%s there is nothing', async (_what, headers) => {
    const at = await start()
    const { browser, id } = await signedOut(at)
    const answer = await at.ask(pathOf(id), { headers: headers(browser) })
    expect([answer.status, answer.json().error]).toEqual([404, 'not_found'])
  })

  test('the cookie of another logout does not do', async () => {
    const at = await start()
    const [one, other] = [await signedOut(at), await signedOut(at)]
    const answer = await at.ask(pathOf(one.id), { headers: { cookie: receiptLine(other.browser) } })
    expect(answer.status).toBe(404)
  })

  const receiptLine = (browser: Browser): string =>
    `__Host-utgang-receipt=${browser.cookie('__Host-utgang-receipt')}`
})

test('any process that shares the storage tells of what another one has done', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const storage = `sqlite:${join(folder, 'shared.db')}`
  const [one, other] = [await start({ storage }), await start({ storage })]
  const { browser, id } = await signedOut(one)
  const { events } = await listen(other.origin, browser, id)
  expect((await next(events))?.data.settled).toBe(false)
  await settle(one, id, 'market', 'delivered')
  expect((await next(events))?.data.progress?.text).toBe('1 of 2 sites have confirmed.')
})

test('a stop ends it without saying that it is over, so that the page comes again elsewhere', async () => {
  const at = await start()
  const { browser, id } = await signedOut(at)
  const { events } = await listen(at.origin, browser, id)
  expect((await next(events))?.event).toBe('receipt')
  await at.close()
  expect(await next(events)).toBeUndefined()
})

describe('there is only so much of it', () => {
  test('each address has its share; one that leaves makes room', async () => {
    const { at, origin } = await withLimits({ perAddress: 2 })
    const { browser, id } = await signedOut(at)
    const first = await listen(origin, browser, id)
    await listen(origin, browser, id)
    // 204 tells a browser not to come again.
    expect((await listen(origin, browser, id)).answer.statusCode).toBe(204)
    first.leave()
    const status = async (): Promise<number | undefined> =>
      (await listen(origin, browser, id)).answer.statusCode
    await expect.poll(status).toBe(200)
  })

  test('a server has only so many', async () => {
    const { at, origin } = await withLimits({ atOnce: 1 })
    const { browser, id } = await signedOut(at)
    await listen(origin, browser, id)
    expect((await listen(origin, browser, id)).answer.statusCode).toBe(204)
  })

  test('whoever only asks for the headers takes no place', async () => {
    const { at, origin } = await withLimits({ perAddress: 1 })
    const { browser, id } = await signedOut(at)
    const cookie = `__Host-utgang-receipt=${browser.cookie('__Host-utgang-receipt')}`
    await request(origin + pathOf(id), { method: 'HEAD', headers: { cookie } })
    expect((await listen(origin, browser, id)).answer.statusCode).toBe(200)
  })

  test('it ends in time, however long a delivery takes, and shows until then that it is alive', async () => {
    const { at, origin } = await withLimits({ longestMs: 300, heartbeatMs: 20 })
    const { browser, id } = await signedOut(at)
    const { answer } = await listen(origin, browser, id)
    const text = await answer.body.text()
    expect(text).toMatch(/^retry: 2000\n\n/)
    expect(text).toContain('\n\n:\n\n:\n\n')
    expect(text).toContain('"settled":false')
    expect(text).toMatch(/\n\nevent: end\ndata:\n\n$/)
  })

  /** The door with other limits, in a server of its own beside the system. */
  async function withLimits(limits: Partial<ReceiptEventLimits>) {
    const at = await start()
    // Of the system's own cookie only the id is read: how it is signed is not what is tested here.
    const receiptCookie: ReceiptCookie = { set() {}, read: ({ headers }) => idIn(headers.cookie) }
    const parts = { storage: at.storage, clients: clientsIn(at.storage), receiptCookie }
    const usual = { perAddress: 9, atOnce: 9, longestMs: 60_000, readEveryMs: 20, heartbeatMs: 60_000 }
    const web = webServer({
      log: at.system.log,
      issuer,
      trustProxy: [],
      showError: (_request, reply) => reply.send(),
      showDataError: (_request, reply) => reply.send()
    })
    web.register(async data => {
      useDataHeaders(data, issuer)
      data.register(receiptEvents(parts, { ...usual, ...limits }))
    })
    onTestFinished(() => web.close())
    await web.listen({ host: '127.0.0.1', port: 0 })
    return { at, origin: `http://127.0.0.1:${(web.server.address() as AddressInfo).port}` }
  }

  const idIn = (cookie: string | undefined): string | undefined =>
    /__Host-utgang-receipt=([^.]+)\./.exec(cookie ?? '')?.[1]
})
