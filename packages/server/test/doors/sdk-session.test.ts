import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Answer, Browser, From } from '../support/browser.ts'
import { clients } from '../support/fixtures.ts'
import { signIn } from '../support/sign-in.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'

const origin = 'https://forum.example'
let at: TestSystem
beforeAll(async () => {
  const more = [
    {
      ...clients.find(it => it.client_id === 'asking'),
      client_id: 'asking-sdk',
      sdk: true,
      origins: [origin]
    },
    { ...clients.find(it => it.client_id === 'news'), client_id: 'wide', sdk: true, origins: [origin] }
  ]
  at = await openSystem({ config: { clients: [...clients, ...more] } })
})
afterAll(() => at.close())

/** Asks as a page does: `fetch` with credentials. */
const check = (
  browser: Browser,
  clientId: string,
  headers: Record<string, string | undefined> = {},
  from: From = 'same-site'
): Promise<Answer> =>
  browser.go(`/sdk/session?client_id=${clientId}`, {
    from,
    headers: { origin, 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty', ...headers }
  })

test('a connected client hears who is signed in, and by which sid', async () => {
  const browser = at.browser()
  const it = await signIn(at, browser, 'forum')
  const session = await at.sessionOf(browser)
  const answer = await check(browser, 'forum')
  expect(answer.json()).toEqual({
    status: 'connected',
    user_id: 'u-ola',
    display_name: 'Ola Nordmann',
    sid: it.sid,
    expires_at: session?.expiresAt,
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

test('a signed-out browser is notConnected where that is known, and unknown where it is not', async () => {
  const stranger = at.browser()
  expect((await check(stranger, 'forum')).json().status).toBe('notConnected')
  expect((await check(stranger, 'forum', {}, 'cross-site')).json().status).toBe('unknown')
  expect((await check(stranger, 'forum', { 'sec-fetch-site': undefined })).json().status).toBe('unknown')
  const browser = at.browser()
  await signIn(at, browser, 'forum')
  const before = browser.copy()
  await browser.visit('/logout?client_id=forum')
  expect((await check(browser, 'forum')).json().status).toBe('notConnected')
  expect((await check(before, 'forum', {}, 'cross-site')).json().status).toBe('notConnected')
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
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
    expect(answer.text).not.toContain('u-ola')
  }
  // An image or a script has no Origin; it must not even make the client an RP.
  for (const from of ['cross-site', 'same-site'] as const) {
    const headers = { origin: undefined, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }
    expect((await check(browser, 'wide', headers, from)).status).toBe(403)
  }
  expect(await at.storage.isJoined(uid, 'wide')).toBe(false)
})

test('a client without sdk, an unknown one, and none at all are refused', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'news')
  for (const query of ['?client_id=news', '?client_id=nobody', '', '?client_id=']) {
    const answer = await browser.go(`/sdk/session${query}`, { headers: { origin: 'https://news.example' } })
    expect([query, answer.status, answer.json().error]).toEqual([query, 400, 'unauthorized_client'])
  }
})
