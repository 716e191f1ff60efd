import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer } from '../support/browser.ts'
import { alive, claimsOf, dead, type SignedIn, signIn, token, usesOf } from '../support/sign-in.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

const day = 86_400

const refresh = (
  clientId: string,
  refresh_token: string,
  more: Record<string, string> = {}
): Promise<Answer> => token(at, clientId, { grant_type: 'refresh_token', refresh_token, ...more })

/** Refreshes, and gives what the client has afterwards. */
async function refreshed(before: SignedIn): Promise<SignedIn> {
  const answer = await refresh(before.clientId, before.refreshToken)
  expect(answer.status, answer.text).toBe(200)
  const reply = answer.json<{ access_token: string; refresh_token?: string }>()
  return {
    ...before,
    accessToken: reply.access_token,
    refreshToken: reply.refresh_token ?? before.refreshToken
  }
}

const lastCause = async (): Promise<unknown> =>
  (await at.storage.listAudit({ limit: 1, event: 'logout' }))[0]?.detail?.cause

test('a confidential client keeps its refresh token', async () => {
  const first = await signIn(at, at.browser(), 'news')
  const second = await refreshed(first)
  expect(second.refreshToken).toBe(first.refreshToken)
  expect(second.accessToken).not.toBe(first.accessToken)
  expect(await usesOf(at, second)).toEqual(alive)
})

describe('a public client', () => {
  test('gets a new refresh token with each use (BCP-11)', async () => {
    const first = await signIn(at, at.browser(), 'app')
    const second = await refreshed(first)
    const third = await refreshed(second)
    expect(new Set([first, second, third].map(it => it.refreshToken)).size).toBe(3)
  })

  test('may use an old one once more within ten seconds, as if the reply had been lost (BCP-12)', async () => {
    const first = await signIn(at, at.browser(), 'app')
    const second = await refreshed(first)
    advance(9)
    const again = await refreshed(first)
    expect(again.refreshToken).not.toBe(second.refreshToken)
    // A third use is refused, and nothing is taken for stolen.
    const third = await refresh('app', first.refreshToken)
    expect(third.json().error).toBe('invalid_grant')
    expect((await refresh('app', second.refreshToken)).status).toBe(200)
    expect((await refresh('app', again.refreshToken)).status).toBe(200)
  })

  test('loses the whole grant when an old one comes later (BCP-12)', async () => {
    const first = await signIn(at, at.browser(), 'app')
    const second = await refreshed(first)
    advance(11)
    const replay = await refresh('app', first.refreshToken)
    expect(replay.json().error).toBe('invalid_grant')
    expect(await lastCause()).toBe('refresh_replay')
    expect((await refresh('app', second.refreshToken)).status).toBe(400)
    for (const { accessToken } of [first, second]) {
      expect((await at.ask('/oauth/userinfo', { bearer: accessToken })).status).toBe(401)
      expect((await at.ask('/api/2/me', { bearer: accessToken })).status).toBe(401)
    }
  })

  test('loses the grant also when the second use had been taken', async () => {
    const first = await signIn(at, at.browser(), 'app')
    await refreshed(first)
    const again = await refreshed(first)
    advance(11)
    await refresh('app', first.refreshToken)
    expect((await refresh('app', again.refreshToken)).status).toBe(400)
  })

  test('cannot be robbed by another client', async () => {
    const first = await signIn(at, at.browser(), 'app')
    expect((await refresh('news', first.refreshToken)).json().error).toBe('invalid_grant')
    expect((await refresh('app', first.refreshToken)).status).toBe(200)
  })
})

describe('how long it lives (BCP-14)', () => {
  test.each(['news', 'app'])('%s: each use moves the idle limit, up to the absolute one', async clientId => {
    let signedIn = await signIn(at, at.browser(), clientId)
    for (let day29 = 0; day29 < 6; day29++) {
      advance(29 * day)
      signedIn = await refreshed(signedIn)
    }
    // 174 days by now; six more are left, whatever is used.
    advance(5 * day)
    signedIn = await refreshed(signedIn)
    advance(2 * day)
    expect((await refresh(clientId, signedIn.refreshToken)).json().error).toBe('invalid_grant')
  })

  test.each(['news', 'app'])('%s: unused for thirty days it is gone', async clientId => {
    const signedIn = await signIn(at, at.browser(), clientId)
    advance(30 * day + 1)
    expect((await refresh(clientId, signedIn.refreshToken)).json().error).toBe('invalid_grant')
  })

  test('an access token lives an hour', async () => {
    const { accessToken } = await signIn(at, at.browser(), 'news')
    advance(3599)
    expect((await at.ask('/oauth/userinfo', { bearer: accessToken })).status).toBe(200)
    advance(1)
    expect((await at.ask('/oauth/userinfo', { bearer: accessToken })).status).toBe(401)
  })
})

describe('scope', () => {
  test('may be narrowed, never widened (BCP-13)', async () => {
    const signedIn = await signIn(at, at.browser(), 'news', { params: { scope: 'openid email' } })
    const wider = await refresh('news', signedIn.refreshToken, { scope: 'openid email profile' })
    expect(wider.json().error).toBe('invalid_scope')
    const narrower = await refresh('news', signedIn.refreshToken, { scope: 'openid' })
    expect(narrower.json().scope).toBe('openid')
    const accessToken = String(narrower.json().access_token)
    expect((await at.ask('/oauth/userinfo', { bearer: accessToken })).json()).toEqual({ sub: 'u-ola' })
    const whole = await refresh('news', signedIn.refreshToken)
    expect(whole.json().scope).toBe('openid email')
  })

  test('a narrower authorization later takes nothing from an earlier one', async () => {
    const browser = at.browser()
    const wide = await signIn(at, browser, 'news')
    await signIn(at, browser, 'news', { params: { scope: 'openid' } })
    const answer = await at.ask('/oauth/userinfo', { bearer: (await refreshed(wide)).accessToken })
    expect(answer.json().email).toBe('ola@example.test')
  })
})

test.each([undefined, 'openid', 'openid offline_access'])(
  'a refresh token comes with scope "%s", because the client has the grant type',
  async scope => {
    const { refreshToken } = await signIn(at, at.browser(), 'news', { params: { scope } })
    expect(refreshToken).toBeTruthy()
  }
)

test('nonce and authentication time stay those of the sign-in', async () => {
  const first = await signIn(at, at.browser(), 'news', { params: { max_age: '1000' } })
  advance(100)
  const answer = await refresh('news', first.refreshToken)
  const claims = claimsOf(answer.json<{ id_token: string }>().id_token)
  expect(claims.auth_time).toBe(claimsOf(first.idToken).auth_time)
  expect(claims.auth_time).toBeDefined()
})

describe('whether tokens end with the session is decided when the grant is made', () => {
  /** `offline_access` counts only where the person is asked (OpenID Connect Core 1.0 §11). */
  const offline = { scope: 'openid offline_access', prompt: 'consent' }

  test.each([
    { clientId: 'news', params: {}, after: alive },
    { clientId: 'forum', params: {}, after: alive },
    { clientId: 'market', params: {}, after: dead },
    { clientId: 'market', params: { scope: 'openid offline_access' }, after: dead },
    { clientId: 'market', params: { scope: undefined }, after: dead },
    { clientId: 'market', params: offline, after: alive },
    { clientId: 'news', params: offline, after: alive }
  ])('$clientId, asking $params: $after.introspection', async ({ clientId, params, after }) => {
    const browser = at.browser()
    const signedIn = await signIn(at, browser, clientId, { params })
    const session = await at.sessionOf(browser)
    await at.system.heart.end({ name: 'admin_session', sessionUid: session?.uid })
    expect(await usesOf(at, signedIn)).toEqual(after)
  })

  test('one client may have one of each in one session', async () => {
    const browser = at.browser()
    const bound = await signIn(at, browser, 'market')
    const kept = await signIn(at, browser, 'market', { params: offline })
    const later = await signIn(at, browser, 'market')
    expect(await usesOf(at, bound)).toEqual(alive)
    const session = await at.sessionOf(browser)
    await at.system.heart.end({ name: 'admin_session', sessionUid: session?.uid })
    expect(await usesOf(at, bound)).toEqual(dead)
    expect(await usesOf(at, later)).toEqual(dead)
    expect(await usesOf(at, kept)).toEqual(alive)
  })

  test('it stays, whatever the client becomes later', async () => {
    const browser = at.browser()
    const signedIn = await signIn(at, browser, 'market')
    const row = await at.storage.findClient('market')
    if (!row) throw new Error('no market')
    const { enabled: _enabled, version: _version, ...client } = row
    const now = Math.floor(Date.now() / 1000)
    await at.storage.saveClient(
      { ...client, metadata: { ...row.metadata, tokens_end_with_session: false } },
      now
    )
    const refreshedOnce = await refreshed(signedIn)
    const session = await at.sessionOf(browser)
    await at.system.heart.end({ name: 'admin_session', sessionUid: session?.uid })
    expect(await usesOf(at, refreshedOnce)).toEqual(dead)
    await at.storage.saveClient(client, now)
  })
})
