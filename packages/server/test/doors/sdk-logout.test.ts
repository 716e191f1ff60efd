import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Browser, From } from '../support/browser.ts'
import { alive, dead, type SignedIn, signIn, usesOf } from '../support/sign-in.ts'
import { advance, openSystem, startSystem, type TestSystem } from '../support/system.ts'
import { check, logout, origin, sdkClients } from './sdk-kit.ts'

const sdkCookie = '__Host-utgang-sdk'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem({ config: { clients: sdkClients } })
})
afterAll(() => at.close())

interface Person extends SignedIn {
  browser: Browser
  uid: string
}

/** Somebody who is signed in at the client, in a browser of which a page of another site sends the SDK's cookie alone. */
async function person(clientId = 'forum', options: { email?: string } = {}): Promise<Person> {
  const browser = at.browser()
  const it = await signIn(at, browser, clientId, options)
  const uid = (await at.sessionOf(browser))?.uid ?? ''
  browser.keepOnly(sdkCookie)
  return { ...it, browser, uid }
}

const isLive = async (uid: string): Promise<boolean> =>
  (await at.storage.findSession(uid, Math.floor(Date.now() / 1000))) !== undefined

const tokensOf = (it: SignedIn) => ({ access_token: it.accessToken, id_token_hint: it.idToken })

describe('by the cookie', () => {
  test('the session that the handle names ends, its RPs are owed a notice, and the cookie becomes a mark', async () => {
    const ola = await person()
    const before = ola.browser.cookie(sdkCookie)
    const answer = await logout(ola.browser, 'forum')
    const receipt = answer.headers['utgang-receipt']
    expect(answer.status).toBe(200)
    expect(answer.json()).toEqual({ ended: true, by: 'cookie', receipt, server_time: expect.any(Number) })
    expect(await isLive(ola.uid)).toBe(false)
    expect((await at.storage.findReceipt(String(receipt)))?.cause).toBe('sdk')
    const owed = await at.storage.listDeliveries(String(receipt))
    expect(owed.map(it => [it.clientId, it.sid, it.state])).toEqual([['forum', ola.sid, 'pending']])
    const mark = ola.browser.cookie(sdkCookie)
    expect(mark).toMatch(/^[\w-]{43}$/)
    expect(mark).not.toBe(before)
    expect((await check(ola.browser, 'forum', {}, 'cross-site')).json().status).toBe('notConnected')
  })

  test('the answer is for the page of the client alone, and kept by nobody', async () => {
    const ola = await person()
    expect((await logout(ola.browser, 'forum')).headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'Retry-After, Utgang-Receipt',
      vary: 'Origin',
      'cache-control': 'no-store',
      'set-login': 'logged-out'
    })
  })

  test('the same site sends the session’s own cookie too: that is expired', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'forum')
    const answer = await logout(browser, 'forum', {}, { from: 'same-site' })
    expect(answer.json()).toMatchObject({ ended: true, by: 'cookie' })
    expect(browser.cookie('__Host-utgang')).toBeUndefined()
    expect(browser.cookie('__Host-utgang-receipt')).toBeDefined()
  })

  test('by the session’s own cookie alone as well', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'forum')
    browser.keepOnly('__Host-utgang')
    expect((await logout(browser, 'forum', {}, { from: 'same-site' })).json()).toMatchObject({
      ended: true,
      by: 'cookie'
    })
  })

  test('a second call ends nothing more and answers with the same receipt', async () => {
    const ola = await person()
    const again = ola.browser.copy()
    const first = (await logout(ola.browser, 'forum')).json()
    // Two clicks: both carry the handle.
    expect((await logout(again, 'forum')).json()).toMatchObject({ ...first, server_time: expect.any(Number) })
    // After the mark has come there is no session to name, and nothing to give a receipt for.
    expect((await logout(ola.browser, 'forum')).json()).toMatchObject({
      ended: true,
      by: 'cookie',
      receipt: null
    })
  })

  test('tokens that are not bound live on, bound ones die', async () => {
    const browser = at.browser()
    const forum = await signIn(at, browser, 'forum')
    const market = await signIn(at, browser, 'market')
    await logout(browser, 'forum')
    expect(await usesOf(at, forum)).toEqual(alive)
    expect(await usesOf(at, market)).toEqual(dead)
  })

  test('an access token that the page shows dies with its grant', async () => {
    const ola = await person()
    expect(await usesOf(at, ola)).toEqual(alive)
    await logout(ola.browser, 'forum', { access_token: ola.accessToken })
    expect(await usesOf(at, ola)).toEqual(dead)
  })

  test('a token of somebody else is left alone, and the audit says so', async () => {
    const kari = await person('forum', { email: 'kari@example.test' })
    const ola = await person()
    const { receipt } = (await logout(ola.browser, 'forum', tokensOf(kari))).json()
    expect(await usesOf(at, kari)).toEqual(alive)
    expect(await isLive(ola.uid)).toBe(false)
    const [entry] = (await at.storage.listAudit({ limit: 5, event: 'logout' })).filter(
      it => it.logoutId === receipt
    )
    expect(entry?.detail).toMatchObject({
      cause: 'sdk',
      found_by: 'cookie',
      token_left_alone: 'of_another_user'
    })
  })

  test('for a client that asks before every logout nothing ends: the redirect has the page that asks', async () => {
    const ola = await person('careful')
    expect((await logout(ola.browser, 'careful-sdk')).json()).toEqual({
      ended: false,
      server_time: expect.any(Number)
    })
    expect(await isLive(ola.uid)).toBe(true)
    // Once nobody is signed in there is nothing to ask.
    const after = ola.browser.copy()
    await logout(ola.browser, 'forum')
    expect((await logout(after, 'careful-sdk')).json()).toMatchObject({ ended: true, by: 'cookie' })
  })

  test('a client that is not connected ends nothing, and hears what a stranger hears', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'news')
    const uid = (await at.sessionOf(browser))?.uid ?? ''
    browser.keepOnly(sdkCookie)
    advance(0)
    const bytes = ({ headers: { date: _d, 'x-request-id': _i, ...headers }, status, text }: Answer) => ({
      headers,
      status,
      text
    })
    const stranger = at.browser()
    expect(bytes(await logout(browser, 'asking-sdk'))).toEqual(bytes(await logout(stranger, 'asking-sdk')))
    expect(await isLive(uid)).toBe(true)
  })
})

describe('by access token and ID Token together, where no cookie came', () => {
  test('the session of both ends', async () => {
    const ola = await person()
    const answer = await logout(at.browser(), 'forum', tokensOf(ola))
    expect(answer.json()).toMatchObject({ ended: true, by: 'token', receipt: expect.any(String) })
    expect(answer.setCookies).toEqual([])
    expect(await isLive(ola.uid)).toBe(false)
    expect(await usesOf(at, ola)).toEqual(dead)
    // Once more: the dead token still shows that its own session has ended.
    expect((await logout(at.browser(), 'forum', tokensOf(ola))).json()).toMatchObject({
      ended: true,
      by: 'token',
      receipt: answer.json().receipt
    })
  })

  test.each<[string, (ola: Person, other: Person, elsewhere: SignedIn) => Record<string, unknown>]>([
    ['an access token alone', ola => ({ access_token: ola.accessToken })],
    ['an ID Token alone', ola => ({ id_token_hint: ola.idToken })],
    ['an ID Token of another session', (ola, other) => ({ ...tokensOf(ola), id_token_hint: other.idToken })],
    [
      'an access token of another session',
      (ola, other) => ({ ...tokensOf(ola), access_token: other.accessToken })
    ],
    ['tokens of another client', (_ola, _other, elsewhere) => tokensOf(elsewhere)],
    [
      'an ID Token of another client',
      (ola, _o, elsewhere) => ({ ...tokensOf(ola), id_token_hint: elsewhere.idToken })
    ],
    [
      'an access token of another client',
      (ola, _o, elsewhere) => ({ ...tokensOf(ola), access_token: elsewhere.accessToken })
    ],
    ['a refresh token', ola => ({ ...tokensOf(ola), access_token: ola.refreshToken })],
    [
      'an ID Token that was changed',
      ola => ({ ...tokensOf(ola), id_token_hint: `${ola.idToken.slice(0, -4)}AAAA` })
    ],
    ['nothing', () => ({})],
    ['empty ones', () => ({ access_token: '', id_token_hint: '' })]
  ])('%s is not enough: nothing ends', async (_what, body) => {
    const browser = at.browser()
    const ola = await signIn(at, browser, 'forum')
    const elsewhere = await signIn(at, browser, 'market')
    const uid = (await at.sessionOf(browser))?.uid ?? ''
    const other = await person()
    const answer = await logout(at.browser(), 'forum', body({ ...ola, browser, uid }, other, elsewhere))
    expect(answer.json()).toEqual({ ended: false, server_time: expect.any(Number) })
    expect([await isLive(uid), await isLive(other.uid)]).toEqual([true, true])
    expect(await usesOf(at, ola)).toEqual(alive)
  })

  test('a revoked access token ends no live session', async () => {
    const ola = await person()
    await at.ask('/api/2/logout', { bearer: ola.accessToken })
    expect((await logout(at.browser(), 'forum', tokensOf(ola))).json().ended).toBe(false)
    expect(await isLive(ola.uid)).toBe(true)
  })

  test('a mark that was left over does not keep a page from ending its own session', async () => {
    const ola = await person()
    const stale = await person()
    await logout(stale.browser, 'forum')
    expect((await logout(stale.browser, 'forum', tokensOf(ola))).json()).toMatchObject({
      ended: true,
      by: 'token'
    })
    expect(await isLive(ola.uid)).toBe(false)
  })
})

describe('refused, and nothing ends', () => {
  interface Odd {
    headers?: Record<string, string | undefined>
    from?: From
    body?: Record<string, unknown>
    clientId?: string
  }
  test.each<[string, Odd, number, string]>([
    ['a foreign origin', { headers: { origin: 'https://evil.example' } }, 403, 'unauthorized_client'],
    ['no origin', { headers: { origin: undefined } }, 403, 'invalid_request'],
    ['an origin of a sandbox', { headers: { origin: 'null' } }, 403, 'unauthorized_client'],
    [
      'a client without sdk',
      { clientId: 'news', headers: { origin: 'https://news.example' } },
      400,
      'unauthorized_client'
    ],
    ['no client that is known', { clientId: 'nobody' }, 400, 'unauthorized_client'],
    ['another client in the body', { body: { client_id: 'wide' } }, 400, 'invalid_request'],
    ['a form', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415, 'invalid_request'],
    ['text', { headers: { 'content-type': 'text/plain' } }, 415, 'invalid_request'],
    [
      'a type that begins like JSON',
      { headers: { 'content-type': 'application/json-seq' } },
      415,
      'invalid_request'
    ],
    ['no CORS request', { headers: { 'sec-fetch-mode': 'no-cors' } }, 403, 'invalid_request'],
    ['a navigation', { headers: { 'sec-fetch-mode': 'navigate' } }, 403, 'invalid_request'],
    ['a value that is no text', { body: { access_token: 7 } }, 400, 'invalid_request'],
    ['a list of values', { body: { access_token: ['a', 'b'] } }, 400, 'invalid_request']
  ])('%s', async (_what, { headers, from, body, clientId = 'forum' }, status, error) => {
    const ola = await person()
    const answer = await logout(ola.browser, clientId, body, { from, headers })
    expect([answer.status, answer.json().error]).toEqual([status, error])
    expect(answer.setCookies).toEqual([])
    expect(await isLive(ola.uid)).toBe(true)
    // The control: the same browser, rightly asked.
    expect((await logout(ola.browser, 'forum')).json().ended).toBe(true)
  })

  test.each(['', '[]', '"text"', '7', '{', 'null'])('the body %j', async body => {
    const ola = await person()
    const { request } = await import('undici')
    const answer = await request(`${at.origin}/sdk/logout?client_id=forum`, {
      method: 'POST',
      headers: {
        origin,
        'content-type': 'application/json',
        cookie: `${sdkCookie}=${ola.browser.cookie(sdkCookie)}`
      },
      body
    })
    const text = await answer.body.text()
    // No body, or an empty one, is a logout without tokens.
    const isEmpty = body === 'null'
    expect([body, answer.statusCode, text.includes('"ended":true')]).toEqual([
      body,
      isEmpty ? 200 : 400,
      isEmpty
    ])
    expect(await isLive(ola.uid)).toBe(!isEmpty)
  })

  test('GET is not there', async () => {
    const ola = await person()
    const answer = await ola.browser.go('/sdk/logout?client_id=forum', { headers: { origin } })
    expect([answer.status, answer.headers.allow]).toEqual([405, expect.stringContaining('POST')])
    expect(await isLive(ola.uid)).toBe(true)
  })

  test('a storage that is away: 503, nothing ended, no cookie changed, readable for the page', async () => {
    let broken = false
    const system = await startSystem({
      config: { clients: sdkClients },
      wrapStorage: storage =>
        new Proxy(storage, {
          get: (target, name) =>
            name === 'end' && broken
              ? () => Promise.reject(new Error('the disk is full'))
              : Reflect.get(target, name)
        })
    })
    const browser = system.browser()
    await signIn(system, browser, 'forum')
    broken = true
    const answer = await logout(browser, 'forum')
    expect(answer.status).toBeGreaterThanOrEqual(500)
    expect(answer.setCookies).toEqual([])
    expect(answer.headers['access-control-allow-origin']).toBe(origin)
    expect(await system.sessionOf(browser)).toBeDefined()
  })
})

describe('the preflight', () => {
  const ask = (from: string) =>
    at.ask('/sdk/logout', {
      method: 'OPTIONS',
      headers: {
        origin: from,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type'
      }
    })

  test('is answered to origins of clients with sdk, and kept by the browser', async () => {
    const answer = await ask(origin)
    expect(answer.status).toBe(204)
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type',
      'access-control-max-age': '7200',
      vary: 'Origin'
    })
  })

  test.each([
    'https://evil.example',
    'https://news.example',
    'null',
    'https://forum.example.evil.example',
    'http://forum.example'
  ])('is refused to %s', async from => {
    const answer = await ask(from)
    expect(answer.status).toBe(403)
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
  })
})

test('too many from one address have to wait, and the page can read for how long', async () => {
  const system = await startSystem({ config: { clients: sdkClients } })
  const answers: Answer[] = []
  for (let i = 0; i < 31; i++)
    answers.push(...(await Promise.all(Array.from({ length: 10 }, () => logout(system.browser(), 'forum')))))
  const refused = answers.filter(it => it.status === 429)
  expect(refused).toHaveLength(10)
  expect(refused[0]?.headers).toMatchObject({
    'retry-after': expect.stringMatching(/^\d+$/),
    'access-control-allow-origin': origin
  })
})
