import { afterAll, beforeAll, expect, test } from 'vitest'
import { UtgangError } from '../../src/errors.ts'
import { secretOf } from '../support/fixtures.ts'
import {
  alive,
  answerPages,
  authenticated,
  authorization,
  codeOf,
  dead,
  redeem,
  type SignedIn,
  signIn,
  token,
  usesOf
} from '../support/sign-in.ts'
import { openSystem, startSystem, type TestSystem } from '../support/system.ts'
import { loginApi, refreshed, serverToken } from './tokens.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

const revoke = (clientId: string, value: string, more: Record<string, string> = {}) =>
  at.ask('/oauth/revoke', authenticated(clientId, { token: value, ...more }))

const isActive = async (clientId: string, value: string): Promise<unknown> =>
  (await at.ask('/oauth/introspect', authenticated(clientId, { token: value }))).json().active

/** An access token that is dead while its grant goes on. */
const onlyAccessDead = { ...dead, refresh: 200 }

test('REV-01: an access token is revoked alone', async () => {
  const it = await signIn(at, at.browser(), 'news')
  expect((await revoke('news', it.accessToken)).status).toBe(200)
  expect(await usesOf(at, it)).toEqual(onlyAccessDead)
})

test('REV-01: a refresh token is revoked, of a login API too', async () => {
  const it = await loginApi(at)
  expect((await revoke('phone', it.refreshToken)).status).toBe(200)
  expect(await usesOf(at, it)).toEqual(dead)
})

test('REV-01: a server token is revoked alone', async () => {
  const [one, two] = [await serverToken(at), await serverToken(at)]
  expect((await revoke('backend', one)).status).toBe(200)
  expect([await isActive('backend', one), await isActive('backend', two)]).toEqual([false, true])
})

test('REV-02: it takes a POST with a form, and nothing else', async () => {
  const it = await signIn(at, at.browser(), 'news')
  const basic: [string, string] = ['news', secretOf('news')]
  const get = await at.ask(`/oauth/revoke?token=${it.accessToken}`, { basic })
  expect([get.status, get.headers.allow]).toEqual([405, 'POST'])
  for (const method of ['PUT', 'DELETE', 'HEAD'] as const)
    expect((await at.ask('/oauth/revoke', { method, basic })).status).toBe(405)
  const inAddress = await at.ask(`/oauth/revoke?token=${it.accessToken}`, { basic, form: {} })
  expect([inAddress.status, inAddress.json().error]).toEqual([400, 'invalid_request'])
  const json = await fetch(`${at.origin}/oauth/revoke`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(basic.join(':'))}` },
    body: JSON.stringify({ token: it.accessToken })
  })
  expect([json.status, ((await json.json()) as { error: string }).error]).toEqual([400, 'invalid_request'])
  const twice = new URLSearchParams([
    ['token', it.accessToken],
    ['token', it.refreshToken]
  ])
  expect((await at.ask('/oauth/revoke', { basic, form: twice })).status).toBe(400)
  expect((await at.ask('/oauth/revoke', { basic, form: { token: '' } })).status).toBe(400)
  expect(await usesOf(at, it)).toEqual(alive)
})

test.each([
  ['accessToken', 'refresh_token', onlyAccessDead],
  ['accessToken', 'something_else', onlyAccessDead],
  ['refreshToken', 'access_token', dead],
  ['refreshToken', 'something_else', dead]
] as const)('REV-03: a %s is found under the hint %s', async (which, hint, after) => {
  const it = await signIn(at, at.browser(), 'news')
  expect((await revoke('news', it[which], { token_type_hint: hint })).status).toBe(200)
  expect(await usesOf(at, it)).toEqual(after)
})

test("REV-04: another client's token stays as it is", async () => {
  const it = await signIn(at, at.browser(), 'news')
  for (const value of [it.accessToken, it.refreshToken])
    for (const other of ['market', 'app']) expect((await revoke(other, value)).status).toBe(200)
  expect(await usesOf(at, it)).toEqual(alive)
})

test('REV-04: a confidential client has to authenticate', async () => {
  const it = await signIn(at, at.browser(), 'news')
  const form = { token: it.refreshToken }
  for (const asking of [
    { form: { ...form, client_id: 'news' } },
    { form },
    { form, basic: ['news', 'wrong'] as [string, string] }
  ]) {
    const answer = await at.ask('/oauth/revoke', asking)
    expect([answer.status, answer.json().error]).toEqual([401, 'invalid_client'])
  }
  expect(await usesOf(at, it)).toEqual(alive)
})

test('REV-04: a public client revokes its own by its id', async () => {
  const it = await signIn(at, at.browser(), 'app')
  expect((await revoke('app', it.refreshToken)).status).toBe(200)
  expect((await at.ask('/api/2/me', { bearer: it.accessToken })).status).toBe(401)
})

test('REV-05: with a refresh token every access token of its grant ends, and no other grant', async () => {
  const browser = at.browser()
  const it = await signIn(at, browser, 'news')
  const answer = await token(at, 'news', { grant_type: 'refresh_token', refresh_token: it.refreshToken })
  const second = answer.json<{ access_token: string }>().access_token
  const others: SignedIn[] = [await signIn(at, browser, 'market'), await signIn(at, at.browser(), 'news')]
  await revoke('news', it.refreshToken)
  expect(await usesOf(at, it)).toEqual(dead)
  expect(await isActive('news', second)).toBe(false)
  for (const other of others) expect(await usesOf(at, other)).toEqual(alive)
  // No session is touched: the next authorization needs no password, and gives a new grant.
  expect(await usesOf(at, await signIn(at, browser, 'news'))).toEqual(alive)
})

test('REV-05: a refresh token that was rotated away still names its grant', async () => {
  const it = await signIn(at, at.browser(), 'app')
  const answer = await token(at, 'app', { grant_type: 'refresh_token', refresh_token: it.refreshToken })
  const next = answer.json<{ access_token: string; refresh_token: string }>()
  await revoke('app', it.refreshToken)
  expect((await at.ask('/api/2/me', { bearer: next.access_token })).status).toBe(401)
  expect(await refreshed(at, 'app', next.refresh_token)).toBe(400)
})

test('REV-06: the answer is the same for a token that was alive, dead, foreign, or never was', async () => {
  const it = await signIn(at, at.browser(), 'news')
  const foreign = await signIn(at, at.browser(), 'market')
  const answers = []
  for (const value of [it.accessToken, it.accessToken, foreign.accessToken, it.code, it.idToken, 'unknown']) {
    const { status, text, headers } = await revoke('news', value)
    const { date: _date, 'x-request-id': _id, ...rest } = headers
    answers.push({ status, text, rest })
  }
  expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1)
  expect(answers[0]).toMatchObject({ status: 200, text: '', rest: { 'cache-control': 'no-store' } })
})

test('REV-06: a code is no token to revoke: it is answered like any other value, and still redeemed', async () => {
  const { path, verifier } = authorization('news')
  const browser = at.browser()
  const code = codeOf(await answerPages(browser, await browser.visit(path)))
  const answer = await revoke('news', code)
  expect([answer.status, answer.text]).toEqual([200, ''])
  expect(await usesOf(at, await redeem(at, 'news', code, verifier))).toEqual(alive)
})

test('REV-07: an outage is 503 with Retry-After, and the token is as alive as before', async () => {
  let broken = false
  const down = await startSystem({
    wrapStorage: storage => ({
      ...storage,
      end: (order, now) =>
        broken ? Promise.reject(new UtgangError('storage_unavailable')) : storage.end(order, now)
    })
  })
  const it = await signIn(down, down.browser(), 'news')
  broken = true
  const answer = await down.ask('/oauth/revoke', authenticated('news', { token: it.refreshToken }))
  expect([answer.status, answer.headers['retry-after'], answer.json().error]).toEqual([
    503,
    '1',
    'storage_unavailable'
  ])
  broken = false
  expect(await usesOf(down, it)).toEqual(alive)
})

test('REV-08: pages of a client with sdk may read the answer, without credentials; nobody offers JSONP', async () => {
  const origin = 'https://forum.example'
  const preflight = await at.ask('/oauth/revoke', {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST' }
  })
  expect(preflight.status).toBe(204)
  expect(preflight.headers).toMatchObject({
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'POST',
    vary: 'Origin'
  })
  const it = await signIn(at, at.browser(), 'forum')
  const from = (asked: string, clientId: string) => {
    const asking = authenticated(clientId, { token: it.accessToken, callback: 'f' })
    return at.ask('/oauth/revoke', { ...asking, headers: { origin: asked } })
  }
  const own = await from(origin, 'forum')
  expect(own.headers['access-control-allow-origin']).toBe(origin)
  expect(own.headers['access-control-allow-credentials']).toBeUndefined()
  expect(own.text).toBe('')
  expect((await from('https://evil.example', 'forum')).headers['access-control-allow-origin']).toBeUndefined()
  expect((await from('https://news.example', 'news')).headers['access-control-allow-origin']).toBeUndefined()
})

test('REV-09: the hint does not let a client look into what belongs to another', async () => {
  const foreign = await signIn(at, at.browser(), 'market')
  const hints: Record<string, string>[] = [
    {},
    { token_type_hint: 'access_token' },
    { token_type_hint: 'refresh_token' }
  ]
  for (const hint of hints) {
    const known = await revoke('news', foreign.refreshToken, hint)
    const unknown = await revoke('news', 'unknown', hint)
    expect([known.status, known.text]).toEqual([unknown.status, unknown.text])
  }
  expect(await usesOf(at, foreign)).toEqual(alive)
})

test('REV-10: discovery names the endpoint and how to authenticate there', async () => {
  for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'])
    expect((await at.ask(path)).json()).toMatchObject({
      revocation_endpoint: 'http://id.localhost:4000/oauth/revoke',
      revocation_endpoint_auth_methods_supported: [
        'none',
        'client_secret_basic',
        'client_secret_post',
        'private_key_jwt'
      ]
    })
})

test('whoever revokes never has to wait, however many unknown tokens came before', async () => {
  for (let i = 0; i < 13; i++) {
    const all = Array.from({ length: 50 }, (_, n) => revoke('market', `guess ${i} ${n}`))
    for (const answer of await Promise.all(all)) expect(answer.status).toBe(200)
  }
})
