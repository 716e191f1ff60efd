import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { signIn } from '../../../server/test/support/sign-in.ts'
import { advance } from '../../../server/test/support/system.ts'
import { credentials, type Issuer, issuer, listPath, listSeconds, openIssuer } from './support/issuer.ts'

/*
 * When a token of something that has ended is refused at the latest, against a real issuer. The clock of all is set by hand.
 */

let at: Issuer
beforeAll(async () => {
  at = await openIssuer()
})
afterAll(() => at.close())
beforeEach(() => {
  at.down.clear()
  // Half past a second, so that no test stands on the edge of one.
  advance(0)
  advance(0.5 - ((Date.now() / 1000) % 1))
})

const staleness = 20
const byJwt = { jwt: { max_staleness_seconds: staleness } }

interface Held {
  accessToken: string
  refreshToken: string
  idToken: string
  sid: string
  browser: ReturnType<Issuer['browser']>
}

async function signedIn(clientId: string): Promise<Held> {
  const browser = at.browser()
  return { ...(await at.signIn(clientId, browser)), browser }
}

const ways: [string, string, (it: Held) => Promise<unknown>][] = [
  ['a logout by redirect', 'market', it => it.browser.visit(`/logout?id_token_hint=${it.idToken}`)],
  [
    'a logout by redirect that hands over the token',
    'news',
    it => it.browser.visit(`/logout?client_id=news&oauth_token=${it.accessToken}`)
  ],
  ['the logout by API', 'news', it => logoutByApi(it)],
  ['revocation', 'news', it => at.revoke('news', it.accessToken)],
  ['revocation of the refresh token', 'news', it => at.revoke('news', it.refreshToken)],
  ['an administrator', 'news', () => at.system.heart.end({ name: 'admin_user', sub: 'u-ola' })],
  ['the end of everything', 'news', () => at.system.heart.end({ name: 'admin_all' })]
]

/** By a token of the same grant that is for the issuer itself: one for another API ends nothing there. */
async function logoutByApi({ browser }: Held): Promise<void> {
  const { accessToken } = await signIn(at, browser, 'news')
  expect((await at.ask('/api/2/logout', { bearer: accessToken })).status).toBe(200)
}

describe('while the issuer can be reached, a token is refused status_list_seconds after it ended', () => {
  test.each(ways)('by %s', async (_what, clientId, end) => {
    for (const listAge of [0, 2, 4]) {
      const it = at.guard(byJwt)
      const held = await signedIn(clientId)
      // The list that both know is so old when the token ends.
      advance(listSeconds)
      expect(await it.status(held.accessToken)).toBe(200)
      advance(listAge)
      await end(held)
      advance(listSeconds - listAge - 1)
      expect([listAge, await it.status(held.accessToken)]).toEqual([listAge, 200])
      advance(1)
      expect([listAge, await it.status(held.accessToken)]).toEqual([listAge, 401])
    }
  })

  test('however list and guard are out of step: nobody adds his own delay', async () => {
    for (const behind of [1, 2, 3, 4]) {
      const [first, second] = [at.guard(byJwt), at.guard(byJwt)]
      const held = await signedIn('news')
      advance(listSeconds)
      await first.status(held.accessToken)
      advance(behind)
      // Is given the list that the issuer has made for the first, and keeps it no longer than the first does.
      await second.status(held.accessToken)
      await at.revoke('news', held.accessToken)
      advance(listSeconds - behind)
      expect([behind, await second.status(held.accessToken)]).toEqual([behind, 401])
    }
  })
})

describe('while the lists cannot be had', () => {
  test('a dead token is refused max_staleness_seconds after it ended, and so is every other', async () => {
    const it = at.guard(byJwt)
    const [held, other] = [await signedIn('news'), await at.serverToken()]
    advance(listSeconds)
    expect(await it.status(held.accessToken)).toBe(200)
    at.down.add(listPath)
    await at.revoke('news', held.accessToken)
    // Lists name whole seconds.
    advance(staleness - 1)
    expect(await it.status(held.accessToken)).toBe(200)
    advance(1)
    expect(await it.status(held.accessToken)).toBe(503)
    expect(await it.status(other)).toBe(503)
    at.down.clear()
    advance(1)
    expect(await it.status(held.accessToken)).toBe(401)
    expect(await it.status(other)).toBe(200)
  })

  test('the issuer is asked instead, where that is wanted', async () => {
    const it = at.guard({
      introspection: { ...credentials, cache_seconds: 3 },
      jwt: { max_staleness_seconds: staleness, on_unavailable: 'introspect' }
    })
    const [held, other] = [await signedIn('news'), await at.serverToken()]
    await it.status(held.accessToken)
    at.down.add(listPath)
    advance(staleness + 1)
    for (const value of [held.accessToken, other]) expect(await it.status(value)).toBe(200)
    await at.revoke('news', held.accessToken)
    advance(3)
    expect(await it.status(held.accessToken)).toBe(401)
    expect(await it.status(other)).toBe(200)
    at.down.add('/oauth/introspect')
    advance(3)
    expect(await it.status(other)).toBe(503)
  })
})

describe('as soon as it was heard', () => {
  test('with introspection a dead token is refused at once, and one that lives on is not', async () => {
    const it = at.guard({ ...byJwt, introspection: credentials })
    const browser = at.browser()
    const [bound, unbound] = [await at.signIn('market', browser), await at.signIn('news', browser)]
    for (const { accessToken } of [bound, unbound]) expect(await it.status(accessToken)).toBe(200)
    await browser.visit(`/logout?id_token_hint=${bound.idToken}`)
    expect(await it.status(bound.accessToken)).toBe(200)
    it.heard({ sub: bound.sub })
    expect(await it.status(bound.accessToken)).toBe(401)
    expect(await it.status(unbound.accessToken)).toBe(200)
  })

  test('without it both are refused until a list tells them apart', async () => {
    const it = at.guard(byJwt)
    const browser = at.browser()
    const [bound, unbound] = [await at.signIn('market', browser), await at.signIn('news', browser)]
    for (const { accessToken } of [bound, unbound]) expect(await it.status(accessToken)).toBe(200)
    await browser.visit(`/logout?id_token_hint=${bound.idToken}`)
    it.heard({ sub: bound.sub })
    for (const { accessToken } of [bound, unbound]) expect(await it.status(accessToken)).toBe(401)
    const { accessToken: fresh } = await at.signIn('market')
    advance(listSeconds)
    expect(await it.status(bound.accessToken)).toBe(401)
    expect(await it.status(unbound.accessToken)).toBe(200)
    expect(await it.status(fresh)).toBe(200)
  })

  test('other people are not asked about anew', async () => {
    const it = at.guard(byJwt)
    const { accessToken } = await at.signIn('news')
    await it.status(accessToken)
    it.heard({ sub: 'u-kari' })
    it.heard({ sid: 'another' })
    it.heard({ jti: 'another' })
    const before = at.asked.length
    expect(await it.status(accessToken)).toBe(200)
    expect(at.asked.length).toBe(before)
  })
})

test('opaque tokens are left to introspection, also where JWTs are checked here', async () => {
  const introspection = { client_id: 'forum', client_secret: 'forum-secret-of-the-tests' }
  const it = at.guard({ ...byJwt, introspection, audience: 'forum' })
  const { accessToken } = await at.signIn('forum')
  expect(await it.status(accessToken)).toBe(200)
  expect(await at.guard(byJwt).status(accessToken)).toBe(401)
})

test('an ID Token opens nothing, and neither does a JWT for another API', async () => {
  const { idToken, accessToken } = await at.signIn('news')
  expect(await at.guard(byJwt).status(idToken)).toBe(401)
  expect(await at.guard({ ...byJwt, audience: issuer }).status(accessToken)).toBe(401)
})
