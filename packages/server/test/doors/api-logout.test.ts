import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rowsOf } from '../logout/world.ts'
import type { Asking } from '../support/browser.ts'
import {
  alive,
  authenticated,
  authorization,
  codeOf,
  dead,
  signIn,
  token,
  usesOf
} from '../support/sign-in.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'
import { loginApi, refreshed, serverToken } from './tokens.ts'

const folder = mkdtempSync(join(tmpdir(), 'utgang-'))
const path = join(folder, 'api.db')
let at: TestSystem

beforeAll(async () => {
  at = await openSystem({ storage: `sqlite:${path}` })
})
afterAll(async () => {
  await at.close()
  rmSync(folder, { recursive: true })
})

/** Each way to hand the token over. */
const ways: [string, (token: string) => { query?: string; asking?: Asking }][] = [
  ['GET with Bearer', token => ({ asking: { bearer: token } })],
  ['POST with Bearer', token => ({ asking: { bearer: token, method: 'POST' } })],
  ['GET with oauth_token', token => ({ query: `?oauth_token=${token}` })],
  [
    'POST with oauth_token in the address',
    token => ({ query: `?oauth_token=${token}`, asking: { method: 'POST' } })
  ],
  ['POST with oauth_token in the form', token => ({ asking: { form: { oauth_token: token } } })],
  ['the same token twice', token => ({ query: `?oauth_token=${token}`, asking: { bearer: token } })],
  ["as SPiD's PHP client does it", token => ({ query: `?method=GET&oauth_token=${token}` })],
  [
    "as SPiD's iOS client does it",
    token => ({
      query: `?client_id=news&redirect_uri=x://spid/logout&platform=mobile&force=1&oauth_token=${token}`
    })
  ]
]

test.each(ways)('%s ends every token of the grant, from the very next request on', async (_name, way) => {
  const signedIn = await signIn(at, at.browser(), 'news')
  expect(await usesOf(at, signedIn)).toEqual(alive)
  const { query = '', asking } = way(signedIn.accessToken)
  const answer = await at.ask(`/api/2/logout${query}`, asking)
  expect(answer.status).toBe(200)
  expect(answer.json()).toEqual({
    name: 'SPP Container',
    version: '0.2',
    api: 2,
    object: 'Logout',
    type: 'string',
    code: 200,
    request: { reset: 0, limit: 0, remaining: 0 },
    debug: expect.objectContaining({ params: {} }),
    meta: null,
    error: null,
    data: 'OK'
  })
  expect(answer.headers['cache-control']).toBe('no-store')
  expect(await usesOf(at, signedIn)).toEqual(dead)
  // SPiD's apps know by this name that they are signed out.
  const refresh = await token(at, 'news', {
    grant_type: 'refresh_token',
    refresh_token: signedIn.refreshToken
  })
  expect(refresh.json().error).toBe('invalid_grant')
})

test('no session is touched, on any device: every column stays as it was', async () => {
  const browser = at.browser()
  const signedIn = await signIn(at, browser, 'market')
  const elsewhere = await signIn(at, at.browser(), 'market')
  const before = rowsOf(path)
  expect((await at.ask('/api/2/logout', { bearer: signedIn.accessToken })).status).toBe(200)
  const after = rowsOf(path)
  for (const table of ['sessions', 'session_clients']) {
    expect(after[table]?.length).toBeGreaterThanOrEqual(2)
    expect(JSON.stringify(after[table])).toBe(JSON.stringify(before[table]))
  }
  expect(after.deliveries).toEqual(before.deliveries)
  expect(await at.sessionOf(browser)).toMatchObject({ live: true })
  expect(await usesOf(at, elsewhere)).toEqual(alive)
})

test('other grants of the same person stay: of another app, in another browser, of a login API', async () => {
  const browser = at.browser()
  const here = await signIn(at, browser, 'news')
  const others = [
    await signIn(at, browser, 'market'),
    await signIn(at, at.browser(), 'news'),
    await loginApi(at),
    await loginApi(at)
  ]
  await at.ask('/api/2/logout', { bearer: here.accessToken })
  for (const other of others) expect(await usesOf(at, other)).toEqual(alive)
})

test('a refreshed token is of the same grant, so it ends the first one and dies with it', async () => {
  const signedIn = await signIn(at, at.browser(), 'app')
  const answer = await at.ask('/oauth/token', {
    form: { grant_type: 'refresh_token', refresh_token: signedIn.refreshToken, client_id: 'app' }
  })
  const next = answer.json<{ access_token: string; refresh_token: string }>()
  await at.ask('/api/2/logout', { bearer: next.access_token })
  expect((await at.ask('/api/2/me', { bearer: signedIn.accessToken })).status).toBe(401)
  expect((await at.ask('/api/2/me', { bearer: next.access_token })).status).toBe(401)
  expect(await refreshed(at, 'app', next.refresh_token)).toBe(400)
})

test('a token of a login API ends with its refresh token, and with nothing else', async () => {
  const [one, two] = [await loginApi(at), await loginApi(at)]
  expect((await at.ask('/api/2/logout', { bearer: one.accessToken })).json().data).toBe('OK')
  expect(await usesOf(at, one)).toEqual(dead)
  expect(await usesOf(at, two)).toEqual(alive)
})

test('a server token ends alone', async () => {
  const [one, two] = [await serverToken(at), await serverToken(at)]
  expect((await at.ask('/api/2/logout', { bearer: one })).status).toBe(200)
  const active = async (token: string) =>
    (await at.ask('/oauth/introspect', authenticated('backend', { token }))).json().active
  expect([await active(one), await active(two)]).toEqual([false, true])
})

test('afterwards the same browser signs in again without a password, and that is a new grant', async () => {
  const browser = at.browser()
  const first = await signIn(at, browser, 'news')
  await at.ask('/api/2/logout', { bearer: first.accessToken })
  // No page in between: the code comes at once.
  const { path: authorize } = authorization('news')
  expect(codeOf(await browser.visit(authorize))).toBeTruthy()
  const second = await signIn(at, browser, 'news')
  expect(second.sid).toBe(first.sid)
  expect(await usesOf(at, second)).toEqual(alive)
  expect(await usesOf(at, first)).toEqual(dead)
})

const refused = {
  error: 'invalid_token',
  error_code: 401,
  type: 'OAuthException',
  error_description: expect.any(String)
}

test("dead, foreign, missing and contradicting tokens are 401 in the shape that SPiD's clients read", async () => {
  const signedIn = await signIn(at, at.browser(), 'news')
  const other = await loginApi(at)
  await at.ask('/api/2/logout', { bearer: signedIn.accessToken })
  const askings: [string, Asking][] = [
    ['', { bearer: signedIn.accessToken }],
    [`?oauth_token=${signedIn.accessToken}`, {}],
    ['', { bearer: 'a-token-of-another-server' }],
    ['', {}],
    ['?oauth_token=', {}],
    ['', { bearer: other.refreshToken }],
    ['', { bearer: signedIn.idToken }],
    ['', { bearer: signedIn.code }],
    ['', { basic: ['news', 'news-secret-of-the-tests'] }],
    [`?oauth_token=${signedIn.accessToken}`, { bearer: other.accessToken }],
    [`?oauth_token=${other.accessToken}`, { form: { oauth_token: signedIn.accessToken } }]
  ]
  for (const path of ['/api/2/logout', '/api/2/me', '/api/2/user/u-ola']) {
    for (const [query, asking] of askings) {
      if (asking.form && path !== '/api/2/logout') continue
      const answer = await at.ask(path + query, asking)
      expect([answer.status, answer.json()]).toEqual([401, refused])
      expect(answer.json()).not.toHaveProperty('status')
      expect(answer.headers['www-authenticate']).toContain('Bearer')
    }
  }
  expect(await usesOf(at, other)).toEqual(alive)
})

test('an empty oauth_token beside the header is none', async () => {
  const signedIn = await signIn(at, at.browser(), 'news')
  const answer = await at.ask('/api/2/logout?oauth_token=', { bearer: signedIn.accessToken })
  expect(answer.status).toBe(200)
  expect(await usesOf(at, signedIn)).toEqual(dead)
})

test('a second call is 401 and harmless', async () => {
  const signedIn = await signIn(at, at.browser(), 'news')
  const first = await at.ask('/api/2/logout', { bearer: signedIn.accessToken })
  const before = rowsOf(path)
  expect((await at.ask('/api/2/logout', { bearer: signedIn.accessToken })).status).toBe(401)
  expect(rowsOf(path)).toEqual(before)
  expect(first.headers['utgang-receipt']).toEqual(expect.any(String))
})

test('an expired token is 401', async () => {
  const signedIn = await signIn(at, at.browser(), 'news')
  advance(3601)
  expect((await at.ask('/api/2/logout', { bearer: signedIn.accessToken })).status).toBe(401)
  expect(await refreshed(at, 'news', signedIn.refreshToken)).toBe(200)
})

test('the head of the address, and other methods, end nothing', async () => {
  const signedIn = await signIn(at, at.browser(), 'news')
  for (const method of ['HEAD', 'PUT', 'DELETE', 'OPTIONS'] as const)
    expect((await at.ask('/api/2/logout', { method, bearer: signedIn.accessToken })).status).toBe(405)
  expect(await usesOf(at, signedIn)).toEqual(alive)
})

test('a token in the address counts at the API alone', async () => {
  const { accessToken } = await signIn(at, at.browser(), 'news')
  expect((await at.ask(`/api/2/me?oauth_token=${accessToken}`)).status).toBe(200)
  for (const [name, status, error] of [
    ['oauth_token', 401, 'invalid_token'],
    ['access_token', 400, 'invalid_request']
  ] as const) {
    const userinfo = await at.ask(`/oauth/userinfo?${name}=${accessToken}`)
    expect([userinfo.status, userinfo.json().error]).toEqual([status, error])
    expect((await at.ask(`/logout/receipts?${name}=${accessToken}`)).status).toBe(401)
    expect(
      (await at.ask(`/oauth/introspect?${name}=${accessToken}`, { form: { token: accessToken } })).status
    ).toBe(401)
  }
  expect((await at.ask(`/api/2/me?access_token=${accessToken}`)).status).toBe(401)
})
