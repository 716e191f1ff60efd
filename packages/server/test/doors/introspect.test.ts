import { request } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { hashSecret } from '../../src/storage/secrets.ts'
import { clients, issuer, secretOf } from '../support/fixtures.ts'
import { authenticated, signIn, token } from '../support/sign-in.ts'
import { advance, openSystem, startSystem, type TestSystem } from '../support/system.ts'
import { loginApi, serverToken } from './tokens.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem({
    config: {
      clients: [
        ...clients,
        {
          client_id: 'blind',
          client_secret: secretOf('blind'),
          grant_types: ['client_credentials'],
          introspects: false
        },
        { client_id: 'api-one', client_secret: secretOf('api-one'), grant_types: ['client_credentials'] },
        { client_id: 'api-two', client_secret: secretOf('api-two'), grant_types: ['client_credentials'] }
      ]
    }
  })
})
afterAll(() => at.close())

const as = (clientId: string): [string, string] => [clientId, secretOf(clientId)]
const introspect = (clientId: string, value: string, more: Record<string, string> = {}) =>
  at.ask('/oauth/introspect', { basic: as(clientId), form: { token: value, ...more } })
const isActive = async (clientId: string, value: string): Promise<unknown> =>
  (await introspect(clientId, value)).json().active

test('INT-01: it takes a POST with a form, from a client that proved itself and may', async () => {
  const { accessToken } = await signIn(at, at.browser(), 'news')
  const form = { token: accessToken }
  const get = await at.ask(`/oauth/introspect?token=${accessToken}`, { basic: as('news') })
  expect([get.status, get.headers.allow]).toEqual([405, 'POST'])
  for (const asking of [
    { form },
    { form: { ...form, client_id: 'news' } },
    { form: { ...form, client_id: 'app' } }
  ]) {
    const answer = await at.ask('/oauth/introspect', asking)
    expect([answer.status, answer.json().error]).toEqual([401, 'invalid_client'])
    expect(answer.headers['www-authenticate']).toBe('Basic realm="utgang"')
  }
  const blind = await introspect('blind', accessToken)
  expect([blind.status, blind.json().error]).toEqual([403, 'unauthorized_client'])
  const json = await request(`${at.origin}/oauth/introspect`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(as('news').join(':'))}` },
    body: JSON.stringify(form)
  })
  expect([json.statusCode, ((await json.body.json()) as { error: string }).error]).toEqual([
    400,
    'invalid_request'
  ])
  const empty = await at.ask('/oauth/introspect', { basic: as('news'), form: {} })
  expect([empty.status, empty.json().error]).toEqual([400, 'invalid_request'])
})

test("INT-02: every token that is not active, or not the caller's business, gets the very same bytes", async () => {
  const expired = await signIn(at, at.browser(), 'news')
  advance(3601)
  const foreign = await signIn(at, at.browser(), 'market')
  const loggedOut = await signIn(at, at.browser(), 'news')
  await at.ask('/api/2/logout', { bearer: loggedOut.accessToken })
  const revoked = await signIn(at, at.browser(), 'news')
  await at.ask('/oauth/revoke', { basic: as('news'), form: { token: revoked.accessToken } })
  const live = await signIn(at, at.browser(), 'news')
  const answers = []
  for (const value of [
    'unknown',
    '{"not": "a token"}',
    foreign.accessToken,
    foreign.refreshToken,
    loggedOut.accessToken,
    loggedOut.refreshToken,
    revoked.accessToken,
    expired.accessToken,
    live.code,
    live.idToken
  ]) {
    const { status, text, headers } = await introspect('news', value)
    const { date: _date, 'x-request-id': _id, ...rest } = headers
    answers.push(JSON.stringify({ status, text, rest }))
  }
  expect(new Set(answers).size).toBe(1)
  expect(JSON.parse(answers[0] ?? '')).toMatchObject({ status: 200, text: '{"active":false}' })
})

test('INT-03: an active access token is described', async () => {
  const it = await signIn(at, at.browser(), 'news')
  const now = systemClock.now()
  expect((await introspect('news', it.accessToken, { token_type_hint: 'refresh_token' })).json()).toEqual({
    active: true,
    token_type: 'Bearer',
    client_id: 'news',
    scope: 'openid profile email',
    sub: 'u-ola',
    username: 'ola@example.test',
    aud: ['news'],
    iss: issuer,
    iat: expect.closeTo(now, -1),
    nbf: expect.closeTo(now, -1),
    exp: expect.closeTo(now + 3600, -1),
    jti: expect.stringMatching(/^[\w-]{22}$/),
    sid: it.sid
  })
})

test('INT-03: a refresh token, one of a login API and a server token are described', async () => {
  const it = await signIn(at, at.browser(), 'news', { params: { scope: 'openid' } })
  const refresh = (await introspect('news', it.refreshToken)).json()
  expect(refresh).toMatchObject({ active: true, token_type: 'refresh_token', sub: 'u-ola', sid: it.sid })
  // The address was not asked for, so it is not told.
  expect(refresh).not.toHaveProperty('username')
  const login = (await introspect('phone', (await loginApi(at)).accessToken)).json()
  expect(login).toMatchObject({ active: true, client_id: 'phone', sub: 'u-ola' })
  expect(login).not.toHaveProperty('sid')
  const server = (await introspect('backend', await serverToken(at))).json()
  expect(server).toMatchObject({ active: true, client_id: 'backend', sub: 'backend' })
  expect(server).not.toHaveProperty('username')
})

test('INT-04: not a moment longer active than the session that it is bound to', async () => {
  const browser = at.browser()
  const it = await signIn(at, browser, 'market')
  expect(await isActive('market', it.accessToken)).toBe(true)
  await browser.visit('/logout?client_id=market')
  expect(await isActive('market', it.accessToken)).toBe(false)
  expect(await isActive('market', it.refreshToken)).toBe(false)
})

test('INT-04: not a moment longer active than until its revocation', async () => {
  const it = await signIn(at, at.browser(), 'news')
  const revoke = (value: string) => at.ask('/oauth/revoke', { basic: as('news'), form: { token: value } })
  const both = async () => [await isActive('news', it.accessToken), await isActive('news', it.refreshToken)]
  expect(await both()).toEqual([true, true])
  await revoke(it.accessToken)
  expect(await both()).toEqual([false, true])
  await revoke(it.refreshToken)
  expect(await both()).toEqual([false, false])
})

test('INT-04: a token that is not bound outlives the session, as documented', async () => {
  const browser = at.browser()
  const it = await signIn(at, browser, 'news')
  await browser.visit('/logout?client_id=news')
  expect(await at.sessionOf(browser)).toBeUndefined()
  expect(await isActive('news', it.accessToken)).toBe(true)
})

test('INT-04: a bound token dies when its session times out', async () => {
  const it = await signIn(at, at.browser(), 'market', { remember: false })
  advance(2 * 3600 - 5)
  expect(await isActive('market', it.refreshToken)).toBe(true)
  advance(10)
  expect(await isActive('market', it.refreshToken)).toBe(false)
})

test('INT-04: inactive from the second of its expiry on', async () => {
  const it = await signIn(at, at.browser(), 'news')
  const { exp } = (await introspect('news', it.accessToken)).json<{ exp: number }>()
  advance(exp - systemClock.now() - 1)
  expect(await isActive('news', it.accessToken)).toBe(true)
  advance(1)
  expect(await isActive('news', it.accessToken)).toBe(false)
})

test('INT-04: a refresh token that was rotated away is inactive', async () => {
  const it = await signIn(at, at.browser(), 'app')
  const hash = hashSecret(it.refreshToken)
  const row = await at.storage.findTokenRow(hash)
  if (!row) throw new Error('no token')
  // Only public clients rotate, and they may not introspect: somebody for whom the token is meant asks.
  const payload = { ...row.payload, aud: 'api-one' }
  await at.storage.saveToken({ ...row, payload }, systemClock.now())
  expect(await isActive('api-one', it.refreshToken)).toBe(true)
  await token(at, 'app', { grant_type: 'refresh_token', refresh_token: it.refreshToken })
  expect(await isActive('api-one', it.refreshToken)).toBe(false)
})

test('INT-05: a resource server sees the tokens that were issued for it, and no others', async () => {
  const it = await signIn(at, at.browser(), 'news')
  const row = await at.storage.findTokenRow(hashSecret(it.accessToken))
  if (!row) throw new Error('no token')
  const forOne = { ...row, hash: hashSecret('for one'), payload: { ...row.payload, aud: 'api-one' } }
  const forBoth = {
    ...row,
    hash: hashSecret('for both'),
    payload: { ...row.payload, aud: ['api-one', 'api-two'] }
  }
  for (const made of [forOne, forBoth]) await at.storage.saveToken(made, systemClock.now())
  const seen = async (value: string) => [
    await isActive('api-one', value),
    await isActive('api-two', value),
    await isActive('news', value),
    await isActive('market', value)
  ]
  expect(await seen('for one')).toEqual([true, false, true, false])
  expect(await seen('for both')).toEqual([true, true, true, false])
  expect(await seen(it.accessToken)).toEqual([false, false, true, false])
  expect((await introspect('api-one', 'for one')).json().aud).toEqual(['api-one'])
})

test('INT-06: a bad token is never an error, bad credentials always are', async () => {
  for (const value of ['x', '%00', 'æøå', 'a'.repeat(10_000), '{"a":1}', "' OR 1=1"])
    expect((await introspect('news', value)).text).toBe('{"active":false}')
  const wrong = await at.ask('/oauth/introspect', { basic: ['news', 'wrong'], form: { token: 'x' } })
  expect([wrong.status, wrong.json().error]).toEqual([401, 'invalid_client'])
})

test('INT-07: guesses are limited for each caller; tokens that once lived are no guesses', async () => {
  const guarded = await startSystem()
  const ask = (clientId: string, value: string) =>
    guarded.ask('/oauth/introspect', { basic: as(clientId), form: { token: value } })
  const it = await signIn(guarded, guarded.browser(), 'news')
  const revoked = await signIn(guarded, guarded.browser(), 'news')
  await guarded.ask('/api/2/logout', { bearer: revoked.accessToken })
  const many = async (clientId: string, value: (n: number) => string) => {
    for (let round = 0; round < 12; round++) {
      const all = Array.from({ length: 50 }, (_, n) => ask(clientId, value(round * 50 + n)))
      for (const answer of await Promise.all(all)) expect(answer.text).toBe('{"active":false}')
    }
  }
  await many('news', () => revoked.accessToken)
  expect((await ask('news', it.accessToken)).json().active).toBe(true)
  await many('news', n => `guess ${n}`)
  const limited = await ask('news', 'one more')
  expect([limited.status, limited.json().error]).toEqual([429, 'too_many_requests'])
  expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0)
  expect(limited.headers['cache-control']).toBe('no-store')
  // Whoever sends rubbish to an API keeps it from nobody's token, alive or dead.
  expect((await ask('news', it.accessToken)).json().active).toBe(true)
  expect((await ask('news', revoked.accessToken)).text).toBe('{"active":false}')
  // Nobody else has to wait for it.
  expect((await ask('market', 'a guess')).status).toBe(200)
})

test('INT-07: no answer may be kept', async () => {
  const it = await signIn(at, at.browser(), 'news')
  for (const value of [it.accessToken, 'unknown'])
    expect((await introspect('news', value)).headers['cache-control']).toBe('no-store')
})

test('INT-08: discovery names the endpoint and how to authenticate there', async () => {
  for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'])
    expect((await at.ask(path)).json()).toMatchObject({
      introspection_endpoint: `${issuer}/oauth/introspect`,
      introspection_endpoint_auth_methods_supported: [
        'client_secret_basic',
        'client_secret_post',
        'private_key_jwt'
      ]
    })
})

test('a client that was disabled is told nothing, and its tokens are dead', async () => {
  const closing = await startSystem()
  const it = await signIn(closing, closing.browser(), 'news')
  await closing.system.heart.end({ name: 'client_disabled', clientId: 'news' })
  const answer = await closing.ask('/oauth/introspect', authenticated('news', { token: it.accessToken }))
  expect(answer.json().error).toBe('invalid_client')
  expect((await closing.ask('/api/2/me', { bearer: it.accessToken })).status).toBe(401)
})
