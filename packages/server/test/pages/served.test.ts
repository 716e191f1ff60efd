import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer, Browser } from '../support/browser.ts'
import { password } from '../support/fixtures.ts'
import { authorization, signIn } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'
import { all, byId, parsePage, textOf } from './parse-page.ts'

let at: TestSystem
beforeAll(async () => {
  // Nobody sends, so that what is queued stays queued.
  at = await openSystem({
    config: { logout_wait_ms: 0 },
    wrapStorage: storage => ({ ...storage, claimDeliveries: async () => [] })
  })
})
afterAll(() => at.close())

const headingOf = (answer: Answer): string => textOf(all(parsePage(answer.text), 'h1')[0] ?? parsePage(''))
const codeOf = (answer: Answer): string | undefined =>
  byId(parsePage(answer.text), 'error')?.attributes['data-code']

/** A browser at the sign-in page of a client. */
async function atSignIn(params: Record<string, string> = {}): Promise<[Browser, Answer]> {
  const browser = at.browser()
  return [browser, await browser.visit(authorization('news', params).path)]
}

it('the stylesheet is there, and pages may load it and nothing else', async () => {
  const [, page] = await atSignIn()
  const [link] = all(parsePage(page.text), 'link').filter(({ attributes }) => attributes.rel === 'stylesheet')
  const css = await at.ask(link?.attributes.href ?? '')
  expect(css).toMatchObject({ status: 200, headers: { 'content-type': 'text/css; charset=utf-8' } })
  expect(css.text).toContain(':focus-visible')
  const policy = String(page.headers['content-security-policy'])
  expect(policy.split(/; */)).toEqual(expect.arrayContaining(["default-src 'none'", "style-src 'self'"]))
  expect(policy).not.toMatch(/script-src|unsafe/)
})

it.each([
  ['nb-NO', 'Logg inn'],
  ['xx no', 'Logg inn'],
  ['xx zz', 'Sign in'],
  [undefined, 'Sign in']
])('ui_locales %s: %s', async (ui_locales, heading) => {
  const [, page] = await atSignIn(ui_locales === undefined ? {} : { ui_locales })
  expect(page.status).toBe(200)
  expect(headingOf(page)).toBe(heading)
})

it.each(['/nowhere?ui_locales=nb', '/logout?client_id=nobody&ui_locales=nb'])(
  'an error page speaks the language that was asked for: %s',
  async path => {
    const page = await at.browser().go(path)
    expect(all(parsePage(page.text), 'html')[0]?.attributes.lang).toBe('nb')
    expect(codeOf(page)).toMatch(/^(not_found|unknown_client)$/)
  }
)

const langOf = (answer: Answer): string | undefined => all(parsePage(answer.text), 'html')[0]?.attributes.lang

it.each([
  ['nb-NO,nb;q=0.9,en;q=0.8', '', 'nb'],
  ['en;q=0.5, nn', '', 'nb'],
  ['fr, no;q=0.1', '', 'nb'],
  ['nb;q=0, en', '', 'en'],
  ['nb;q=x', '', 'en'],
  ['en-US,en;q=0.9,nb;q=0.8', '', 'en'],
  ['*', '', 'en'],
  ['nb', '?ui_locales=en', 'en'],
  ['nb', '?ui_locales=xx', 'nb']
])('Accept-Language %s at /%s: %s', async (header, query, lang) => {
  const page = await at.browser().go(`/${query}`, { headers: { 'accept-language': header } })
  expect(langOf(page)).toBe(lang)
})

describe('whoever reads Norwegian, as the browser says, gets it', () => {
  const headers = { 'accept-language': 'nb' }

  it.each([
    ['at no page', '/nowhere'],
    ['of a logout that was refused', '/logout?client_id=nobody'],
    ['at the end of one that ended nothing', '/logout/signed-out'],
    ['where an authorization goes nowhere', '/oauth/authorize?client_id=nobody'],
    ['at sign-in', authorization('news').path]
  ])('%s', async (_where, path) => {
    const browser = at.browser()
    const first = await browser.go(path, { headers })
    const page = first.location === undefined ? first : await browser.go(first.location, { headers })
    expect(langOf(page)).toBe('nb')
  })

  it('where a logout is confirmed, and at its end, also of what changes there later', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'market')
    const asked = await browser.go('/logout', { headers })
    expect(langOf(asked)).toBe('nb')
    await browser.submit(asked, {}, 'confirm-logout')
    const end = await browser.go('/logout/signed-out', { headers })
    expect(langOf(end)).toBe('nb')
    expect(byId(parsePage(end.text), 'live')?.attributes['data-events']).toMatch(/[?]ui_locales=nb$/)
  })
})

describe('signing in', () => {
  it('with a wrong password keeps the address, not the password', async () => {
    const [browser, page] = await atSignIn()
    const again = await browser.submit(page, { login: 'ola@example.test', password: 'wrong "<>' })
    expect(codeOf(again)).toBe('invalid_credentials')
    expect(byId(parsePage(again.text), 'login')?.attributes.value).toBe('ola@example.test')
    expect(byId(parsePage(again.text), 'password')?.attributes.value).toBe('')
    expect(again.text).not.toContain('wrong')
  })

  it('as somebody else shows who will be signed out', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'news')
    const page = await browser.visit(authorization('news', { prompt: 'login' }).path)
    const asked = await browser.submit(page, { login: 'kari@example.test', password })
    expect(headingOf(asked)).toBe('Switch account?')
    expect(textOf(parsePage(asked.text))).toMatch(
      /Will be signed out Ola Nordmann .*Will be signed in Kari Nordmann/
    )
  })
})

describe('signing up', () => {
  async function signUpPage(): Promise<[Browser, Answer]> {
    const [browser, page] = await atSignIn()
    const [link] = all(parsePage(page.text), 'a').filter(it => textOf(it) === 'Create an account')
    return [browser, await browser.go(link?.attributes.href ?? '', { from: 'same-origin' })]
  }

  it('says which field needs another look and how long a password has to be', async () => {
    const [browser, page] = await signUpPage()
    expect(textOf(byId(parsePage(page.text), 'password-hint') ?? parsePage(''))).toContain(
      'At least 8 characters'
    )
    const again = await browser.submit(page, { name: 'Per', email: 'per@', password: 'short' })
    expect(again.status).toBe(400)
    const wrong = all(parsePage(again.text), 'input').filter(({ attributes }) => 'aria-invalid' in attributes)
    expect(wrong.map(({ attributes }) => attributes.name)).toEqual(['email', 'password'])
    expect(byId(parsePage(again.text), 'name')?.attributes.value).toBe('Per')
  })

  it('answers a new and a known address with the same page, but for the way back', async () => {
    const bodies = []
    for (const email of ['new@example.test', 'ola@example.test']) {
      const [browser, page] = await signUpPage()
      const answer = await browser.submit(page, { name: 'Per', email, password: 'long enough' })
      expect(answer.status).toBe(200)
      bodies.push(answer.text.replace(/href="\/[^"]*\?page=sign-in"/, ''))
    }
    expect(bodies[0]).toContain('id="sign-up-received"')
    expect(bodies[0]).toBe(bodies[1])
  })
})

describe('signing out', () => {
  async function signOut(browser: Browser): Promise<Answer> {
    const home = await browser.go('/')
    const [link] = all(parsePage(home.text), 'a').filter(it => textOf(it) === 'Sign out')
    const asked = await browser.visit(link?.attributes.href ?? '', { from: 'same-origin' })
    return browser.follow(await browser.submit(asked, {}, 'confirm-logout'))
  }

  it('goes from the front page over a question to a receipt that names the applications', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'news')
    await signIn(at, browser, 'market')
    const page = parsePage((await signOut(browser)).text)
    expect(textOf(byId(page, 'signed-out') ?? page)).toContain('You are signed out')
    const told = all(page, 'li').filter(({ attributes }) => 'data-state' in attributes)
    expect(
      told.map(it => `${textOf(all(it, 'bdi')[0] ?? it)}: ${it.attributes['data-state']}`).toSorted()
    ).toEqual(['The market site: queued', 'The news site: none'])
  })

  it('is not claimed to somebody who has signed in again', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'news')
    await signOut(browser)
    await signIn(at, browser, 'news')
    const answer = await browser.go('/logout/signed-out')
    expect(answer).toMatchObject({ status: 303, location: '/' })
    expect(headingOf(await browser.follow(answer))).toBe('You are signed in')
  })

  it('can be declined', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'news')
    const asked = await browser.visit('/logout', { from: 'same-origin' })
    const home = await browser.follow(await browser.submit(asked, { decision: 'stay' }, 'confirm-logout'))
    expect(headingOf(home)).toBe('You are signed in')
    expect(textOf(parsePage(home.text))).toContain('Ola Nordmann')
  })
})
