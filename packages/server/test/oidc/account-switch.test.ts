import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Browser } from '../support/browser.ts'
import { password } from '../support/fixtures.ts'
import { alive, authorization, codeOf, dead, redeem, signIn, usesOf } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'

/* One browser holds one OP session: when somebody else signs in, a page says who will be signed out. */

let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

const kari = { login: 'kari@example.test', password }

/** Ola is signed in; Kari gives her password in the same browser. */
async function kariComes(browser: Browser): Promise<{ page: Answer; verifier: string }> {
  const { path, verifier } = authorization('news', { prompt: 'login' })
  const page = await browser.submit(await browser.visit(path), kari)
  return { page, verifier }
}

describe('when somebody else signs in', () => {
  test('a page says who will be signed out, and nobody is before it is answered', async () => {
    const browser = at.browser()
    const ola = await signIn(at, browser, 'market')
    const { page } = await kariComes(browser)
    expect(page.status).toBe(200)
    expect(page.text).toContain('id="switch-account"')
    expect(page.text).toContain('id="stay"')
    expect(await at.sessionOf(browser)).toMatchObject({ sub: 'u-ola' })
    expect(await usesOf(at, ola)).toEqual(alive)
  })

  test('the old session ends, its sites are told, and the authorization goes on in a clean one', async () => {
    const browser = at.browser()
    const ola = await signIn(at, browser, 'market')
    const before = await at.sessionOf(browser)
    const oldCookie = browser.cookie('__Host-utgang') ?? ''
    const { page, verifier } = await kariComes(browser)
    const end = await browser.follow(await browser.submit(page, { choice: 'switch' }))
    const signedIn = await redeem(at, 'news', codeOf(end), verifier)
    expect(signedIn.sub).toBe('u-kari')

    const after = await at.sessionOf(browser)
    expect(after).toMatchObject({ sub: 'u-kari', live: true })
    expect(after?.uid).not.toBe(before?.uid)
    expect(browser.cookie('__Host-utgang')).not.toBe(oldCookie)
    const rps = await at.storage.sessionClients(after?.uid ?? '')
    expect(rps.map(it => it.clientId)).toEqual(['news'])

    expect(await usesOf(at, ola)).toEqual(dead)
    const stale = at.browser()
    stale.setCookie('__Host-utgang', oldCookie)
    expect(await at.sessionOf(stale)).toBeUndefined()
    const [entry] = await at.storage.listAudit({ limit: 1, event: 'logout' })
    expect(entry).toMatchObject({ sub: 'u-ola', clientId: 'news', detail: { cause: 'account_switch' } })
    const told = await at.storage.listDeliveries(entry?.logoutId ?? '')
    expect(told).toMatchObject([{ clientId: 'market', sid: ola.sid, sub: 'u-ola' }])
  })

  test('whoever stays goes on as who she is', async () => {
    const browser = at.browser()
    const ola = await signIn(at, browser, 'market')
    const before = await at.sessionOf(browser)
    // She was asked to choose, not to prove herself again.
    const { path, verifier } = authorization('news', { prompt: 'select_account' })
    const choice = await browser.visit(path)
    const form = await browser.follow(await browser.submit(choice, { choice: 'other' }))
    const page = await browser.submit(form, kari)
    const again = await browser.follow(await browser.submit(page, { choice: 'stay' }))
    const end = await browser.follow(await browser.submit(again, { choice: 'continue' }))
    const signedIn = await redeem(at, 'news', codeOf(end), verifier)
    expect(signedIn.sub).toBe('u-ola')
    expect((await at.sessionOf(browser))?.uid).toBe(before?.uid)
    expect(await usesOf(at, ola)).toEqual(alive)
  })

  test('a second click on the page starts the authorization again', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'market')
    const { page } = await kariComes(browser)
    await browser.submit(page, { choice: 'switch' })
    const second = await browser.follow(await browser.submit(page, { choice: 'switch' }))
    expect(second.status).toBe(200)
    expect(second.text).toContain('id="sign-in"')
  })

  test('the page is worth nothing in another browser', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'market')
    const { page } = await kariComes(browser)
    const other = at.browser()
    const answer = await other.submit(page, { choice: 'switch' })
    expect(answer.status).toBe(400)
    expect(await at.sessionOf(browser)).toMatchObject({ sub: 'u-ola' })
    expect(await at.sessionOf(other)).toBeUndefined()
  })

  test('the page is void when she whom it spoke of has signed out meanwhile', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'market')
    const { page } = await kariComes(browser)
    const session = await at.sessionOf(browser)
    await at.system.heart.end({ name: 'admin_session', sessionUid: session?.uid })
    const answer = await browser.follow(await browser.submit(page, { choice: 'switch' }))
    expect(answer.text).toContain('id="sign-in"')
    expect(await at.sessionOf(browser)).toBeUndefined()
  })

  test.each(['admin_user', 'account_disabled'] as const)(
    'the password she gave before is void after: %s',
    async name => {
      const at = await openSystem()
      try {
        const browser = at.browser()
        await signIn(at, browser, 'market')
        const { page } = await (async () => {
          const form = await browser.visit(authorization('news', { prompt: 'login' }).path)
          return { page: await browser.submit(form, kari) }
        })()
        await at.system.heart.end({ name, sub: 'u-kari' })
        const answer = await browser.follow(await browser.submit(page, { choice: 'switch' }))
        expect(answer.text).toContain('id="sign-in"')
        expect(
          await at.storage.listSessions({ sub: 'u-kari', limit: 9 }, Math.floor(Date.now() / 1000))
        ).toEqual([])
      } finally {
        await at.close()
      }
    }
  )
})

test('whoever signed in between form and return is not signed out without being asked', async () => {
  const browser = at.browser()
  const ola = await browser.submit(await browser.visit(authorization('news').path), {
    login: 'ola@example.test',
    password
  })
  expect(ola.status).toBe(303)
  // Before Ola's tab follows that, Kari signs in in another one.
  const { sid: _sid, ...signedIn } = await signIn(at, browser, 'market', { email: 'kari@example.test' })
  const page = await browser.follow(ola)
  expect(page.status).toBe(200)
  expect(page.text).toContain('id="sign-in"')
  expect(page.text).not.toContain('/session/end')
  expect(await at.sessionOf(browser)).toMatchObject({ sub: 'u-kari' })
  expect(await usesOf(at, signedIn)).toEqual(alive)
  const question = await browser.submit(page, { login: 'ola@example.test', password })
  expect(question.text).toContain('id="switch-account"')
})

test('the same person who signs in again stays in the same session, under a new cookie (CK-07, AS-03)', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'market')
  const before = await at.sessionOf(browser)
  const oldCookie = browser.cookie('__Host-utgang') ?? ''
  await signIn(at, browser, 'news', { params: { prompt: 'login' } })
  expect((await at.sessionOf(browser))?.uid).toBe(before?.uid)
  expect(browser.cookie('__Host-utgang')).not.toBe(oldCookie)
  const stale = at.browser()
  stale.setCookie('__Host-utgang', oldCookie)
  expect(await at.sessionOf(stale)).toBeUndefined()
})

test.each(['/session/end', '/session/end/confirm', '/session/end/success', '/logout/success'])(
  "there is no %s of oidc-provider's own",
  async path => {
    const browser = at.browser()
    await signIn(at, browser, 'market')
    for (const asking of [{}, { form: { xsrf: 'x', logout: 'yes' } }]) {
      const answer = await browser.go(path, { ...asking, from: 'same-origin' })
      expect(answer.status).toBe(404)
    }
    expect(await at.sessionOf(browser)).toMatchObject({ sub: 'u-ola' })
  }
)

test("a post of oidc-provider's own to /logout/confirm ends nothing", async () => {
  const browser = at.browser()
  await signIn(at, browser, 'market')
  const answer = await browser.go('/logout/confirm', {
    form: { xsrf: 'x', logout: 'yes' },
    from: 'same-origin'
  })
  expect(answer.status).toBe(400)
  expect(await at.sessionOf(browser)).toMatchObject({ sub: 'u-ola' })
})
