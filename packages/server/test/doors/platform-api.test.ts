import { afterAll, beforeAll, expect, test } from 'vitest'
import { clients, secretOf } from '../support/fixtures.ts'
import { signIn } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'
import { loginApi, serverToken } from './tokens.ts'

let at: TestSystem
beforeAll(async () => {
  const withServerTokens = clients.map(it =>
    ['news', 'asking'].includes(it.client_id)
      ? { ...it, grant_types: ['authorization_code', 'refresh_token', 'client_credentials'] }
      : it
  )
  at = await openSystem({ config: { clients: withServerTokens } })
})
afterAll(() => at.close())

const ola = {
  userId: 'u-ola',
  id: 'u-ola',
  status: 1,
  displayName: 'Ola Nordmann',
  name: { formatted: 'Ola Nordmann' },
  email: 'ola@example.test',
  emailVerified: false
}
const container = (data: unknown) => ({
  name: 'SPP Container',
  version: '0.2',
  api: 2,
  object: 'User',
  type: 'element',
  code: 200,
  request: { reset: 0, limit: 0, remaining: 0 },
  debug: { route: expect.any(Object), params: {} },
  meta: null,
  error: null,
  data
})
const failure = (code: number) => ({
  ...container(null),
  code,
  error: { code, type: 'ApiException', description: expect.any(String) }
})

test('me: the user of the token, in the container, by header and by parameter', async () => {
  const it = await signIn(at, at.browser(), 'news')
  for (const answer of [
    await at.ask('/api/2/me', { bearer: it.accessToken }),
    await at.ask(`/api/2/me?oauth_token=${it.accessToken}&method=GET`)
  ]) {
    expect([answer.status, answer.json()]).toEqual([200, container(ola)])
    expect(answer.headers['content-type']).toContain('application/json')
    expect(answer.headers['cache-control']).toBe('no-store')
  }
  expect((await at.ask('/api/2/me', { bearer: (await loginApi(at)).accessToken })).json()).toEqual(
    container(ola)
  )
})

test('user: a user token reads its own user, and nobody else', async () => {
  const it = await signIn(at, at.browser(), 'news')
  await signIn(at, at.browser(), 'news', { email: 'kari@example.test' })
  expect((await at.ask('/api/2/user/u-ola', { bearer: it.accessToken })).json()).toEqual(container(ola))
  // The same answer whether or not there is such a user.
  for (const id of ['u-kari', 'nobody']) {
    const answer = await at.ask(`/api/2/user/${id}`, { bearer: it.accessToken })
    expect([answer.status, answer.json()]).toEqual([403, failure(403)])
  }
})

test('a server token is nobody, and reads those alone who have signed in to its client', async () => {
  const backend = await serverToken(at)
  const me = await at.ask('/api/2/me', { bearer: backend })
  expect([me.status, me.json()]).toEqual([403, failure(403)])
  await signIn(at, at.browser(), 'news')
  const news = await serverToken(at, 'news')
  expect((await at.ask('/api/2/user/u-ola', { bearer: news })).json()).toEqual(container(ola))
  for (const id of ['u-ola', 'u-kari', 'nobody']) {
    const answer = await at.ask(`/api/2/user/${id}`, { bearer: backend })
    expect([answer.status, answer.json()]).toEqual([404, failure(404)])
  }
})

test('a client that has to ask sees what was allowed and no more, by a server token too', async () => {
  const it = await signIn(at, at.browser(), 'asking', { params: { scope: 'openid email' } })
  const { displayName: _1, name: _2, ...seen } = ola
  expect((await at.ask('/api/2/me', { bearer: it.accessToken })).json().data).toEqual(seen)
  const server = await serverToken(at, 'asking')
  expect((await at.ask('/api/2/user/u-ola', { bearer: server })).json().data).toEqual(seen)
  // What the user took back is not seen any more.
  await at.system.heart.end({ name: 'account_app', sub: 'u-ola', clientId: 'asking' })
  const bare = { userId: 'u-ola', id: 'u-ola', status: 1 }
  expect((await at.ask('/api/2/user/u-ola', { bearer: server })).json().data).toEqual(bare)
  expect((await at.ask('/api/2/me', { bearer: it.accessToken })).status).toBe(401)
})

test('a user who was disabled is gone: for his own token 401, for a server token 404', async () => {
  const own = await signIn(at, at.browser(), 'news', { email: 'kari@example.test' })
  const server = await serverToken(at, 'news')
  expect((await at.ask('/api/2/user/u-kari', { bearer: server })).status).toBe(200)
  await at.system.heart.end({ name: 'account_disabled', sub: 'u-kari' })
  expect((await at.ask('/api/2/me', { bearer: own.accessToken })).status).toBe(401)
  expect((await at.ask('/api/2/user/u-kari', { bearer: server })).status).toBe(404)
})

test('a session cookie opens nothing here, and no page of another site may read an answer', async () => {
  const browser = at.browser()
  const it = await signIn(at, browser, 'forum')
  expect((await browser.go('/api/2/me')).status).toBe(401)
  const headers = { origin: 'https://forum.example' }
  const answer = await at.ask('/api/2/me', { bearer: it.accessToken, headers })
  expect(answer.headers['access-control-allow-origin']).toBeUndefined()
  expect((await at.ask('/api/2/me', { basic: ['forum', secretOf('forum')] })).status).toBe(401)
})
