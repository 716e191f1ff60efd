import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loginApi, serverToken } from '../doors/tokens.ts'
import { clients, issuer, secretOf } from '../support/fixtures.ts'
import {
  alive,
  authenticated,
  authorization,
  claimsOf,
  dead,
  signIn,
  token,
  usesOf
} from '../support/sign-in.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'
import { openJwtSystem, placeOf, verified } from './jwt-kit.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openJwtSystem()
})
afterAll(() => at.close())

const introspected = async (clientId: string, value: string): Promise<Record<string, unknown>> =>
  (await at.ask('/oauth/introspect', authenticated(clientId, { token: value }))).json()

describe('what it says', () => {
  test('a token of a sign-in: whose, for whom, of which session, since when', async () => {
    // The time stands still.
    advance(0)
    const it = await signIn(at, at.browser(), 'news')
    const claims = await verified(at, it.accessToken, 'at+jwt')
    const idToken = claimsOf(it.idToken)
    expect(claims).toEqual({
      iss: issuer,
      sub: 'u-ola',
      aud: issuer,
      client_id: 'news',
      scope: 'openid profile email',
      sid: it.sid,
      auth_time: expect.any(Number),
      iat: idToken.iat,
      exp: Number(idToken.iat) + 3600,
      jti: expect.stringMatching(/^[\w-]{36}$/),
      status: { status_list: { idx: expect.any(Number), uri: `${issuer}/oauth/status_lists/1` } }
    })
  })

  test('a refreshed one is another one, of the same sign-in', async () => {
    const it = await signIn(at, at.browser(), 'news')
    const again = await token(at, 'news', { grant_type: 'refresh_token', refresh_token: it.refreshToken })
    const [first, second] = [claimsOf(it.accessToken), claimsOf(String(again.json().access_token))]
    for (const same of ['sub', 'sid', 'auth_time', 'scope'])
      expect([same, second[same]]).toEqual([same, first[same]])
    expect(second.jti).not.toBe(first.jti)
    expect(placeOf(it.accessToken).idx).not.toBe(placeOf(String(again.json().access_token)).idx)
  })

  test('a server token speaks for its client, one of a login API for a user without a session', async () => {
    const server = await verified(at, await serverToken(at), 'at+jwt')
    expect(server).toMatchObject({ sub: 'backend', client_id: 'backend', aud: issuer })
    const phone = await verified(at, (await loginApi(at)).accessToken, 'at+jwt')
    expect(phone).toMatchObject({ sub: 'u-ola', client_id: 'phone' })
    for (const name of ['sid', 'auth_time'])
      expect([server[name], phone[name]], name).toEqual([undefined, undefined])
  })

  test('introspection says the same of it', async () => {
    const { accessToken } = await signIn(at, at.browser(), 'news')
    const { iss, sub, aud, client_id, scope, sid, iat, exp, jti } = claimsOf(accessToken)
    expect(await introspected('news', accessToken)).toEqual({
      ...{ active: true, token_type: 'Bearer', username: 'ola@example.test', nbf: iat, aud: [aud] },
      ...{ iss, sub, client_id, scope, sid, iat, exp, jti }
    })
  })
})

describe('it is kept as an opaque one is', () => {
  test('every way of using it works, and its revocation ends each', async () => {
    const it = await signIn(at, at.browser(), 'news')
    expect(await usesOf(at, it)).toEqual(alive)
    await at.ask('/oauth/revoke', authenticated('news', { token: it.accessToken }))
    expect(await usesOf(at, it)).toEqual({ ...dead, refresh: 200 })
  })

  test('the logout by API ends its grant', async () => {
    const it = await loginApi(at)
    expect((await at.ask('/api/2/logout', { bearer: it.accessToken })).status).toBe(200)
    expect(await usesOf(at, it)).toEqual(dead)
  })

  test('as oauth_token it proves whose logout it is', async () => {
    const browser = at.browser()
    const it = await signIn(at, browser, 'news')
    const answer = (token: string) =>
      browser.visit(`/logout?client_id=news&oauth_token=${token}`, { from: 'cross-site' })
    expect((await answer('none')).text).toContain('id="confirm-logout"')
    expect((await answer(it.accessToken)).text).toContain('id="signed-out"')
    expect(await usesOf(at, it)).toEqual(dead)
  })

  test('neither its jti nor an unsigned copy of it is a token', async () => {
    const { accessToken } = await signIn(at, at.browser(), 'news')
    const [, payload = ''] = accessToken.split('.')
    const unsigned = `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${payload}.`
    for (const value of [String(claimsOf(accessToken).jti), unsigned, `${accessToken}x`]) {
      expect((await at.ask('/oauth/userinfo', { bearer: value })).status).toBe(401)
      expect((await at.ask('/api/2/me', { bearer: value })).status).toBe(401)
      expect(await introspected('news', value)).toEqual({ active: false })
    }
  })

  test('it is no ID Token: as a hint it proves nothing', async () => {
    const browser = at.browser()
    const { accessToken } = await signIn(at, browser, 'news')
    const answer = await browser.visit(`/logout?id_token_hint=${accessToken}`)
    expect(answer.text).toContain('data-code="invalid_hint"')
  })
})

describe('who has them', () => {
  test('whoever says nothing has opaque ones, and a client that registers itself cannot choose', async () => {
    const open = await openSystem({ config: { registration: true, clients: [...clients] } })
    try {
      expect((await signIn(open, open.browser(), 'news')).accessToken).not.toContain('.')
      expect((await open.ask('/.well-known/openid-configuration')).json()).not.toHaveProperty(
        'status_list_aggregation_endpoint'
      )
      const json = { redirect_uris: ['https://new.example/cb'], access_token_format: 'jwt' }
      const body = JSON.stringify(json)
      const refused = await open.ask('/oauth/register', {
        json,
        headers: { 'content-length': String(Buffer.byteLength(body)) }
      })
      expect(refused.status).toBe(400)
      expect(refused.json().error_description).toContain('access_token_format')
    } finally {
      await open.close()
    }
  })
})

describe('resources', () => {
  const resources = [
    {
      resource: 'https://api.example/',
      access_token_format: 'jwt',
      scope: 'things email',
      introspected_by: ['backend']
    },
    { resource: 'https://old.example/', access_token_format: 'opaque' }
  ]
  let other: TestSystem
  beforeAll(async () => {
    other = await openSystem({
      config: {
        resources,
        clients: clients.map(it => ({
          ...it,
          scope: it.scope === undefined ? undefined : `${it.scope} things`,
          ...(it.client_id === 'market' ? { access_token_format: 'jwt' } : {})
        }))
      }
    })
  })
  afterAll(() => other.close())

  const api = 'https://api.example/'
  const params = { resource: api, scope: 'openid profile email things' }

  const isActive = async (value: string): Promise<unknown> =>
    (
      await other.ask('/oauth/introspect', {
        form: { token: value },
        basic: ['backend', secretOf('backend')]
      })
    ).json().active
  const refresh = (refresh_token: string) =>
    token(other, 'news', { grant_type: 'refresh_token', refresh_token })

  test('the token is for the one that was asked for, with those scopes that it knows', async () => {
    const it = await signIn(other, other.browser(), 'news', { params })
    const claims = await verified(other, it.accessToken, 'at+jwt')
    expect(claims).toMatchObject({ aud: 'https://api.example/', client_id: 'news', scope: 'email things' })
    const again = await token(other, 'news', { grant_type: 'refresh_token', refresh_token: it.refreshToken })
    expect(claimsOf(String(again.json().access_token)).aud).toBe('https://api.example/')
  })

  test('it is for that API alone, and the API may ask about it', async () => {
    const { accessToken } = await signIn(other, other.browser(), 'news', { params })
    const opaque = await signIn(other, other.browser(), 'news', {
      params: { resource: 'https://old.example/' }
    })
    for (const bearer of [accessToken, opaque.accessToken]) {
      expect([401, 403]).toContain((await other.ask('/oauth/userinfo', { bearer })).status)
      for (const path of ['/api/2/me', '/api/2/user/u-ola'])
        expect((await other.ask(path, { bearer })).status).toBe(401)
    }
    const asking = (clientId: string) =>
      other.ask('/oauth/introspect', { form: { token: accessToken }, basic: [clientId, secretOf(clientId)] })
    expect((await asking('backend')).json()).toMatchObject({ active: true, aud: ['https://api.example/'] })
    expect((await asking('phone')).json()).toEqual({ active: false })
  })

  test('who is shown it there ends nothing with it here: not at the API, not by a redirect without a session', async () => {
    const it = await signIn(other, other.browser(), 'news', { params })
    const bearer = it.accessToken
    for (const asking of [{ bearer }, { form: { oauth_token: bearer } }]) {
      const answer = await other.ask('/api/2/logout', asking)
      expect([answer.status, answer.json().error]).toEqual([401, 'invalid_token'])
    }
    const left = await other.browser().visit(`/logout?client_id=news&oauth_token=${bearer}`)
    expect(left.text).toContain('id="signed-out"')
    const server = await token(other, 'backend', { grant_type: 'client_credentials', resource: api })
    await other.ask('/api/2/logout', { bearer: String(server.json().access_token) })
    for (const value of [bearer, String(server.json().access_token)]) expect(await isActive(value)).toBe(true)
    expect((await refresh(it.refreshToken)).status).toBe(200)
  })

  test('the client itself ends it: with its logout, by revocation, with the person who is there', async () => {
    const [one, two, browser] = [other.browser(), other.browser(), other.browser()]
    const [revoked, alone, there] = [
      await signIn(other, one, 'news', { params }),
      await signIn(other, two, 'news', { params }),
      await signIn(other, browser, 'news', { params })
    ]
    await other.ask('/oauth/revoke', authenticated('news', { token: revoked.refreshToken }))
    // A token of the same grant that is for this server.
    const { accessToken } = await signIn(other, two, 'news')
    expect((await other.ask('/api/2/logout', { bearer: accessToken })).status).toBe(200)
    await browser.visit(`/logout?client_id=news&oauth_token=${there.accessToken}`)
    for (const { accessToken, refreshToken } of [revoked, alone, there]) {
      expect(await isActive(accessToken)).toBe(false)
      expect((await refresh(refreshToken)).status).toBe(400)
    }
  })

  test('where there is a resource it decides, else the client', async () => {
    const market = async (resource: string | undefined) =>
      (await signIn(other, other.browser(), 'market', { params: { resource } })).accessToken
    expect(await market('https://old.example/')).not.toContain('.')
    expect(await market('https://api.example/')).toContain('.')
    expect(await market(undefined)).toContain('.')
    expect((await signIn(other, other.browser(), 'news')).accessToken).not.toContain('.')
  })

  test('a client asks for itself, too', async () => {
    const answer = await token(other, 'backend', {
      grant_type: 'client_credentials',
      scope: 'things',
      resource: 'https://api.example/'
    })
    const claims = await verified(other, String(answer.json().access_token), 'at+jwt')
    expect(claims).toMatchObject({ sub: 'backend', aud: 'https://api.example/', scope: 'things' })
    // Here it opens nothing, not even to look at streams.
    const streams = await other.ask('/ssf/streams', { bearer: String(answer.json().access_token) })
    expect([streams.status, streams.json().error]).toEqual([401, 'invalid_token'])
    const own = await other.ask('/ssf/streams', { bearer: await serverToken(other) })
    expect([own.status, own.json().error]).toEqual([403, 'insufficient_scope'])
  })

  test('a resource that nobody knows is refused', async () => {
    const { path } = authorization('news', { resource: 'https://unknown.example/' })
    const answer = await other.browser().go(path)
    expect(answer.text + answer.location).toContain('invalid_target')
    const server = await token(other, 'backend', {
      grant_type: 'client_credentials',
      resource: 'https://unknown.example/'
    })
    expect(server.json().error).toBe('invalid_target')
  })

  test('people who are asked what a client may know are asked here as well, and once', async () => {
    const browser = other.browser()
    const first = await signIn(other, browser, 'asking', { params })
    expect(claimsOf(first.accessToken).aud).toBe('https://api.example/')
    const { path } = authorization('asking', { ...params, prompt: 'none' })
    expect((await browser.go(path)).location).toContain('code=')
  })
})
