import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { authenticated, type SignedIn, signIn } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'

let at: TestSystem
let signedIn: SignedIn
beforeAll(async () => {
  at = await openSystem({ config: { trust_proxy: [] } })
  signedIn = await signIn(at, at.browser(), 'news')
})
afterAll(() => at.close())
beforeEach(() => {
  at.logs.length = 0
})

interface Line {
  level: number
  requestId: string
  method: string
  route?: string
  status: number
  code?: string
  msg: string
}
const lines = (): Line[] => at.logs.map(line => JSON.parse(line))

test.each<[string, Partial<Line>]>([
  ['/oauth/authorize?client_id=nobody', { route: '/oauth/authorize', status: 400 }],
  ['/logout?client_id=nobody', { route: '/logout', status: 400 }],
  ['/logout/receipts/none?x=1', { route: '/logout/receipts/:id', status: 404, code: 'not_found' }],
  ['/oauth/introspect', { route: '/oauth/introspect', status: 405 }],
  ['/nowhere?x=1', { status: 404, code: 'not_found' }],
  ['/%', { status: 400, code: 'invalid_request' }],
  ['/oauth/jwks', { route: '/oauth/jwks', status: 200 }]
])('%s leaves one line: route and outcome', async (path, line) => {
  const answer = await at.ask(path)
  expect(lines()).toEqual([
    expect.objectContaining({
      method: 'GET',
      msg: 'answered',
      requestId: answer.headers['x-request-id'],
      ...line
    })
  ])
})

test('no query, token, cookie, password or name gets into the log', async () => {
  const { accessToken, refreshToken, idToken } = signedIn
  const browser = at.browser()
  const fresh = await signIn(at, browser, 'news')
  await at.ask(`/logout?client_id=news&oauth_token=${accessToken}&redirect_uri=https%3A%2F%2Fhunter.example`)
  await at.ask(`/logout?id_token_hint=${idToken}&state=hunter-state`)
  await at.ask(`/api/2/me?oauth_token=${accessToken}`)
  await at.ask('/oauth/introspect', authenticated('news', { token: refreshToken }))
  await at.ask('/oauth/introspect', { form: { token: refreshToken }, basic: ['news', 'hunter-secret'] })
  await at.ask(`/logout?client_id=news&client_id=hunter`)
  await at.ask(`/hunter/path?hunter=1`)
  await at.ask(`/%hunter`)
  const log = at.logs.join('')
  expect(at.logs.length).toBeGreaterThan(8)
  for (const secret of [accessToken, refreshToken, idToken, fresh.accessToken, fresh.code, ...browser.seen])
    if (secret.length > 8) expect(log).not.toContain(secret)
  expect(log).not.toMatch(/hunter|battery|ola@|secret-of-the-tests/i)
})

test('each request has an id of its own, and nobody chooses it', async () => {
  const ids = await Promise.all(
    [1, 2, 3].map(
      async () =>
        (await at.ask('/healthz', { headers: { 'request-id': 'mine', 'x-request-id': 'mine' } })).headers[
          'x-request-id'
        ]
    )
  )
  expect(new Set(ids).size).toBe(3)
  expect(ids).not.toContain('mine')
})

test('a probe that is answered well is told at debug level only', async () => {
  await at.ask('/healthz')
  await at.ask('/readyz')
  expect(lines().map(line => line.level)).toEqual([20, 20])
})
