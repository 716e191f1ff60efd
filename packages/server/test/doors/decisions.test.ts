import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkConfig } from '../../src/config/load.ts'
import type { Cause, CauseName } from '../../src/logout/causes.ts'
import { clients, secretOf } from '../support/fixtures.ts'
import { answerPages, authorization, codeOf, redeem, type SignedIn, signIn } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'
import { asks, bye, click, isLive, logoutPath, signedIn } from './redirect-kit.ts'
import { refreshed } from './tokens.ts'

/* Where documents pull in different directions: both sides of what was decided. See docs/decisions.md. */

let at: TestSystem
beforeAll(async () => {
  const backend = clients.find(it => it.client_id === 'backend')
  const others = clients.filter(it => it !== backend)
  at = await openSystem({ config: { clients: [...others, { ...backend, may_revoke_globally: true }] } })
})
afterAll(() => at.close())

describe('X-02: a refresh token with offline_access', () => {
  /** Signs in with it, and ends everything for this reason; whether it can still be used. */
  async function survives(end: (signed: SignedIn, sessionUid: string) => Promise<unknown>): Promise<boolean> {
    const browser = at.browser()
    const params = { scope: 'openid offline_access', prompt: 'consent' }
    const signed = await signIn(at, browser, 'market', { params })
    const session = await at.sessionOf(browser)
    await end(signed, session?.uid ?? '')
    expect(await at.sessionOf(browser)).toBeUndefined()
    return (await refreshed(at, 'market', signed.refreshToken)) === 200
  }
  const cause = (name: CauseName) => (signed: SignedIn, sessionUid: string) => {
    const it: Cause = { name, sub: signed.sub, sessionUid }
    return at.system.heart.end(it)
  }

  test('outlives a logout by its application (Back-Channel Logout §2.7)', async () => {
    const logout = ({ sid }: SignedIn) =>
      at.ask('/oauth/end_session', { form: { sid }, basic: ['market', secretOf('market')] })
    expect(await survives(logout)).toBe(true)
  })

  test.each(['sdk', 'redirect', 'rp_initiated', 'account_session', 'admin_session'] as const)(
    'outlives the end of its session by %s',
    async name => expect(await survives(cause(name))).toBe(true)
  )

  test('dies by Global Token Revocation (§3.3)', async () => {
    const revoke = ({ sub }: SignedIn) =>
      at.ask('/oauth/global_token_revocation', {
        json: { sub_id: { format: 'opaque', id: sub } },
        basic: ['backend', secretOf('backend')]
      })
    expect(await survives(revoke)).toBe(false)
  })

  test.each(['account_everywhere', 'password_reset', 'admin_user', 'admin_all'] as const)(
    'dies by %s, which means everything',
    async name => expect(await survives(cause(name))).toBe(false)
  )
})

describe('X-03: a logout without a hint', () => {
  test('with a client_id goes on to the registered address, after the person said yes', async () => {
    const person = await signedIn(at, 'u-ola', ['news'])
    const asked = { client_id: 'news', post_logout_redirect_uri: bye, state: 's' }
    const page = await person.browser.visit(logoutPath(asked))
    const answer = await click(at, person, page)
    expect([answer.status, answer.location]).toEqual([303, `${bye}?state=s`])
  })

  test('without one goes nowhere: signed out by the click, on our page', async () => {
    const person = await signedIn(at, 'u-ola', ['news'])
    const page = await person.browser.visit(logoutPath({ post_logout_redirect_uri: bye, state: 's' }))
    const form = page.text.includes('id="confirm-logout"')
    expect([page.location, form, await isLive(at, person)]).toEqual([undefined, true, true])
    const after = await person.browser.follow(await person.browser.submit(page, {}, 'confirm-logout'))
    expect([after.location, await isLive(at, person)]).toEqual([undefined, false])
    expect(after.text).toContain('id="signed-out"')
  })
})

test('X-04: the page that asks is a plain form with names that stay, for people and for machines', async () => {
  const person = await signedIn(at, 'u-ola', ['news'])
  const page = await person.browser.visit(logoutPath({ client_id: 'news', post_logout_redirect_uri: bye }))
  expect(page.text).toMatch(/<form[^>]*id="confirm-logout"/)
  expect(page.text).toMatch(/<button[^>]*id="confirm"/)
  // No script has to run for it.
  expect(page.headers['content-security-policy']).not.toContain('unsafe')
  const answer = await click(at, person, page)
  expect([answer.status, answer.location]).toEqual([303, bye])
})

describe('X-06: a logout by GET', () => {
  const hinted = async () => {
    const browser = at.browser()
    const { idToken } = await signIn(at, browser, 'news')
    const path = logoutPath({ id_token_hint: idToken, post_logout_redirect_uri: bye })
    return { browser, path, isIn: async () => (await at.sessionOf(browser)) !== undefined }
  }

  test('with a hint of this session, as a navigation, acts at once (RP-Initiated Logout §2)', async () => {
    const { browser, path, isIn } = await hinted()
    const answer = await browser.go(path, { from: 'cross-site' })
    expect([answer.status, answer.location, await isIn()]).toEqual([303, bye, false])
  })

  test.each(['image', 'script', 'iframe', 'empty'])(
    'as a %s of some page never acts (ASVS 3.5.3)',
    async dest => {
      const { browser, path, isIn } = await hinted()
      const headers = { 'sec-fetch-dest': dest, 'sec-fetch-mode': 'no-cors' }
      const answer = await browser.go(path, { from: 'cross-site', headers })
      expect([answer.location === bye, await isIn()]).toEqual([false, true])
    }
  )

  test.each(['prefetch', 'prefetch;prerender'])('fetched ahead (%s) never acts', async purpose => {
    const { browser, path, isIn } = await hinted()
    await browser.go(path, { from: 'cross-site', headers: { 'sec-purpose': purpose } })
    expect(await isIn()).toBe(true)
  })

  test('without a hint asks by a form, which is a POST with a value that no other site knows', async () => {
    const person = await signedIn(at, 'u-ola', ['news'])
    const asked = logoutPath({ client_id: 'news', post_logout_redirect_uri: bye })
    const page = await person.browser.visit(asked, { from: 'cross-site' })
    expect([asks(page), await isLive(at, person)]).toEqual([true, true])
    expect(page.text).toMatch(/<form[^>]*method="post"/)
  })
})

test('X-07: Clear-Site-Data never names cookies, so other sites under one domain keep theirs, and ours are expired one by one', async () => {
  const { browser } = await signedIn(at, 'u-ola', ['news'])
  const answer = await browser.go(logoutPath({ client_id: 'news', redirect_uri: bye }))
  expect(answer.headers['clear-site-data']).toBe('"cache", "storage"')
  const expired = answer.setCookies.filter(line => /expires=Thu, 01 Jan 1970|max-age=0/i.test(line))
  expect(expired.map(line => line.split('=')[0])).toContain('__Host-utgang')
  for (const line of answer.setCookies) expect(line).not.toMatch(/domain=/i)
})

describe('X-08: a code without PKCE', () => {
  const bare = { code_challenge: undefined, code_challenge_method: undefined }

  test('is refused, to a confidential client too (ASVS 10.4.6)', async () => {
    const answer = await at.browser().visit(authorization('news', bare).path)
    expect(answer.location).toContain('error=invalid_request')
    expect(answer.location).toContain('requires+PKCE')
  })

  test('is given to a confidential client whose configuration says so', async () => {
    const browser = at.browser()
    const page = await browser.visit(authorization('classic', { ...bare, scope: undefined }).path)
    const code = codeOf(await answerPages(browser, page))
    const form = { grant_type: 'authorization_code', code, redirect_uri: 'https://classic.example/callback' }
    const answer = await at.ask('/oauth/token', { form, basic: ['classic', secretOf('classic')] })
    expect(answer.status, answer.text).toBe(200)
  })

  test('but where a challenge came, its verifier has to come too', async () => {
    const browser = at.browser()
    const { path } = authorization('classic', { scope: undefined })
    const code = codeOf(await answerPages(browser, await browser.visit(path)))
    await expect(
      redeem(at, 'classic', code, 'a-verifier-of-another-request-which-is-43-long')
    ).rejects.toThrow('invalid_grant')
  })

  test('a client that keeps no secret cannot be configured so', () => {
    const app = { client_id: 'app', redirect_uris: ['https://app.example/cb'], require_pkce: false }
    const config = { issuer: 'https://id.example', secret_keys: ['k'.repeat(32)], clients: [app] }
    expect(() => checkConfig(config)).toThrow(/require_pkce/)
  })
})
