import { afterAll, beforeAll, expect, test } from 'vitest'
import { authenticated, authorization, type SignedIn, signIn } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'

let at: TestSystem
let forum: SignedIn
beforeAll(async () => {
  at = await openSystem()
  forum = await signIn(at, at.browser(), 'forum')
})
afterAll(() => at.close())

const ours = 'https://forum.example'
const stranger = 'https://stranger.example'
const from = (origin: string): { headers: Record<string, string> } => ({ headers: { origin } })
const asking = (origin: string, method = 'POST'): Record<string, string> => ({
  origin,
  'access-control-request-method': method,
  'access-control-request-headers': 'authorization'
})
const allowed = 'access-control-allow-origin'

test('pages of a client with sdk read their answers, without credentials; others do not', async () => {
  const calls = (origin: string) => [
    at.ask('/oauth/token', {
      ...authenticated('forum', { grant_type: 'refresh_token', refresh_token: forum.refreshToken }),
      ...from(origin)
    }),
    at.ask('/oauth/userinfo', { bearer: forum.accessToken, ...from(origin) }),
    at.ask('/oauth/revoke', { ...authenticated('forum', { token: 'unknown' }), ...from(origin) })
  ]
  for (const answer of await Promise.all(calls(ours))) {
    expect(answer.status, answer.path).toBe(200)
    expect(answer.headers[allowed], answer.path).toBe(ours)
    expect(answer.headers['access-control-allow-credentials'], answer.path).toBeUndefined()
    expect(String(answer.headers.vary).toLowerCase(), answer.path).toContain('origin')
  }
  for (const answer of await Promise.all(calls(stranger)))
    expect(answer.headers[allowed], answer.path).toBeUndefined()
})

test('what is public is public: discovery and keys may be read by any page', async () => {
  for (const path of ['/.well-known/openid-configuration', '/oauth/jwks']) {
    const answer = await at.ask(path, from(ours))
    expect([ours, '*'], path).toContain(answer.headers[allowed])
    expect(answer.headers['access-control-allow-credentials'], path).toBeUndefined()
  }
})

test('a preflight of token, userinfo and revoke is answered', async () => {
  for (const path of ['/oauth/token', '/oauth/userinfo', '/oauth/revoke']) {
    const answer = await at.ask(path, { method: 'OPTIONS', headers: asking(ours) })
    expect(answer.status, path).toBeLessThan(300)
    expect(answer.headers[allowed], path).toBe(ours)
    expect(answer.headers['access-control-allow-credentials'], path).toBeUndefined()
  }
})

test('authorization and logout never answer another origin (BCP-21)', async () => {
  const { path } = authorization('forum')
  for (const address of [path, '/oauth/authorize', '/logout?client_id=forum', '/logout', '/sign-in/x', '/']) {
    for (const method of ['GET', 'POST', 'OPTIONS'] as const) {
      const answer = await at.ask(address, { method, headers: asking(ours, method) })
      for (const name of Object.keys(answer.headers))
        expect(name.startsWith('access-control-'), `${method} ${address}: ${name}`).toBe(false)
    }
  }
})
