import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Cause, CauseName } from '../../src/logout/causes.ts'
import { type Browser, formOn } from '../support/browser.ts'
import { password } from '../support/fixtures.ts'
import {
  authorization,
  claimsOf,
  codeOf,
  dead,
  redirectUriOf,
  type SignedIn,
  signIn,
  token,
  usesOf
} from '../support/sign-in.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'

/* After each way out nothing of the session works any more: cookie, codes, open pages, bound tokens. */

let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

interface Before {
  browser: Browser
  bound: SignedIn
  kept: SignedIn
  code: { code: string; verifier: string }
  uid: string
  openPage: string
}

async function everything(email = 'ola@example.test'): Promise<Before> {
  const browser = at.browser()
  const bound = await signIn(at, browser, 'market', { email })
  const kept = await signIn(at, browser, 'news', { email })
  const { path, verifier } = authorization('news')
  const code = codeOf(await browser.visit(path))
  const page = await browser.visit(authorization('news', { prompt: 'login' }).path)
  const session = await at.sessionOf(browser)
  return { browser, bound, kept, code: { code, verifier }, uid: session?.uid ?? '', openPage: page.path }
}

const ways: { way: string; cause: (it: Before) => Cause; everyToken: boolean }[] = [
  ...(
    ['redirect', 'rp_initiated', 'sdk', 'end_session_api', 'account_session', 'admin_session'] as const
  ).map(name => ({ way: name, cause: ({ uid }: Before) => ({ name, sessionUid: uid }), everyToken: false })),
  {
    way: 'password_changed elsewhere',
    cause: () => ({ name: 'password_changed' as CauseName, sub: 'u-ola', sessionUid: 'another' }),
    everyToken: false
  },
  ...(['account_everywhere', 'password_reset', 'admin_user', 'global_token_revocation'] as const).map(
    name => ({
      way: name,
      cause: () => ({ name, sub: 'u-ola' }),
      everyToken: true
    })
  ),
  { way: 'admin_all', cause: () => ({ name: 'admin_all' as CauseName }), everyToken: true }
]

async function expectNothingLeft(before: Before): Promise<void> {
  const { browser, bound, code, openPage } = before
  const exchange = await token(at, 'news', {
    grant_type: 'authorization_code',
    code: code.code,
    code_verifier: code.verifier,
    redirect_uri: redirectUriOf('news')
  })
  expect(exchange.json().error).toBe('invalid_grant')
  expect(await usesOf(at, bound)).toEqual(dead)
  const none = await browser.copy().visit(authorization('news', { prompt: 'none' }).path)
  expect(none.location).toContain('error=login_required')
  expect((await browser.copy().visit(authorization('news').path)).text).toContain('id="sign-in"')
  // An open page starts its authorization again, signed out.
  const page = await browser.copy().visit(openPage)
  expect(page.status).toBe(200)
  expect(page.text).toContain('id="sign-in"')
  expect(formOn(page).action).not.toBe(openPage)
}

describe.each(ways)('$way', ({ cause, everyToken }) => {
  test('AS-05: leaves nothing', async () => {
    const before = await everything()
    await at.system.heart.end(cause(before))
    await expectNothingLeft(before)
    const uses = await usesOf(at, before.kept)
    expect(uses.introspection).toBe(!everyToken)
    expect(uses.refresh).toBe(everyToken ? 400 : 200)
  })

  test('and a new sign-in is a new session with a new sid', async () => {
    const before = await everything()
    await at.system.heart.end(cause(before))
    const again = await signIn(at, before.browser, 'market')
    expect(again.sid).not.toBe(before.bound.sid)
    expect(claimsOf(again.idToken).sub).toBe('u-ola')
    expect((await at.sessionOf(before.browser))?.uid).not.toBe(before.uid)
    expect(await usesOf(at, before.bound)).toEqual(dead)
  })
})

test('AS-05: time alone leaves as little', async () => {
  const browser = at.browser()
  const bound = await signIn(at, browser, 'market', { remember: false })
  advance(2 * 3600)
  expect(await usesOf(at, bound)).toEqual({ ...dead })
  const none = await browser.visit(authorization('news', { prompt: 'none' }).path)
  expect(none.location).toContain('error=login_required')
})

test('a disabled account cannot come back, a page that was open included (AS-06)', async () => {
  const before = await everything('kari@example.test')
  await at.system.heart.end({ name: 'account_disabled', sub: 'u-kari' })
  await expectNothingLeft(before)
  const browser = at.browser()
  const page = await browser.visit(authorization('news').path)
  const refused = await browser.submit(page, { login: 'kari@example.test', password })
  expect(refused.status).toBe(401)
})
