import { afterAll, beforeAll, expect, test } from 'vitest'
import { clients, password, secretOf } from '../support/fixtures.ts'
import { authorization, codeOf, redeem, signIn } from '../support/sign-in.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'
import { loginApi, serverToken } from './tokens.ts'

let at: TestSystem
beforeAll(async () => {
  const grant_types = ['authorization_code', 'refresh_token', 'client_credentials']
  const withServerTokens = clients.map(it =>
    ['news', 'asking', 'forum'].includes(it.client_id)
      ? { ...it, grant_types }
      : it.client_id === 'phone'
        ? { ...it, grant_types: grant_types.slice(1) }
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
  debug: {
    route: {
      name: 'User',
      url: expect.stringMatching(/^\/api\/2\/(me|user\/:id)$/),
      controller: 'Api/2/User'
    },
    params: {}
  },
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

test('to have signed in is to have signed in at that client: a look at the session does not count, a login without a browser does', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'news')
  const headers = { origin: 'https://forum.example' }
  const seen = await browser.go('/sdk/session?client_id=forum', { headers })
  expect(seen.json().status).toBe('connected')
  const forum = await serverToken(at, 'forum')
  expect((await at.ask('/api/2/user/u-ola', { bearer: forum })).status).toBe(404)
  await signIn(at, browser, 'forum')
  expect((await at.ask('/api/2/user/u-ola', { bearer: forum })).json()).toEqual(container(ola))

  await loginApi(at)
  const phone = await serverToken(at, 'phone')
  expect((await at.ask('/api/2/user/u-ola', { bearer: phone })).json()).toEqual(container(ola))
  expect((await at.ask('/api/2/user/u-kari', { bearer: phone })).status).toBe(404)
  // A logout does not take it back.
  await browser.visit('/logout?client_id=forum')
  expect((await at.ask('/api/2/user/u-ola', { bearer: forum })).status).toBe(200)
})

const unauthorized = {
  error: 'invalid_token',
  error_code: 401,
  type: 'OAuthException',
  error_description: expect.any(String)
}

/** The same refusal for every token that does not open this door, by header and by parameter. */
async function expectRefused(value: string): Promise<void> {
  for (const path of ['/api/2/me', '/api/2/user/u-ola'])
    for (const answer of [
      await at.ask(path, { bearer: value }),
      await at.ask(`${path}?oauth_token=${encodeURIComponent(value)}&method=GET`)
    ]) {
      expect([path, answer.status, answer.json()]).toEqual([path, 401, unauthorized])
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="utgang", error="invalid_token"')
      expect(answer.headers['cache-control']).toBe('no-store')
    }
}

test.each<[string, () => Promise<string>]>([
  ['a text that never was a token', async () => 'never-was'],
  ["the id of a client, as one of SPiD's clients sends it", async () => 'news'],
  ['a refresh token', async () => (await signIn(at, at.browser(), 'news')).refreshToken],
  ['an ID Token', async () => (await signIn(at, at.browser(), 'news')).idToken],
  ['a code', async () => codeOf(await (await signedIn()).visit(authorization('news').path))],
  [
    'a token that was handed back',
    async () => {
      const { accessToken } = await signIn(at, at.browser(), 'news')
      await at.ask('/api/2/logout', { bearer: accessToken })
      return accessToken
    }
  ],
  [
    'a token that lived with its session',
    async () => {
      const browser = at.browser()
      const { accessToken } = await signIn(at, browser, 'market')
      await browser.visit('/logout?client_id=market')
      return accessToken
    }
  ],
  [
    'a token whose code came twice',
    async () => {
      const { path, verifier } = authorization('news')
      const code = codeOf(await (await signedIn()).visit(path))
      const { accessToken } = await redeem(at, 'news', code, verifier)
      await expect(redeem(at, 'news', code, verifier)).rejects.toThrow('invalid_grant')
      return accessToken
    }
  ],
  [
    'a token that ran out',
    async () => {
      const { accessToken } = await signIn(at, at.browser(), 'news')
      advance(3599)
      expect((await at.ask('/api/2/me', { bearer: accessToken })).status).toBe(200)
      advance(2)
      return accessToken
    }
  ]
])("%s is refused with 401, as OAuth says it and SPiD's clients read it", async (_what, make) => {
  await expectRefused(await make())
})

test('no token, an empty one, or two that differ open nothing; one that came twice is one', async () => {
  const { accessToken } = await signIn(at, at.browser(), 'news')
  const other = await signIn(at, at.browser(), 'news', { email: 'kari@example.test' })
  for (const path of ['/api/2/me', '/api/2/user/u-ola']) {
    for (const [query, bearer] of [
      ['', undefined],
      ['?oauth_token=', undefined],
      [`?oauth_token=${other.accessToken}`, accessToken],
      [`?access_token=${accessToken}`, undefined]
    ] as const)
      expect((await at.ask(path + query, { bearer })).json()).toEqual(unauthorized)
    expect((await at.ask(`${path}?oauth_token=${accessToken}`, { bearer: accessToken })).status).toBe(200)
  }
  const twice = await at.ask(`/api/2/me?oauth_token=${accessToken}&oauth_token=${other.accessToken}`)
  expect([twice.status, twice.text.includes('u-')]).toEqual([400, false])
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

test.each([
  ['openid', { userId: 'u-ola', id: 'u-ola', status: 1 }],
  ['openid email', { ...ola, displayName: undefined, name: undefined }],
  ['openid profile', { ...ola, email: undefined, emailVerified: undefined }],
  ['openid profile email', ola]
])(
  'of a client that has to ask a token of %s shows that and no more, also where more is on record',
  async (scope, seen) => {
    await signIn(at, at.browser(), 'asking')
    const { accessToken } = await signIn(at, at.browser(), 'asking', { params: { scope } })
    for (const path of ['/api/2/me', '/api/2/user/u-ola'])
      expect((await at.ask(path, { bearer: accessToken })).json().data).toEqual(
        JSON.parse(JSON.stringify(seen))
      )
  }
)

test('a client that need not ask sees its user, whatever scope it asked for', async () => {
  const { accessToken } = await signIn(at, at.browser(), 'news', { params: { scope: 'openid' } })
  expect((await at.ask('/api/2/me', { bearer: accessToken })).json().data).toEqual(ola)
})

test('a user who was disabled is gone: for his own token 401, for a server token 404', async () => {
  const own = await signIn(at, at.browser(), 'news', { email: 'kari@example.test' })
  const server = await serverToken(at, 'news')
  expect((await at.ask('/api/2/user/u-kari', { bearer: server })).status).toBe(200)
  await at.system.heart.end({ name: 'account_disabled', sub: 'u-kari' })
  expect((await at.ask('/api/2/me', { bearer: own.accessToken })).status).toBe(401)
  expect((await at.ask('/api/2/user/u-kari', { bearer: server })).status).toBe(404)
})

test('a user who was deleted is gone, too, and whoever asks cannot tell it from one that never was', async () => {
  const browser = at.browser()
  const email = 'brief@example.test'
  const page = await browser.visit(authorization('news', { prompt: 'create' }).path)
  await browser.submit(page, { email, name: 'Brief', password })
  const { sub } = await signIn(at, browser, 'news', { email })
  const server = await serverToken(at, 'news')
  const ask = (id: string) => at.ask(`/api/2/user/${id}`, { bearer: server })
  expect((await ask(sub)).json().data).toMatchObject({ userId: sub, email })
  await at.system.heart.end({ name: 'account_deleted', sub })
  expect((await ask(sub)).text).toBe((await ask('nobody')).text)
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

async function signedIn() {
  const browser = at.browser()
  await signIn(at, browser, 'news')
  return browser
}
