import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { UtgangError } from '../../src/errors.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { signIn } from '../support/sign-in.ts'
import { advance, openSystem, startSystem, type TestSystem } from '../support/system.ts'
import {
  bytesOf,
  called,
  config,
  hostileName,
  mark,
  noSession,
  sdkCookie,
  signSecret,
  type Tag,
  tag
} from './legacy-kit.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem({ config })
})
afterAll(() => at.close())

const ask = (browser: ReturnType<TestSystem['browser']>, clientId: string, more?: Tag) =>
  tag(browser, '/ajax/hasSession.js', clientId, more)

/** The unsigned fields of a session, as `market` and `news` are told of it. */
const told = {
  result: true,
  serverTime: expect.any(Number),
  expiresIn: 60,
  userStatus: 'connected',
  userId: 'u-ola',
  uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
  displayName: 'Ola Nordmann',
  clientAgreementAccepted: true,
  defaultAgreementAccepted: true
}

test.each(['/ajax/hasSession.js', '/rpc/hasSession.js'])(
  '%s tells a connected client the session, bare, and no more of the user than it needs',
  async path => {
    const browser = at.browser()
    await signIn(at, browser, 'news')
    browser.keepOnly(sdkCookie)
    const query = { autologin: '1', v: '2.6.0' }
    expect(called(await tag(browser, path, 'news', { query })).reply).toEqual(told)
  }
)

test('the same by the session’s own cookie, where a page of the same site sends it', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'news')
  browser.keepOnly('__Host-utgang')
  expect(called(await ask(browser, 'news', { from: 'same-site' })).reply).toEqual(told)
})

test('with its sign secret a client checks who signed, and what', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'market')
  const { sig, ...fields } = called(await ask(browser, 'market')).reply
  expect(fields).toEqual(told)
  const [mac, payload = '', ...more] = String(sig).split('.')
  expect(more).toEqual([])
  expect(mac).toBe(createHmac('sha256', signSecret).update(payload).digest('base64url'))
  expect(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))).toEqual({
    ...fields,
    algorithm: 'HMAC-SHA256'
  })
})

test('two clients know a user by different uuids, and each by the same one every time', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'news')
  const uuid = async (clientId: string) => called(await ask(browser, clientId)).reply.uuid
  const [news, market, again] = [await uuid('news'), await uuid('market'), await uuid('news')]
  expect(news).not.toBe(market)
  expect(again).toBe(news)
})

test('a user whose sub is a number has a number for userId, every time', async () => {
  for (let i = 0; i < 2; i++) {
    const browser = at.browser()
    await signIn(at, browser, 'news', { email: 'number@example.test' })
    expect(called(await ask(browser, 'news')).reply.userId).toBe(4711)
  }
})

test('a name cannot get out of the script', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'market', { email: 'hostile@example.test' })
  const answer = await ask(browser, 'market')
  expect(answer.text).not.toMatch(/[<\u2028\u2029]/)
  expect(called(answer).reply.displayName).toBe(hostileName)
})

/** What is told of a browser that holds the SDK's cookie or none, by what there is of a session. */
test.each<[string, string, boolean]>([
  ['a browser without cookies', 'empty', false],
  ['a session that ended', 'dead', false],
  ['a mark of a logout', 'mark', false],
  ['a handle that nobody gave out', 'forged', false],
  ['a live session', 'live', true]
])('%s: a session? (%s)', async (_what, holds, found) => {
  const browser = at.browser()
  if (holds === 'mark' || holds === 'forged') browser.setCookie(sdkCookie, mark)
  if (holds === 'dead' || holds === 'live') await signIn(at, browser, 'news')
  const before = browser.copy()
  if (holds === 'dead') await browser.visit('/logout?client_id=news')
  for (const from of ['cross-site', 'same-site'] as const) {
    const { reply } = called(await ask(before, 'news', { from }))
    expect(reply).toEqual(found ? told : noSession)
  }
})

test('a client that is not connected gets the very bytes of a stranger', async () => {
  advance(0)
  const browser = at.browser()
  await signIn(at, browser, 'news')
  const uid = (await at.sessionOf(browser))?.uid ?? ''
  for (const from of ['cross-site', 'same-site'] as const)
    for (const path of ['/ajax/hasSession.js', '/rpc/hasSession.js']) {
      const answer = bytesOf(await tag(browser, path, 'asking', { from }))
      expect(answer).toEqual(bytesOf(await tag(at.browser(), path, 'asking', { from })))
    }
  expect(called(await ask(browser, 'asking')).reply).toEqual(noSession)
  expect(await at.storage.isJoined(uid, 'asking')).toBe(false)
  // With the consent on record it hears who it is, and joins the session.
  await at.storage.saveConsent({ sub: 'u-ola', clientId: 'asking', scopes: ['openid'] }, 1)
  expect(called(await ask(browser, 'asking')).reply).toEqual(told)
  expect(await at.storage.isJoined(uid, 'asking')).toBe(true)
})

test('the first answer makes the client an RP of the session, so that it is told of the end', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'news')
  const uid = (await at.sessionOf(browser))?.uid ?? ''
  await Promise.all(Array.from({ length: 5 }, () => ask(browser, 'market')))
  expect((await at.storage.sessionClients(uid)).map(it => it.clientId).toSorted()).toEqual(['market', 'news'])
})

test('a refused page does not make its client an RP', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'news')
  const uid = (await at.sessionOf(browser))?.uid ?? ''
  await ask(browser, 'market', { headers: { referer: 'https://evil.example/' } })
  await ask(browser, 'market', { headers: { 'sec-fetch-dest': 'image' } })
  expect(await at.storage.isJoined(uid, 'market')).toBe(false)
})

test.each([sdkCookie, '__Host-utgang'])('where %s comes twice it names nobody', async name => {
  const browser = at.browser()
  await signIn(at, browser, 'news')
  const value = browser.cookie(name)
  for (const cookie of [`${name}=${value}; ${name}=${mark}`, `${name}=${mark}; ${name}=${value}`])
    expect(called(await ask(browser, 'news', { headers: { cookie } })).reply).toEqual(noSession)
  expect(called(await ask(browser, 'news', { headers: { cookie: `${name}=${value}` } })).reply).toEqual(told)
})

test('asking is no activity, and is never kept for longer than the session lasts', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'news', { remember: false })
  const expiresAt = (await at.sessionOf(browser))?.expiresAt
  const now = Math.floor(Date.now() / 1000)
  advance(Number(expiresAt) - now - 20)
  const { expiresIn } = called(await ask(browser, 'news')).reply
  expect(expiresIn).toBeGreaterThan(0)
  expect(expiresIn).toBeLessThanOrEqual(20)
  expect((await at.sessionOf(browser))?.expiresAt).toBe(expiresAt)
  advance(21)
  expect(called(await ask(browser, 'news')).reply).toEqual(noSession)
})

test('no cookie is set by an answer, whatever it is', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'news')
  for (const clientId of ['news', 'asking', 'careful'])
    expect((await ask(browser, clientId)).setCookies).toEqual([])
  browser.keepOnly()
  expect((await ask(browser, 'news')).setCookies).toEqual([])
})

test('too many misses from one address: the page is called back with 429, and whoever is signed in is never slowed', async () => {
  const own = await startSystem({ config })
  const browser = own.browser()
  await signIn(own, browser, 'news')
  const stranger = own.browser()
  for (let i = 0; i < 12; i++) await Promise.all(Array.from({ length: 100 }, () => ask(stranger, 'news')))
  const answer = await ask(stranger, 'news')
  expect([answer.status, answer.headers['retry-after']]).toEqual([200, expect.stringMatching(/^\d+$/)])
  expect(called(answer).reply.error).toMatchObject({ code: 429, type: 'ApiException' })
  expect(called(await ask(browser, 'news')).reply).toEqual(told)
  // The control: its own kind of answer is still there for what is refused before anything is looked up.
  expect(called(await ask(stranger, 'forum')).reply.error?.code).toBe(403)
})

test.each<[string, () => Error, number]>([
  ['away', () => new UtgangError('storage_unavailable'), 503],
  ['broken in a way that nobody foresaw', () => new Error('a secret of the inside'), 500]
])('a storage that is %s: the page is called back all the same', async (_what, failure, code) => {
  let failing: (keyof Storage)[] = []
  const own = await startSystem({
    config,
    wrapStorage: storage =>
      new Proxy(storage, {
        get: (target, name: keyof Storage) =>
          failing.includes(name) ? () => Promise.reject(failure()) : Reflect.get(target, name)
      })
  })
  const browser = own.browser()
  await signIn(own, browser, 'news')
  for (const name of ['findClient', 'glanceAtSession'] as const) {
    failing = [name]
    const answer = await ask(browser, 'news')
    expect(answer.status).toBe(200)
    const { reply, callback } = called(answer)
    expect(callback).toBe('f0a1b2c3')
    expect(reply.error).toMatchObject({ code, type: 'ApiException' })
    expect(reply.response?.result).toBe(false)
    expect(answer.text).not.toContain('inside')
    expect(own.logs.some(line => line.includes('"level":50'))).toBe(true)
  }
  failing = []
  expect(called(await ask(browser, 'news')).reply).toEqual(told)
})
