import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Answer, Browser } from '../support/browser.ts'
import { signIn } from '../support/sign-in.ts'
import { advance, openSystem, startSystem, type TestSystem } from '../support/system.ts'
import { check, origin, sdkClients } from './sdk-kit.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem({ config: { clients: sdkClients } })
})
afterAll(() => at.close())

test('a connected client hears who is signed in, and by which sid', async () => {
  const browser = at.browser()
  const it = await signIn(at, browser, 'forum')
  const session = await at.sessionOf(browser)
  const answer = await check(browser, 'forum')
  expect(answer.json()).toEqual({
    status: 'connected',
    user_id: 'u-ola',
    display_name: 'Ola Nordmann',
    uuid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
    sid: it.sid,
    expires_at: session?.expiresAt,
    cache_seconds: 60,
    server_time: expect.any(Number)
  })
  expect(answer.headers).toMatchObject({
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    vary: 'Origin',
    'cache-control': 'no-store'
  })
  expect(answer.setCookies).toEqual([])
})

/** What is answered to a page of the client itself, by what its browser holds and by `Sec-Fetch-Site`. */
const statuses = `
  browser   client      same-origin   same-site     cross-site    none          unsaid
  live      forum       connected     connected     connected     connected     connected
  live      asking-sdk  notConnected  notConnected  unknown       unknown       unknown
  dead      forum       notConnected  notConnected  notConnected  notConnected  notConnected
  dead      asking-sdk  notConnected  notConnected  notConnected  notConnected  notConnected
  forged    forum       notConnected  notConnected  notConnected  notConnected  notConnected
  empty     forum       notConnected  notConnected  unknown       unknown       unknown
  empty     asking-sdk  notConnected  notConnected  unknown       unknown       unknown`

const [head = [], ...rows] = statuses
  .trim()
  .split('\n')
  .map(line => line.trim().split(/ +/))
const sites = head.slice(2)

test.each(rows)('%s cookie, %s: the answer to its own pages', async (holds, clientId, ...expected) => {
  const browser = await browserThat(holds)
  const asked = (from: string, more: Record<string, string | undefined> = {}) =>
    check(browser, clientId, { 'sec-fetch-site': from === 'unsaid' ? undefined : from, ...more })
  const found: unknown[] = []
  for (const from of sites) found.push((await asked(from)).json().status)
  expect(found).toEqual(expected)

  // Without an Origin the same, where no page can be behind it, or one of this server: else it is not a page that asks.
  for (const [i, from] of sites.entries()) {
    const isElsewhere = ['same-site', 'cross-site'].includes(from)
    for (const mode of ['no-cors', 'navigate', 'same-origin'])
      expect((await asked(from, { origin: undefined, 'sec-fetch-mode': mode })).json()).toMatchObject(
        isElsewhere ? { error: 'unauthorized_client' } : { status: expected[i] }
      )
  }
  // A foreign page hears nothing, whatever the browser holds.
  for (const from of sites) {
    const answer = await asked(from, { origin: 'https://evil.example' })
    expect([answer.status, answer.json().status]).toEqual([403, undefined])
  }
})

async function browserThat(holds: string): Promise<Browser> {
  const browser = at.browser()
  if (holds === 'empty') return browser
  if (holds === 'forged') browser.setCookie('__Host-utgang', 'a-value-that-nobody-gave-out')
  else await signIn(at, browser, 'news')
  if (holds !== 'dead') return browser
  const before = browser.copy()
  await browser.visit('/logout?client_id=news')
  return before
}

test('a browser that signed out is notConnected, and so is one that kept its cookie', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'forum')
  const before = browser.copy()
  await browser.visit('/logout?client_id=forum')
  expect((await check(browser, 'forum')).json().status).toBe('notConnected')
  expect((await check(before, 'forum', {}, 'cross-site')).json()).toEqual({
    status: 'notConnected',
    cache_seconds: 10,
    server_time: expect.any(Number)
  })
})

test('a client that is not connected gets the very bytes of a stranger', async () => {
  advance(0)
  const browser = at.browser()
  await signIn(at, browser, 'news')
  const stranger = at.browser()
  const bytes = (answer: Answer) => {
    const { date: _date, 'x-request-id': _id, ...headers } = answer.headers
    return { status: answer.status, text: answer.text, headers }
  }
  for (const from of ['same-site', 'cross-site'] as const) {
    const connected = bytes(await check(browser, 'asking-sdk', {}, from))
    expect(connected).toEqual(bytes(await check(stranger, 'asking-sdk', {}, from)))
    expect(connected.text).not.toContain('u-ola')
  }
  // Nor did asking make it one that hears of the end.
  const session = await at.sessionOf(browser)
  expect(await at.storage.isJoined(session?.uid ?? '', 'asking-sdk')).toBe(false)
})

test('with the consent on record it is connected, also before it signed in in this browser', async () => {
  const first = at.browser()
  await signIn(at, first, 'news', { email: 'kari@example.test' })
  await at.storage.saveConsent({ sub: 'u-kari', clientId: 'asking-sdk', scopes: ['openid'] }, 1)
  expect((await check(first, 'asking-sdk')).json()).toMatchObject({ status: 'connected', user_id: 'u-kari' })
})

test('the first answer makes the client an RP of the session, once, so that it is told of the end', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'news')
  const uid = (await at.sessionOf(browser))?.uid ?? ''
  expect(await at.storage.isJoined(uid, 'forum')).toBe(false)
  const answers = await Promise.all(Array.from({ length: 5 }, () => check(browser, 'forum')))
  const sids = new Set(answers.map(answer => answer.json().sid))
  expect(sids.size).toBe(1)
  expect((await at.storage.sessionClients(uid)).map(it => it.clientId).toSorted()).toEqual(['forum', 'news'])
  const logout = await browser.go('/logout?client_id=news')
  const owed = await at.storage.listDeliveries(String(logout.headers['utgang-receipt']))
  expect(owed.map(it => [it.clientId, it.sid])).toEqual([['forum', [...sids][0]]])
  // It is the sid that its ID Tokens will name, too.
  const again = at.browser()
  await signIn(at, again, 'news')
  const { sid } = (await check(again, 'forum')).json()
  expect((await signIn(at, again, 'forum')).sid).toBe(sid)
})

test('asking is no activity: a session that is only asked about times out', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'forum', { remember: false })
  const before = await at.sessionOf(browser)
  for (let hour = 0; hour < 3; hour++) {
    advance(2400)
    const answer = await check(browser, 'forum')
    if (hour < 2) expect(answer.json()).toMatchObject({ status: 'connected', expires_at: before?.expiresAt })
    else expect(answer.json().status).toBe('notConnected')
  }
})

test('only pages of the client itself may ask', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'forum')
  const uid = (await at.sessionOf(browser))?.uid ?? ''
  const foreign = [
    'https://evil.example',
    'null',
    'http://forum.example',
    'https://forum.example:8443',
    'https://forum.example.evil.example'
  ]
  for (const asked of foreign) {
    const answer = await check(browser, 'wide', { origin: asked })
    expect([asked, answer.status, answer.json().error]).toEqual([asked, 403, 'unauthorized_client'])
    expectClosed(answer)
    expect(answer.text).not.toContain('u-ola')
  }
  // An image or a script has no Origin; it must not even make the client an RP.
  for (const from of ['cross-site', 'same-site'] as const) {
    const headers = { origin: undefined, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }
    const answer = await check(browser, 'wide', headers, from)
    expect(answer.status).toBe(403)
    expectClosed(answer)
  }
  expect(await at.storage.isJoined(uid, 'wide')).toBe(false)
})

/** No page may read this, and nobody may keep it for another. */
function expectClosed({ headers }: Answer): void {
  for (const name of ['access-control-allow-origin', 'access-control-allow-credentials'])
    expect(headers[name]).toBeUndefined()
  expect(headers).toMatchObject({ vary: 'Origin', 'cache-control': 'no-store' })
}

test('nothing may be asked with headers of its own: a preflight is not answered', async () => {
  const answer = await at.ask('/sdk/session?client_id=forum', {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'x-own' }
  })
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect(answer.headers['access-control-allow-origin']).toBeUndefined()
})

test('its origins are those that it names, and only without any those of its redirect URIs', async () => {
  const own = await startSystem({
    config: {
      clients: [
        { client_id: 'one', redirect_uris: ['https://one.example/cb'], sdk: true },
        { client_id: 'two', redirect_uris: ['https://two.example/cb'], sdk: true, origins: [origin] }
      ]
    }
  })
  const asked = async (clientId: string, from: string): Promise<unknown> =>
    (await check(own.browser(), clientId, { origin: from })).headers['access-control-allow-origin']
  expect(await asked('one', 'https://one.example')).toBe('https://one.example')
  expect(await asked('two', origin)).toBe(origin)
  expect(await asked('two', 'https://two.example')).toBeUndefined()
})

test('too many misses from one address have to wait, and the page can read for how long; who is signed in does not', async () => {
  const own = await startSystem({ config: { clients: sdkClients } })
  const browser = own.browser()
  await signIn(own, browser, 'forum')
  for (let i = 0; i < 12; i++)
    await Promise.all(Array.from({ length: 100 }, () => check(own.browser(), 'forum')))
  const answer = await check(own.browser(), 'forum')
  expect([answer.status, answer.json().error]).toEqual([429, 'too_many_requests'])
  expect(answer.headers).toMatchObject({
    'retry-after': expect.stringMatching(/^\d+$/),
    'access-control-allow-origin': origin,
    'access-control-expose-headers': expect.stringContaining('Retry-After')
  })
  expect((await check(browser, 'forum')).json().status).toBe('connected')
})

test('a client without sdk, an unknown one, and none at all are refused', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'news')
  for (const query of ['?client_id=news', '?client_id=nobody', '', '?client_id=']) {
    const answer = await browser.go(`/sdk/session${query}`, { headers: { origin: 'https://news.example' } })
    expect([query, answer.status, answer.json().error]).toEqual([query, 400, 'unauthorized_client'])
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
    expect(answer.headers['cache-control']).toBe('no-store')
  }
})
