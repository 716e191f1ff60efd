import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Answer, Asking } from '../support/browser.ts'
import { authorization, signIn } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'
import { type Route, routesOf } from './routes.ts'

let at: TestSystem
let secure: TestSystem
beforeAll(async () => {
  at = await openSystem({ config: { registration: true } })
  secure = await openSystem({ config: { issuer: 'https://id.example', users: [] } })
})
afterAll(() => Promise.all([at.close(), secure.close()]))

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** What every answer must say of itself, page or data, good or bad. */
function check({ headers, path }: Answer): void {
  const is = (name: string): string => String(headers[name] ?? '')
  const seen = `${path} ${JSON.stringify(headers)}`
  expect(is('x-request-id'), seen).toMatch(uuid)
  expect(is('x-content-type-options'), seen).toBe('nosniff')
  expect(is('referrer-policy'), seen).toBe('no-referrer')
  expect(is('strict-transport-security'), seen).toBe('')
  const csp = is('content-security-policy')
  expect(csp, seen).toMatch(/default-src 'none'/)
  expect(csp, seen).toMatch(/frame-ancestors 'none'/)
  expect(csp, seen).not.toMatch(/unsafe-|script-src (?!'self'|'none')/)
  if (is('content-type').startsWith('text/html')) {
    expect(is('cross-origin-opener-policy'), seen).toBe('same-origin')
    expect(is('cross-origin-resource-policy'), seen).toBe('same-origin')
    expect(is('x-frame-options'), seen).toBe('DENY')
    expect(is('cache-control'), seen).toBe('no-store')
  }
  expect(is('server') + is('x-powered-by'), seen).toBe('')
}

test('AS-19, BCP-18, BCP-19: every route answers with the security headers, whatever comes of it', async () => {
  const routes = routesOf(at)
  expect(routes.map(route => route.path)).toEqual(
    expect.arrayContaining(['/', '/logout', '/oauth/token', '/sign-in/made-up', '/api/2/me', '/healthz'])
  )
  // The one page that may be framed: see check-session.test.ts.
  for (const route of routes)
    if (route.path !== '/oauth/check_session') check(await at.ask(route.path, asking(route)))
})

test('AS-19: good answers of each kind carry them too: pages, redirects, tokens, data', async () => {
  const browser = at.browser()
  const { path } = authorization('news')
  const toSignIn = await browser.go(path)
  const page = await browser.follow(toSignIn)
  const { accessToken } = await signIn(at, at.browser(), 'news')
  const answers = [
    [303, toSignIn],
    [200, page],
    [200, await at.ask('/')],
    [200, await at.ask('/api/2/me', { bearer: accessToken })],
    [200, await at.ask('/oauth/userinfo', { bearer: accessToken })],
    [200, await at.ask('/.well-known/openid-configuration')],
    [200, await at.ask('/healthz')],
    [200, await at.ask('/assets/utgang.css')]
  ] as const
  for (const [status, answer] of answers) {
    expect(answer.status, answer.path).toBe(status)
    check(answer)
  }
})

test.each<[string, string, Asking]>([
  ['an address that nobody has', '/nowhere', {}],
  ['an address that cannot be decoded', '/%', {}],
  ['a parameter that is too long', `/sign-in/${'x'.repeat(600)}`, {}],
  ['a wrong method', '/healthz', { method: 'DELETE' }],
  ['a body that is too long', '/logout', { form: { state: 'x'.repeat(300_000) } }],
  ['a content type that is not taken', '/logout', { method: 'POST', headers: { 'content-type': 'text/x' } }]
])('%s is answered with them', async (_what, path, asking) => {
  const answer = await at.ask(path, asking)
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect(answer.status).toBeLessThan(500)
  check(answer)
})

test('what belongs to one person or holds a token is never stored', async () => {
  const { accessToken, refreshToken } = await signIn(at, at.browser(), 'app')
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: 'app' }
  for (const answer of [
    await at.ask('/oauth/token', { form }),
    await at.ask('/oauth/userinfo', { bearer: accessToken }),
    await at.ask('/api/2/me', { bearer: accessToken }),
    await at.ask('/logout'),
    await at.ask('/nowhere')
  ])
    expect(answer.headers['cache-control'], answer.path).toMatch(/no-store/)
})

test('https only from now on: said by an https server, and by no other', async () => {
  for (const path of ['/', '/nowhere', '/%', '/healthz', '/oauth/jwks', '/logout']) {
    const answer = await secure.ask(path)
    const maxAge = /^max-age=(\d+); includeSubDomains$/.exec(
      String(answer.headers['strict-transport-security'])
    )
    expect(Number(maxAge?.[1]), path).toBeGreaterThanOrEqual(365 * 86_400)
  }
})

function asking({ method, path }: Route): Asking {
  // A stranger's request; a form where forms are taken.
  if (method === 'POST' && path !== '/oauth/register') return { form: { client_id: 'nobody' } }
  return { method: method as Asking['method'] }
}
