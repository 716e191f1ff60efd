import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer } from '../support/browser.ts'
import { password } from '../support/fixtures.ts'
import { alive, dead, token, usesOf } from '../support/sign-in.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'

/* Login without a browser: for the clients that the config names, and nobody else. */

let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

const login = (clientId: string, more: Record<string, string> = {}): Promise<Answer> =>
  token(at, clientId, { grant_type: 'password', username: 'ola@example.test', password, ...more })

test.each(['news', 'app', 'backend', 'classic'])('%s may not (BCP-09)', async clientId => {
  const answer = await login(clientId)
  expect(answer.status).toBe(400)
  expect(['unauthorized_client', 'unsupported_grant_type', 'invalid_request']).toContain(answer.json().error)
})

describe('a client that may', () => {
  test('gets tokens that belong to no session, refresh included', async () => {
    const answer = await login('phone')
    expect(answer.status, answer.text).toBe(200)
    const reply = answer.json<Record<string, string>>()
    expect(reply).toMatchObject({
      token_type: 'Bearer',
      user_id: 'u-ola',
      expires_in: 3600,
      scope: 'openid profile email',
      server_time: expect.any(Number)
    })
    expect(await at.storage.listSessions({ all: true, limit: 10 }, 0)).toEqual([])
    const tokens = {
      clientId: 'phone',
      accessToken: reply.access_token ?? '',
      refreshToken: reply.refresh_token ?? ''
    }
    expect(await usesOf(at, tokens)).toEqual(alive)
    await at.ask('/api/2/logout', { bearer: tokens.accessToken })
    expect(await usesOf(at, tokens)).toEqual(dead)
  })

  test('each login is a grant of its own', async () => {
    const [one, two] = [(await login('phone')).json(), (await login('phone')).json()]
    await at.ask('/api/2/logout', { bearer: String(one.access_token) })
    expect((await at.ask('/api/2/me', { bearer: String(two.access_token) })).status).toBe(200)
  })

  test.each<{ what: string; more: Record<string, string>; error: string }>([
    { what: 'a wrong password', more: { password: 'no' }, error: 'invalid_grant' },
    { what: 'an unknown user', more: { username: 'nobody@example.test' }, error: 'invalid_grant' },
    { what: 'no password', more: { password: '' }, error: 'invalid_request' },
    { what: 'a scope beyond its own', more: { scope: 'openid phone' }, error: 'invalid_scope' }
  ])('$what: $error', async ({ more, error }) => {
    const answer = await login('phone', more)
    expect(answer.status).toBe(400)
    expect(answer.json().error).toBe(error)
  })

  test('wrong passwords are slowed down, in every spelling of the address', async () => {
    const guess = (username: string): Promise<Answer> => login('phone', { username, password: 'no' })
    for (let n = 0; n < 5; n++) await guess(' Kari@example.test'.slice(n % 2))
    const right = { username: 'kari@example.test' }
    const early = await login('phone', right)
    expect(early.json().error).toBe('invalid_grant')
    expect(early.headers['retry-after']).toBe('1')
    advance(1)
    expect((await login('phone', right)).status).toBe(200)
  })

  test('somebody whose account is disabled gets nothing', async () => {
    const { access_token } = (await login('phone')).json<Record<string, string>>()
    await at.system.heart.end({ name: 'account_disabled', sub: 'u-ola' })
    expect((await at.ask('/api/2/me', { bearer: access_token })).status).toBe(401)
    expect((await login('phone')).json().error).toBe('invalid_grant')
  })
})
