import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { UtgangError } from '../../src/errors.ts'
import type { Answer, Browser } from '../support/browser.ts'
import { alive, dead, type SignedIn, signIn, usesOf } from '../support/sign-in.ts'
import { advance, openSystem, startSystem, type TestSystem } from '../support/system.ts'
import {
  bytesOf,
  called,
  config,
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

interface Person extends SignedIn {
  browser: Browser
  uid: string
}

/** Somebody who is signed in at a client, in a browser of which a page of another site sends the SDK's cookie alone. */
async function person(clientId = 'market'): Promise<Person> {
  const browser = at.browser()
  const it = await signIn(at, browser, clientId)
  const uid = (await at.sessionOf(browser))?.uid ?? ''
  browser.keepOnly(sdkCookie)
  return { ...it, browser, uid }
}

const isLive = async (uid: string): Promise<boolean> =>
  (await at.storage.findSession(uid, systemClock.now())) !== undefined

const logout = (browser: Browser, clientId = 'market', more?: Tag): Promise<Answer> =>
  tag(browser, '/ajax/logout.js', clientId, more)

const done = (receipt: unknown) => ({
  result: true,
  serverTime: expect.any(Number),
  receipt,
  sig: expect.any(String)
})

test('the session that the handle names ends, its RPs are owed a notice, and the cookie becomes a mark', async () => {
  const ola = await person()
  const before = ola.browser.cookie(sdkCookie)
  const answer = await logout(ola.browser)
  const receipt = String(answer.headers['utgang-receipt'])
  expect(answer.status).toBe(200)
  expect(called(answer).reply).toEqual(done(receipt))
  expect(await isLive(ola.uid)).toBe(false)
  expect(await at.storage.findReceipt(receipt)).toMatchObject({ cause: 'sdk' })
  const owed = await at.storage.listDeliveries(receipt)
  expect(owed.map(it => [it.clientId, it.sid, it.state])).toEqual([['market', ola.sid, 'pending']])
  expect(ola.browser.cookie(sdkCookie)).toMatch(/^[\w-]{43}$/)
  expect(ola.browser.cookie(sdkCookie)).not.toBe(before)
  expect(called(await tag(ola.browser, '/ajax/hasSession.js', 'market')).reply).toEqual(noSession)
})

test('with its sign secret a client checks who signed the end, and of which receipt; another’s is not signed', async () => {
  for (const clientId of ['market', 'news']) {
    const ola = await person(clientId)
    const again = ola.browser.copy()
    // Done, done already, nothing there to be done.
    for (const browser of [ola.browser, again, ola.browser]) {
      const { sig, ...fields } = called(await logout(browser, clientId)).reply
      expect(fields.result).toBe(true)
      expect(signedIn(sig)).toEqual(
        clientId === 'market' ? { ...fields, algorithm: 'HMAC-SHA256' } : undefined
      )
    }
  }
})

/** What `market` signed; undefined for what is not signed, or not with its secret. */
function signedIn(sig: unknown): unknown {
  const [mac, payload = ''] = String(sig).split('.')
  if (mac !== createHmac('sha256', signSecret).update(payload).digest('base64url')) return undefined
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
}

test('the audit says that it was a script tag, and of whose page', async () => {
  const ola = await person()
  const answer = await logout(ola.browser)
  const entries = await at.storage.listAudit({ limit: 10, event: 'logout' })
  const entry = entries.find(it => it.logoutId === answer.headers['utgang-receipt'])
  expect(entry).toMatchObject({
    clientId: 'market',
    sub: 'u-ola',
    ip: '127.0.0.1',
    requestId: answer.headers['x-request-id'],
    detail: { cause: 'sdk', found_by: 'cookie', sent_by: 'script_tag' }
  })
})

test('this session alone: bound tokens die, the others and other browsers’ sessions live', async () => {
  const browser = at.browser()
  const news = await signIn(at, browser, 'news')
  const market = await signIn(at, browser, 'market')
  const elsewhere = await person()
  await logout(browser, 'news')
  expect(await usesOf(at, market)).toEqual(dead)
  expect(await usesOf(at, news)).toEqual(alive)
  expect(await isLive(elsewhere.uid)).toBe(true)
  expect(await usesOf(at, elsewhere)).toEqual(alive)
})

test('the session is over at the server, also for its own cookie', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'news')
  const own = browser.copy()
  browser.keepOnly(sdkCookie)
  await logout(browser, 'news')
  expect(await at.sessionOf(own)).toBeUndefined()
  expect((await own.go('/')).text).not.toContain('Ola')
})

test('from the same site: the session’s own cookie is enough, and is expired', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'market')
  browser.keepOnly('__Host-utgang')
  const answer = await logout(browser, 'market', { from: 'same-site' })
  expect(called(answer).reply).toEqual(done(answer.headers['utgang-receipt']))
  expect(browser.cookie('__Host-utgang')).toBeUndefined()
  expect(browser.cookie('__Host-utgang-receipt')).toBeDefined()
})

test('a second one ends nothing more: with the handle the same receipt, with the mark none', async () => {
  const ola = await person()
  const again = ola.browser.copy()
  const first = called(await logout(ola.browser)).reply
  expect(called(await logout(again)).reply).toEqual(done(first.receipt))
  expect(called(await logout(ola.browser)).reply).toEqual(done(null))
  const receipts = await at.storage.listAudit({ limit: 50, event: 'logout' })
  expect(receipts.filter(it => it.logoutId === first.receipt)).toHaveLength(1)
})

test('two at the same moment end it once, and both hear so', async () => {
  const ola = await person()
  const copies = Array.from({ length: 8 }, () => ola.browser.copy())
  const replies = await Promise.all(copies.map(async it => called(await logout(it)).reply))
  const [{ receipt } = {}] = replies
  expect(receipt).toEqual(expect.any(String))
  for (const reply of replies) expect(reply).toEqual(done(receipt))
})

test('without a cookie nothing is known, so nothing is claimed, and no mark is put there', async () => {
  for (const from of ['cross-site', 'same-site'] as const) {
    const answer = await logout(at.browser(), 'market', { from })
    expect(called(answer).reply).toEqual(noSession)
    expect(answer.setCookies).toEqual([])
    expect(answer.headers['set-login']).toBeUndefined()
  }
})

test.each([sdkCookie, '__Host-utgang'])(
  'where %s comes twice nothing ends and nothing is claimed',
  async name => {
    const browser = at.browser()
    const ola = await signIn(at, browser, 'market')
    const value = browser.cookie(name)
    for (const cookie of [`${name}=${value}; ${name}=${mark}`, `${name}=${mark}; ${name}=${value}`]) {
      const answer = await logout(browser, 'market', { headers: { cookie } })
      expect(called(answer).reply).toEqual(noSession)
      expect(answer.setCookies).toEqual([])
    }
    expect(await at.sessionOf(browser)).toBeDefined()
    expect(await usesOf(at, ola)).toEqual(alive)
  }
)

test('a client that is not connected ends nothing, and hears what a stranger hears', async () => {
  const ola = await person('news')
  advance(0)
  expect(bytesOf(await logout(ola.browser, 'asking'))).toEqual(bytesOf(await logout(at.browser(), 'asking')))
  expect(await isLive(ola.uid)).toBe(true)
})

test('a client that asks before every logout cannot do it by a script', async () => {
  const ola = await person('careful')
  expect(called(await logout(ola.browser, 'careful')).reply.error?.code).toBe(403)
  expect(await isLive(ola.uid)).toBe(true)
})

test('a storage that is away: the page is called back, nothing ended, no cookie changed, and the next try succeeds', async () => {
  let away = false
  const own = await startSystem({
    config,
    wrapStorage: storage => ({
      ...storage,
      end: (...args) => (away ? Promise.reject(new UtgangError('storage_unavailable')) : storage.end(...args))
    })
  })
  const browser = own.browser()
  await signIn(own, browser, 'market')
  away = true
  const answer = await logout(browser)
  expect(answer.status).toBe(200)
  expect(answer.setCookies).toEqual([])
  expect(answer.headers['set-login']).toBeUndefined()
  expect(called(answer).reply).toMatchObject({ error: { code: 503 }, response: { result: false } })
  expect(await own.sessionOf(browser)).toBeDefined()
  away = false
  expect(called(await logout(browser)).reply.result).toBe(true)
})

test('too many from one address: the page is called back with 429, and nothing ends', async () => {
  const own = await startSystem({ config })
  const browser = own.browser()
  await signIn(own, browser, 'market')
  for (let i = 0; i < 3; i++) await Promise.all(Array.from({ length: 100 }, () => logout(own.browser())))
  const answer = await logout(browser)
  expect([answer.status, answer.headers['retry-after']]).toEqual([200, expect.stringMatching(/^\d+$/)])
  expect(called(answer).reply).toMatchObject({ error: { code: 429 }, response: { result: false } })
  expect(await own.sessionOf(browser)).toBeDefined()
})

test('the receipt is that of any logout: its client reads it, authenticated', async () => {
  const ola = await person()
  const { receipt } = called(await logout(ola.browser)).reply
  const read = await at.ask(`/logout/receipts?sid=${ola.sid}`, {
    basic: ['market', 'market-secret-of-the-tests']
  })
  expect(read.json()).toMatchObject({ id: receipt })
})
