import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { advance } from '../../../server/test/support/system.ts'
import { api, credentials, type Issuer, issuer, openIssuer } from './support/issuer.ts'

let at: Issuer
beforeAll(async () => {
  at = await openIssuer()
})
afterAll(() => at.close())
beforeEach(() => {
  at.asked.length = 0
  at.down.clear()
  at.before.clear()
})

const path = '/oauth/introspect'
const times = (): number => at.asked.filter(it => it === path).length
const guard = (more: object = {}, options: object = {}) =>
  at.guard({ introspection: { ...credentials, ...more }, ...options })

describe('what a request is answered', () => {
  const header = (authorization?: string) => ({
    headers: new Headers(authorization ? { authorization } : {})
  })

  test.each([
    ['nothing', undefined, 401, 'Bearer scope="things"', 'token_required'],
    ['another scheme', 'Basic YTpi', 401, 'Bearer scope="things"', 'token_required'],
    ['no token', 'Bearer ', 400, 'Bearer error="invalid_request"', 'invalid_request'],
    ['two tokens', 'Bearer one, Bearer two', 400, 'Bearer error="invalid_request"', 'invalid_request'],
    ['an unknown token', 'Bearer none', 401, 'Bearer error="invalid_token"', 'invalid_token'],
    ['a long one', `Bearer ${'a'.repeat(17_000)}`, 401, 'Bearer error="invalid_token"', 'invalid_token']
  ])('%s', async (_what, authorization, status, challenge, error) => {
    const { refusal } = await guard({}, { scope: 'things' }).check(header(authorization))
    expect(refusal?.status).toBe(status)
    expect(refusal?.headers.get('www-authenticate')).toContain(challenge)
    expect(refusal?.headers.get('cache-control')).toBe('no-store')
    expect(await refusal?.json()).toMatchObject({ error, error_description: expect.any(String) })
  })

  test('a good token passes, however the scheme is written, with what the issuer says of it', async () => {
    const { accessToken, sid } = await at.signIn('news')
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      const { token } = await guard().check(header(`${scheme} ${accessToken}`))
      expect(token).toMatchObject({ sub: 'u-ola', client_id: 'news', sid, aud: [api] })
      expect(token?.scope).toEqual(['openid', 'profile', 'email', 'things'])
    }
  })

  test('a token in the address is none', async () => {
    const { accessToken } = await at.signIn('news')
    const request = new Request(`https://api.example/?access_token=${accessToken}`)
    expect((await guard().check(request)).refusal?.status).toBe(401)
    expect(times()).toBe(0)
  })

  test('a scope that it lacks is named', async () => {
    const { accessToken } = await at.signIn('news')
    const it = guard({}, { scope: 'things' })
    expect(await it.status(accessToken, { scope: 'email' })).toBe(200)
    const { refusal } = await it.check(header(`Bearer ${accessToken}`), { scope: 'paint' })
    expect(refusal?.status).toBe(403)
    expect(refusal?.headers.get('www-authenticate')).toBe(
      'Bearer error="insufficient_scope", error_description="the token does not allow this", scope="things paint"'
    )
  })

  test('a refresh token opens nothing', async () => {
    const { refreshToken } = await at.signIn('news')
    const own = { client_id: 'news', client_secret: 'news-secret-of-the-tests' }
    expect(await at.guard({ introspection: own, audience: undefined }).status(refreshToken)).toBe(401)
    expect(times()).toBe(1)
  })

  test('a token for somebody else opens nothing', async () => {
    const { accessToken } = await at.signIn('forum')
    const introspection = { client_id: 'forum', client_secret: 'forum-secret-of-the-tests' }
    expect(await at.guard({ introspection }).status(accessToken)).toBe(401)
    expect(await at.guard({ introspection, audience: ['x', 'forum'] }).status(accessToken)).toBe(200)
    expect(await at.guard({ introspection, audience: undefined }).status(accessToken)).toBe(200)
    // Not for this API: the issuer does not tell it anything.
    expect(await at.guard({ introspection: credentials, audience: undefined }).status(accessToken)).toBe(401)
  })

  test.each([
    ['the issuer cannot be reached', () => at.down.add(path), {}],
    ['its metadata cannot be read', () => at.down.add('/.well-known/openid-configuration'), {}],
    ['it does not know this API', () => {}, { client_secret: 'wrong-secret-of-the-tests' }]
  ])('while %s nobody can tell, and nothing passes', async (_what, happens, more) => {
    const { accessToken } = await at.signIn('news')
    const it = guard(more)
    happens()
    const { refusal } = await it.check(header(`Bearer ${accessToken}`))
    expect(refusal?.status).toBe(503)
    expect(refusal?.headers.get('retry-after')).toBe('1')
    expect(refusal?.headers.get('www-authenticate')).toBeNull()
    expect(it.errors).toHaveLength(1)
    expect(String(it.errors[0])).not.toContain(accessToken)
    at.down.clear()
    if (!('client_secret' in more)) expect(await it.status(accessToken)).toBe(200)
  })

  test.each<[string, object, number]>([
    ['of another issuer', { iss: 'https://other.example' }, 401],
    ['that binds it to a key', { token_type: 'DPoP' }, 401],
    ['that has expired', { exp: 1 }, 401],
    ['without an expiry', { exp: undefined }, 503],
    ['that does not say whether it is active', { active: 'yes' }, 503],
    ['that names no issuer', { iss: undefined }, 200]
  ])('an answer %s', async (_what, otherwise, status) => {
    const { accessToken } = await at.signIn('news')
    const fetch = async (input: string | URL, init?: RequestInit): Promise<Response> => {
      const answer = await at.fetch(input, init)
      return new URL(input).pathname === path
        ? Response.json({ ...(await answer.json()), ...otherwise })
        : answer
    }
    expect(await guard({}, { fetch }).status(accessToken)).toBe(status)
  })

  test('metadata of another issuer count for nothing', async () => {
    const { accessToken } = await at.signIn('news')
    const it = guard({}, { issuer: 'http://other.localhost:4000' })
    expect(await it.status(accessToken)).toBe(503)
    expect(String(it.errors[0])).toContain('does not match the expected issuer')
  })
})

describe('what is remembered', () => {
  test('an answer, for five seconds from when it was asked for', async () => {
    advance(0)
    const { accessToken } = await at.signIn('news')
    const it = guard()
    expect(await it.status(accessToken)).toBe(200)
    advance(4)
    expect(await it.status(accessToken)).toBe(200)
    expect(times()).toBe(1)
    advance(1)
    expect(await it.status(accessToken)).toBe(200)
    expect(times()).toBe(2)
  })

  test('so a token that is revoked at any moment is refused at the latest five seconds later', async () => {
    advance(0)
    for (const wait of [0, 1, 4]) {
      const it = guard()
      const { accessToken } = await at.signIn('news')
      expect(await it.status(accessToken)).toBe(200)
      advance(wait)
      await at.revoke('news', accessToken)
      for (let second = 0; second < 4 - wait; second++) {
        advance(1)
        expect(await it.status(accessToken), `${wait}, ${second}`).toBe(200)
      }
      advance(1)
      expect(await it.status(accessToken)).toBe(401)
    }
  })

  test('not a word, with cache_seconds 0', async () => {
    const { accessToken } = await at.signIn('news')
    const it = guard({ cache_seconds: 0 })
    expect(await it.status(accessToken)).toBe(200)
    await at.revoke('news', accessToken)
    expect(await it.status(accessToken)).toBe(401)
    const answers = await Promise.all(Array.from({ length: 5 }, () => it.status(accessToken)))
    expect(answers).toEqual([401, 401, 401, 401, 401])
    expect(times()).toBe(7)
  })

  test('never past the expiry', async () => {
    advance(0)
    const { accessToken } = await at.signIn('news')
    const it = guard({ cache_seconds: 60 })
    advance(3599)
    expect(await it.status(accessToken)).toBe(200)
    advance(1)
    expect(await it.status(accessToken)).toBe(401)
    expect(times()).toBe(1)
  })

  test('also that a token is none, for as long', async () => {
    advance(0)
    const it = guard()
    for (let time = 0; time < 10; time++) expect(await it.status('none')).toBe(401)
    expect(times()).toBe(1)
    advance(5)
    await it.status('none')
    expect(times()).toBe(2)
  })

  test('of many tokens the newest answers', async () => {
    const it = guard({ cache_entries: 3 })
    for (const value of ['a', 'b', 'c', 'd']) await it.status(value)
    expect(times()).toBe(4)
    for (const value of ['b', 'c', 'd']) await it.status(value)
    expect(times()).toBe(4)
    await it.status('a')
    expect(times()).toBe(5)
  })

  test('however many bring a token at once, it is asked about once', async () => {
    const { accessToken } = await at.signIn('news')
    const it = guard()
    const answers = await Promise.all(Array.from({ length: 20 }, () => it.status(accessToken)))
    expect(new Set(answers)).toEqual(new Set([200]))
    expect(times()).toBe(1)
  })
})

describe('what was heard counts at once', () => {
  test.each([
    ['the user', (it: { sub: string }) => ({ sub: it.sub })],
    ['the session', (it: { sid: string }) => ({ sid: it.sid })],
    ['something of which nobody says what', () => ({})],
    [
      'a session that this API knows by another name, and its user',
      (it: { sub: string }) => ({ sub: it.sub, sid: 'x' })
    ]
  ])('%s', async (_what, end) => {
    advance(0)
    const [mine, other] = [await at.signIn('news'), await at.serverToken()]
    const it = guard({ cache_seconds: 60 })
    for (const value of [mine.accessToken, other]) expect(await it.status(value)).toBe(200)
    await at.revoke('news', mine.accessToken)
    expect(await it.status(mine.accessToken)).toBe(200)
    it.heard(end(mine))
    expect(await it.status(mine.accessToken)).toBe(401)
    expect(times()).toBe(3)
    expect(await it.status(other)).toBe(200)
    expect(times()).toBe(Object.keys(end(mine)).length === 0 ? 4 : 3)
  })

  test('a token that goes on living is asked about once more, and goes on', async () => {
    const { accessToken, sid } = await at.signIn('news')
    const it = guard()
    await it.status(accessToken)
    it.heard({ sid })
    for (let time = 0; time < 3; time++) expect(await it.status(accessToken)).toBe(200)
    expect(times()).toBe(2)
  })

  test('a token that was issued after it is not meant', async () => {
    advance(0)
    const it = guard()
    advance(-1)
    const { accessToken } = await at.signIn('news')
    await it.status(accessToken)
    it.heard({ sub: 'u-ola', at: Date.now() / 1000 - 1 })
    await it.status(accessToken)
    expect(times()).toBe(1)
    it.heard({ sub: 'u-ola' })
    await it.status(accessToken)
    expect(times()).toBe(2)
  })

  test('an answer that was asked for before counts for nobody who comes after', async () => {
    const { accessToken, sub } = await at.signIn('news')
    const it = guard({ cache_seconds: 60 })
    await it.status('none')
    let go = (): void => {}
    const held = new Promise<void>(resolve => {
      go = resolve
    })
    // The first question is answered by the issuer, and the answer is long on its way.
    let first = true
    at.before.set(path, async () => {
      if (!first) return
      first = false
      await held
    })
    const early = it.status(accessToken)
    it.heard({ sub })
    const late = it.status(accessToken)
    await late
    expect(times()).toBe(3)
    go()
    await early
    expect(await it.status(accessToken)).toBe(200)
    // What came back last was asked for first, so it is not what is kept.
    expect(times()).toBe(3)
    await at.revoke('news', accessToken)
  })
})

test('options that make no sense are all named', () => {
  expect(() => at.guard({ issuer: 'http://id.example', scope: '', audience: [] })).toThrow(
    /issuer.*audience.*introspection, jwt.*scope/
  )
  expect(() => at.guard({ introspection: { ...credentials, cache_seconds: -1 }, typo: 1 } as never)).toThrow(
    /typo is no option; introspection\.cache_seconds/
  )
  expect(() => at.guard({ jwt: { algorithms: ['HS256'], on_unavailable: 'introspect' } })).toThrow(
    /algorithms.*on_unavailable/
  )
  expect(() => at.guard({ issuer, audience: undefined, jwt: {} })).toThrow(/audience/)
})
