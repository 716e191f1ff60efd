import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { alive, authorization, dead, signIn, token, usesOf } from '../support/sign-in.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'
import { asks, isLive, logoutPath, signedIn, tokenFor, tokenLives } from './redirect-kit.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

const lastAudit = async () => (await at.storage.listAudit({ limit: 1, event: 'logout' }))[0]

describe('an oauth_token that comes along', () => {
  test('is revoked with its grant, and is proof enough on a link from anywhere', async () => {
    const browser = at.browser()
    const tokens = await signIn(at, browser, 'news')
    const answer = await browser.go(logoutPath({ oauth_token: tokens.accessToken }), { from: 'cross-site' })
    expect(answer).toMatchObject({ status: 303, location: '/logout/signed-out' })
    expect(await usesOf(at, tokens)).toEqual(dead)
    expect((await lastAudit())?.detail).toEqual({ cause: 'redirect' })
  })

  test.each([
    ['dead', async () => 'a-token-that-nobody-knows'],
    ['of_another_client', () => tokenFor(at, 'market', 'u-ola')],
    ['of_another_user', () => tokenFor(at, 'news', 'u-kari')],
    ['of_a_server', () => tokenFor(at, 'news', null, { kind: 'ClientCredentials' })],
    ['no_access_token', () => tokenFor(at, 'news', 'u-ola', { kind: 'RefreshToken' })]
  ])(
    'never contradicts the client_id: %s, it is left alone and the audit trail says so',
    async (why, make) => {
      const person = await signedIn(at)
      const oauthToken = await make()
      const params = {
        client_id: 'news',
        redirect_uri: 'https://news.example/bye',
        oauth_token: oauthToken
      }
      const answer = await person.browser.go(logoutPath(params))
      expect(answer.location).toBe('https://news.example/bye')
      expect(await isLive(at, person)).toBe(false)
      expect(await tokenLives(at, oauthToken)).toBe(why !== 'dead')
      expect(await lastAudit()).toMatchObject({ clientId: 'news', detail: { token_left_alone: why } })
    }
  )

  test('a server token of the client itself is no proof', async () => {
    const person = await signedIn(at)
    const server = (await token(at, 'backend', { grant_type: 'client_credentials' })).json()
    const params = { oauth_token: String(server.access_token) }
    const page = await person.browser.visit(logoutPath(params), { from: 'cross-site' })
    expect(asks(page)).toBe(true)
    await person.browser.submit(page, {}, 'confirm-logout')
    expect(await tokenLives(at, params.oauth_token)).toBe(true)
    expect((await lastAudit())?.detail).toMatchObject({ token_left_alone: 'of_a_server' })
  })

  test('an expired one is no proof', async () => {
    const oauthToken = await tokenFor(at, 'news', 'u-ola')
    advance(3601)
    const person = await signedIn(at)
    const answer = await person.browser.visit(logoutPath({ oauth_token: oauthToken }), { from: 'cross-site' })
    expect(asks(answer)).toBe(true)
  })

  test('asked first, it is revoked by the click', async () => {
    const browser = at.browser()
    const tokens = await signIn(at, browser, 'careful')
    const page = await browser.visit(logoutPath({ oauth_token: tokens.accessToken }))
    expect(await usesOf(at, tokens)).toEqual(alive)
    await browser.submit(page, {}, 'confirm-logout')
    expect(await usesOf(at, tokens)).toEqual(dead)
  })
})

describe('without a live session', () => {
  test.each([
    ['oauth_token', (it: string) => ({ oauth_token: it }), '/logout/signed-out'],
    [
      'client_id and oauth_token',
      (it: string) => ({ client_id: 'news', redirect_uri: 'https://news.example/bye', oauth_token: it }),
      'https://news.example/bye'
    ]
  ])('%s: the token is revoked with its grant all the same', async (_what, params, location) => {
    const tokens = await signIn(at, at.browser(), 'news')
    const answer = await at.browser().go(logoutPath(params(tokens.accessToken)), { from: 'cross-site' })
    expect(answer).toMatchObject({ status: 303, location })
    expect(await usesOf(at, tokens)).toEqual(dead)
    expect(await lastAudit()).toMatchObject({ sub: 'u-ola', clientId: 'news' })
  })

  test('the session that the token came from goes on, in its own browser', async () => {
    const browser = at.browser()
    const tokens = await signIn(at, browser, 'news')
    await at.browser().go(logoutPath({ oauth_token: tokens.accessToken }))
    expect(await at.sessionOf(browser)).toBeDefined()
  })

  test.each([
    ['of another client', () => tokenFor(at, 'market', 'u-ola')],
    ['of a server', () => tokenFor(at, 'news', null, { kind: 'ClientCredentials' })],
    ['for refreshing', () => tokenFor(at, 'news', 'u-ola', { kind: 'RefreshToken' })]
  ])('a token %s is left alone', async (_what, make) => {
    const oauthToken = await make()
    const answer = await at.browser().go(logoutPath({ client_id: 'news', oauth_token: oauthToken }))
    expect(answer).toMatchObject({ status: 303, location: '/logout/signed-out' })
    expect(await tokenLives(at, oauthToken)).toBe(true)
  })
})

describe('after a logout', () => {
  test('bound tokens are dead, unbound ones live, codes under way are dead', async () => {
    const browser = at.browser()
    const news = await signIn(at, browser, 'news')
    const market = await signIn(at, browser, 'market')
    const forum = await signIn(at, browser, 'forum')
    const { path, verifier, redirectUri } = authorization('news')
    const underWay = await browser.visit(path)
    expect((await browser.go(logoutPath({ client_id: 'news' }))).status).toBe(303)
    expect(await usesOf(at, market)).toEqual(dead)
    expect([await usesOf(at, news), await usesOf(at, forum)]).toEqual([alive, alive])
    const code = new URL(underWay.location ?? '').searchParams.get('code') ?? ''
    const form = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier
    }
    expect((await token(at, 'news', form)).json()).toMatchObject({ error: 'invalid_grant' })
  })

  test('another browser of the same person stays signed in', async () => {
    const [here, there] = [at.browser(), at.browser()]
    await signIn(at, here, 'news')
    const elsewhere = await signIn(at, there, 'market')
    await here.go(logoutPath({ client_id: 'news' }))
    expect(await at.sessionOf(there)).toBeDefined()
    expect(await usesOf(at, elsewhere)).toEqual(alive)
  })
})
