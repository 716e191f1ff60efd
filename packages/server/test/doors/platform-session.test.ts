import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { platformUserId } from '../../src/doors/platform-session.ts'
import { UtgangError } from '../../src/errors.ts'
import type { Answer, Browser, From } from '../support/browser.ts'
import { signIn } from '../support/sign-in.ts'
import { advance, openSystem, startSystem, type TestSystem } from '../support/system.ts'
import { bytesOf, config, mark, sdkCookie, signSecret } from './legacy-kit.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem({ config })
})
afterAll(() => at.close())

interface Asked {
  path?: string
  from?: From
  headers?: Record<string, string | undefined>
  query?: Record<string, string>
}

/** Asks as account-sdk-browser 5.1.1 does, from a page of the client. */
function check(browser: Browser, clientId: string, asked: Asked = {}): Promise<Answer> {
  const query = new URLSearchParams({
    client_sdrn: `sdrn:undefined:client:${clientId}`,
    redirect_uri: `https://${clientId}.example/callback`,
    sdk_version: '5.1.1',
    tabId: '4711',
    ...asked.query
  })
  return browser.go(`${asked.path ?? '/v2/session'}?${query}`, {
    from: asked.from ?? 'cross-site',
    headers: {
      origin: `https://${clientId}.example`,
      'sec-fetch-mode': 'cors',
      'sec-fetch-dest': 'empty',
      ...asked.headers
    }
  })
}

const told = {
  result: true,
  serverTime: expect.any(Number),
  expiresIn: 60,
  userStatus: 'connected',
  userId: 'u-ola',
  uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
  displayName: 'Ola Nordmann',
  clientAgreementAccepted: true,
  defaultAgreementAccepted: true,
  pairId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  sdrn: 'sdrn:id.localhost:user:u-ola'
}

const readableBy = (clientId: string) => ({
  'access-control-allow-origin': `https://${clientId}.example`,
  'access-control-allow-credentials': 'true',
  vary: 'Origin',
  'cache-control': 'no-store',
  'content-type': expect.stringMatching(/^application\/json/)
})

test.each(['/v2/session', '/session'])('%s tells a connected client the session', async path => {
  const browser = at.browser()
  await signIn(at, browser, 'news')
  browser.keepOnly(sdkCookie)
  const answer = await check(browser, 'news', { path })
  expect([answer.status, answer.json()]).toEqual([200, told])
  expect(answer.headers).toMatchObject(readableBy('news'))
  expect(answer.setCookies).toEqual([])
})

test('what a client with a sign secret is told is signed, all of it', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'market')
  const { sig, ...fields } = (await check(browser, 'market')).json()
  expect(fields).toEqual(told)
  const [mac, payload = ''] = String(sig).split('.')
  expect(mac).toBe(createHmac('sha256', signSecret).update(payload).digest('base64url'))
  expect(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))).toEqual({
    ...fields,
    algorithm: 'HMAC-SHA256'
  })
})

test.each<[string, Record<string, string>, number]>([
  ['by the last segment of client_sdrn', { client_sdrn: 'sdrn:schibsted.com:client:news' }, 200],
  ['by a client_sdrn that is its id alone', { client_sdrn: 'news' }, 200],
  ['by client_id', { client_sdrn: '', client_id: 'news' }, 200],
  ['by both, the same', { client_id: 'news' }, 200],
  ['by both, different', { client_id: 'market' }, 400],
  ['by a client_sdrn that ends with nothing', { client_sdrn: 'sdrn:schibsted.com:client:' }, 400],
  ['by nothing', { client_sdrn: '' }, 400]
])('a client is named %s', async (_how, query, status) => {
  const browser = at.browser()
  await signIn(at, browser, 'news')
  const answer = await check(browser, 'news', { query })
  expect(answer.status).toBe(status)
  if (status === 200) expect(answer.json()).toEqual(told)
})

/** The status by what the browser sends; of it alone that SDK learns what is the matter. */
test.each<[string, string, number]>([
  ['no cookie', 'news', 400],
  ['a handle', 'news', 200],
  ['a session cookie', 'news', 200],
  ['a handle of an ended session', 'news', 404],
  ['a session cookie of an ended session', 'news', 404],
  ['the mark of a logout', 'news', 404],
  // Nobody is told of a session that is none of their business: the same as no cookie.
  ['a handle', 'asking', 400],
  ['a session cookie', 'asking', 400],
  ['a handle of an ended session', 'asking', 404],
  ['the mark of a logout', 'asking', 404],
  ['no cookie', 'asking', 400],
  ['a handle twice', 'news', 400]
])('with %s, %s gets %i', async (holds, clientId, status) => {
  const browser = at.browser()
  if (holds !== 'no cookie') await signIn(at, browser, 'news')
  const before = browser.copy()
  if (/ended|mark/.test(holds)) await browser.visit('/logout?client_id=news')
  const asking = holds.includes('mark') ? browser : before
  asking.keepOnly(holds.includes('session cookie') ? '__Host-utgang' : sdkCookie)
  const value = asking.cookie(sdkCookie)
  const cookie = holds.includes('twice') ? { cookie: `${sdkCookie}=${value}; ${sdkCookie}=${mark}` } : {}
  for (const from of ['cross-site', 'same-site'] as const)
    for (const path of ['/v2/session', '/session']) {
      const answer = await check(asking, clientId, { from, path, headers: cookie })
      expect(answer.status).toBe(status)
      expect(answer.headers).toMatchObject(readableBy(clientId))
      if (status !== 200) expect(answer.json().error).toBe('login_required')
    }
})

test('a client that is not connected gets the very bytes of a stranger, and does not join the session', async () => {
  advance(0)
  const browser = at.browser()
  await signIn(at, browser, 'news')
  const uid = (await at.sessionOf(browser))?.uid ?? ''
  for (const from of ['cross-site', 'same-site'] as const)
    expect(bytesOf(await check(browser, 'asking', { from }))).toEqual(
      bytesOf(await check(at.browser(), 'asking', { from }))
    )
  expect(await at.storage.isJoined(uid, 'asking')).toBe(false)
})

describe('refused', () => {
  test.each<[string, string, Asked]>([
    ['a foreign page', 'news', { headers: { origin: 'https://evil.example' } }],
    ['another client’s page', 'news', { headers: { origin: 'https://market.example' } }],
    ['the same host by http', 'news', { headers: { origin: 'http://news.example' } }],
    ['the same host at another port', 'news', { headers: { origin: 'https://news.example:8443' } }],
    ['a name that begins like it', 'news', { headers: { origin: 'https://news.example.evil.example' } }],
    ['a page of no origin', 'news', { headers: { origin: 'null' } }],
    [
      'a tag on a page',
      'news',
      { headers: { origin: undefined, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' } }
    ],
    ['a request without an Origin', 'news', { headers: { origin: undefined } }],
    [
      'a navigation',
      'news',
      { headers: { origin: undefined, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' } }
    ],
    ['a client without sdk', 'careful', {}],
    ['a client that is not known', 'nobody', {}]
  ])('%s', async (_what, clientId, asked) => {
    const browser = at.browser()
    await signIn(at, browser, 'market')
    const uid = (await at.sessionOf(browser))?.uid ?? ''
    const answer = await check(browser, clientId, asked)
    expect([400, 403]).toContain(answer.status)
    expect(answer.json().error).toBe('unauthorized_client')
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
    expect(answer.text).not.toContain('u-ola')
    expect(await at.storage.isJoined(uid, clientId)).toBe(false)
  })
})

test('asking joins the client, and is no activity', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'market', { remember: false })
  const before = await at.sessionOf(browser)
  advance(600)
  expect((await check(browser, 'news')).status).toBe(200)
  expect((await at.sessionOf(browser))?.expiresAt).toBe(before?.expiresAt)
  expect(await at.storage.isJoined(before?.uid ?? '', 'news')).toBe(true)
})

test('a status that the page can read, whatever goes wrong: too many, and a storage that is away', async () => {
  let away = false
  const own = await startSystem({
    config,
    wrapStorage: storage => ({
      ...storage,
      glanceAtSession: (...args) =>
        away ? Promise.reject(new UtgangError('storage_unavailable')) : storage.glanceAtSession(...args)
    })
  })
  const browser = own.browser()
  await signIn(own, browser, 'news')
  for (let i = 0; i < 12; i++)
    await Promise.all(Array.from({ length: 100 }, () => check(own.browser(), 'news')))
  const limited = await check(own.browser(), 'news')
  expect(limited.status).toBe(429)
  expect(limited.headers).toMatchObject({
    ...readableBy('news'),
    'retry-after': expect.stringMatching(/^\d+$/)
  })
  expect((await check(browser, 'news')).status).toBe(200)
  away = true
  const failed = await check(browser, 'news')
  expect(failed.status).toBe(503)
  expect(failed.headers).toMatchObject(readableBy('news'))
})

test.each<[string, string | number]>([
  ['1', 1],
  ['37162', 37162],
  ['9007199254740991', 9007199254740991],
  ['9007199254740992', '9007199254740992'],
  ['99999999999999999', '99999999999999999'],
  ['0', '0'],
  ['007', '007'],
  ['-1', '-1'],
  ['1.5', '1.5'],
  ['1e3', '1e3'],
  ['0x10', '0x10'],
  [' 1', ' 1'],
  ['1\n', '1\n'],
  ['', ''],
  ['u-ola', 'u-ola']
])('the sub %j is the userId %j', (sub, userId) => {
  expect(platformUserId(sub)).toBe(userId)
})
