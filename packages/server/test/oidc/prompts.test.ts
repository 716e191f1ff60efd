import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Browser } from '../support/browser.ts'
import { password } from '../support/fixtures.ts'
import { answerPages, authorization, claimsOf, codeOf, redeem, signIn } from '../support/sign-in.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

type Params = Record<string, string | undefined>

const visit = (browser: Browser, clientId: string, params: Params = {}): Promise<Answer> =>
  browser.visit(authorization(clientId, params).path)

const errorOf = (answer: Answer): string | null => new URL(answer.location ?? '').searchParams.get('error')

async function idTokenFor(
  browser: Browser,
  clientId: string,
  params: Params
): Promise<Record<string, unknown>> {
  return claimsOf((await signIn(at, browser, clientId, { params })).idToken)
}

describe('prompt', () => {
  test('none: a code in a live session, an error without (OC-01)', async () => {
    const browser = at.browser()
    expect(errorOf(await visit(browser, 'news', { prompt: 'none' }))).toBe('login_required')
    await signIn(at, browser, 'market')
    expect(codeOf(await visit(browser, 'news', { prompt: 'none' }))).toBeTruthy()
  })

  test('login: the password again, and a new authentication time (OC-02)', async () => {
    const browser = at.browser()
    const first = await idTokenFor(browser, 'news', { max_age: '9999' })
    advance(100)
    const page = await visit(browser, 'news', { prompt: 'login' })
    expect(page.text).toContain('id="sign-in"')
    const second = await idTokenFor(browser, 'news', { prompt: 'login', max_age: '9999' })
    expect(Number(second.auth_time)).toBeGreaterThanOrEqual(Number(first.auth_time) + 100)
  })

  test('select_account: shows who is signed in, and goes on with her', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'market')
    const { path, verifier } = authorization('news', { prompt: 'select_account' })
    const page = await browser.visit(path)
    expect(page.text).toContain('Ola Nordmann')
    const end = await browser.follow(await browser.submit(page, { choice: 'continue' }))
    expect((await redeem(at, 'news', codeOf(end), verifier)).sub).toBe('u-ola')
  })

  test('select_account: nobody signed in means signing in', async () => {
    expect((await visit(at.browser(), 'news', { prompt: 'select_account' })).text).toContain('id="sign-in"')
  })

  test('select_account and login: both are asked, once each', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'market')
    const page = await visit(browser, 'news', { prompt: 'select_account login' })
    const form = await browser.follow(await browser.submit(page, { choice: 'continue' }))
    expect(form.text).toContain('id="sign-in"')
    const end = await browser.follow(await browser.submit(form, { login: 'ola@example.test', password }))
    expect(codeOf(end)).toBeTruthy()
  })

  test('create: the sign-up form, also in a live session', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'market')
    expect((await visit(browser, 'news', { prompt: 'create' })).text).toContain('id="sign-up"')
  })

  test('consent: asked even where it is on record or not needed', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'asking')
    for (const clientId of ['asking', 'news'])
      expect((await visit(browser, clientId, { prompt: 'consent' })).text).toContain('id="allow"')
  })

  test('login and consent in one request: each page comes once', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'news')
    const form = await visit(browser, 'news', { prompt: 'login consent' })
    const asked = await browser.follow(await browser.submit(form, { login: 'ola@example.test', password }))
    expect(asked.text).toContain('id="allow"')
    expect(codeOf(await browser.follow(await browser.submit(asked, { decision: 'allow' })))).toBeTruthy()
  })

  test('an unknown one is refused', async () => {
    expect(errorOf(await visit(at.browser(), 'news', { prompt: 'dance' }))).toBe('invalid_request')
  })
})

describe('max_age (OC-02)', () => {
  test('an older sign-in is not enough', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'news')
    advance(61)
    expect(errorOf(await visit(browser, 'news', { max_age: '60', prompt: 'none' }))).toBe('login_required')
    expect((await visit(browser, 'news', { max_age: '60' })).text).toContain('id="sign-in"')
    expect(codeOf(await visit(browser, 'news', { max_age: '3600' }))).toBeTruthy()
  })

  test('0 means now: the password, and then the code', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'news')
    advance(1)
    const form = await visit(browser, 'news', { max_age: '0' })
    expect(form.text).toContain('id="sign-in"')
    const end = await browser.follow(await browser.submit(form, { login: 'ola@example.test', password }))
    expect(codeOf(end)).toBeTruthy()
  })

  test('the ID Token then says when it was', async () => {
    const claims = await idTokenFor(at.browser(), 'news', { max_age: '60' })
    expect(Math.abs(Number(claims.auth_time) - Date.now() / 1000)).toBeLessThan(5)
  })
})

describe('id_token_hint (OC-03)', () => {
  test('of another person: login_required, never a switch', async () => {
    const kari = await signIn(at, at.browser(), 'news', { email: 'kari@example.test' })
    const browser = at.browser()
    const ola = await signIn(at, browser, 'news')
    const refused = await visit(browser, 'news', { prompt: 'none', id_token_hint: kari.idToken })
    expect(errorOf(refused)).toBe('login_required')
    expect((await visit(browser, 'news', { id_token_hint: kari.idToken })).text).toContain('id="sign-in"')
    expect(codeOf(await visit(browser, 'news', { prompt: 'none', id_token_hint: ola.idToken }))).toBeTruthy()
    expect(await at.sessionOf(browser)).toMatchObject({ sub: 'u-ola' })
  })

  test('of another person than the one who then signs in: login_required', async () => {
    const kari = await signIn(at, at.browser(), 'news', { email: 'kari@example.test' })
    const browser = at.browser()
    const page = await visit(browser, 'news', { id_token_hint: kari.idToken })
    const end = await answerPages(browser, page, { email: 'ola@example.test' })
    expect(errorOf(end)).toBe('login_required')
    const again = await visit(browser, 'news', { id_token_hint: kari.idToken })
    expect(codeOf(await answerPages(browser, again, { email: 'kari@example.test' }))).toBeTruthy()
  })

  test('an expired one still says who is meant', async () => {
    const browser = at.browser()
    const { idToken } = await signIn(at, browser, 'news')
    advance(1000)
    expect(codeOf(await visit(browser, 'news', { prompt: 'none', id_token_hint: idToken }))).toBeTruthy()
  })

  test('one that is none of ours is refused', async () => {
    const browser = at.browser()
    const { idToken } = await signIn(at, browser, 'news')
    const forged = `${idToken.slice(0, -6)}AAAAAA`
    expect(errorOf(await visit(browser, 'news', { id_token_hint: forged }))).toBe('invalid_request')
  })
})

describe('consent', () => {
  test('is asked once for what is asked, and again for more', async () => {
    const browser = at.browser()
    const signedIn = { email: 'kari@example.test', params: { scope: 'openid' } }
    await signIn(at, browser, 'asking', signedIn)
    expect(codeOf(await visit(browser, 'asking', { scope: 'openid' }))).toBeTruthy()
    const page = await visit(browser, 'asking', { scope: 'openid email' })
    expect(page.text).toContain('id="allow"')
    await browser.submit(page, { decision: 'deny' })
    expect((await visit(browser, 'asking', { scope: 'openid email' })).text).toContain('id="allow"')
    expect(codeOf(await visit(browser, 'asking', { scope: 'openid' }))).toBeTruthy()
  })

  test('a no goes back as access_denied', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'news')
    const page = await visit(browser, 'asking', { scope: 'openid phone', prompt: undefined })
    // The client may not have `phone` at all.
    expect(errorOf(page)).toBe('invalid_scope')
    const asked = await visit(browser, 'asking', { prompt: 'consent' })
    const end = await browser.follow(await browser.submit(asked, { decision: 'deny' }))
    expect(errorOf(end)).toBe('access_denied')
  })

  test('outlives logout, and another device is not asked', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'asking')
    const session = await at.sessionOf(browser)
    await at.system.heart.end({ name: 'admin_session', sessionUid: session?.uid })
    const other = at.browser()
    await signIn(at, other, 'news')
    expect(codeOf(await visit(other, 'asking'))).toBeTruthy()
  })

  test('taken back, it is asked again', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'asking')
    await at.system.heart.end({ name: 'account_app', sub: 'u-ola', clientId: 'asking' })
    expect((await visit(browser, 'asking')).text).toContain('id="allow"')
  })

  test('after an API logout it is not asked again, and the tokens are a new grant', async () => {
    const browser = at.browser()
    const first = await signIn(at, browser, 'asking')
    await at.ask('/api/2/logout', { bearer: first.accessToken })
    const end = await answerPages(browser, await visit(browser, 'asking', { prompt: 'none' }))
    expect(codeOf(end)).toBeTruthy()
  })
})
