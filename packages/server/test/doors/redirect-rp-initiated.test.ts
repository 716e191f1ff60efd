import { afterAll, beforeAll, expect, test } from 'vitest'
import { authorization, signIn } from '../support/sign-in.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'
import {
  asks,
  bye,
  click,
  errorOn,
  expectNoLogout,
  hintOf,
  isLive,
  logoutPath,
  see,
  signedIn
} from './redirect-kit.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem({ config: { registration: true } })
})
afterAll(() => at.close())

test.each(['GET', 'POST'] as const)('RPI-01: %s ends the session and sends the person back', async method => {
  const person = await signedIn(at)
  const params = {
    id_token_hint: await hintOf(at, person, 'news'),
    post_logout_redirect_uri: bye,
    state: 'a state'
  }
  const answer = await (method === 'GET'
    ? person.browser.go(logoutPath(params), { from: 'cross-site' })
    : person.browser.go('/logout', { form: params, from: 'same-site' }))
  expect(answer).toMatchObject({ status: 303, location: `${bye}?state=a%20state` })
  expect(await isLive(at, person)).toBe(false)
})

test.each(['GET', 'POST'] as const)(
  'RPI-01: %s without proof asks, and shows the same page',
  async method => {
    const person = await signedIn(at)
    const params = { client_id: 'news', post_logout_redirect_uri: bye }
    const answer = await (method === 'GET'
      ? person.browser.visit(logoutPath(params))
      : person.browser.visit('/logout', { form: params, from: 'same-site' }))
    expect((await click(at, person, answer)).location).toBe(bye)
  }
)

test('RPI-02: end_session_endpoint is in discovery, under the issuer', async () => {
  const answer = await at.ask('/.well-known/openid-configuration')
  const { end_session_endpoint, issuer } = answer.json<Record<string, string>>()
  expect(end_session_endpoint).toBe(`${issuer}/logout`)
})

test('RPI-02: end_session_endpoint is https where the issuer is', async () => {
  const secure = await openSystem({ config: { issuer: 'https://id.example', users: [] } })
  const answer = await secure.ask('/.well-known/openid-configuration').finally(() => secure.close())
  expect(answer.json()).toMatchObject({ end_session_endpoint: 'https://id.example/logout' })
})

test('RPI-03: a hint of another issuer is refused: nobody redirected, the session untouched', async () => {
  const person = await signedIn(at)
  const hint = await hintOf(at, person, 'news', { iss: 'https://other.example' })
  const params = { id_token_hint: hint, post_logout_redirect_uri: bye }
  const answer = await person.browser.go(logoutPath(params))
  expectNoLogout(answer)
  const page = await person.browser.follow(answer)
  expect([page.status, errorOn(page)]).toEqual([400, 'invalid_hint'])
  expect(await isLive(at, person)).toBe(true)
})

test('RPI-04: an expired hint of the current session is a hint', async () => {
  const browser = at.browser()
  const { idToken: hint } = await signIn(at, browser, 'news')
  advance(3 * 3600)
  const params = { id_token_hint: hint, post_logout_redirect_uri: bye }
  expect((await browser.go(logoutPath(params), { from: 'cross-site' })).location).toBe(bye)
})

test.each([
  ['of an older session', { sid: 'of-an-older-session' }],
  ['without a sid', { sid: undefined }],
  ['of another person', { sub: 'u-kari' }]
])('RPI-05: a hint %s never logs out silently', async (_what, claims) => {
  const person = await signedIn(at)
  const hint = await hintOf(at, person, 'news', claims)
  const page = await see(person.browser, { id_token_hint: hint, post_logout_redirect_uri: bye })
  expect((await click(at, person, page)).location).toBe(bye)
})

test('RPI-06: client_id and the hint of another client: a 400 page, nobody redirected, the session untouched', async () => {
  const person = await signedIn(at)
  const hint = await hintOf(at, person, 'market')
  const params = { client_id: 'news', id_token_hint: hint, post_logout_redirect_uri: bye }
  const answer = await person.browser.go(logoutPath(params))
  expectNoLogout(answer)
  const page = await person.browser.follow(answer)
  expect([page.status, errorOn(page)]).toEqual([400, 'client_mismatch'])
  expect(await isLive(at, person)).toBe(true)
})

test('RPI-06: the authorised party counts, where the hint has one', async () => {
  const person = await signedIn(at)
  const hint = await hintOf(at, person, 'news', { aud: ['news', 'market'], azp: 'news' })
  const params = { client_id: 'news', id_token_hint: hint, post_logout_redirect_uri: bye }
  expect((await person.browser.go(logoutPath(params))).location).toBe(bye)
})

test('RPI-07: without a hint the person is asked, and signed out only by the click', async () => {
  const person = await signedIn(at)
  const page = await see(person.browser, { client_id: 'news', post_logout_redirect_uri: bye })
  const answer = await click(at, person, page)
  expect(answer).toMatchObject({ status: 303, location: bye })
  expect(await isLive(at, person)).toBe(false)
})

test.each([
  ['news', false],
  ['careful', true]
])('RPI-08: whether %s asks even with a valid hint is its policy: %s', async (clientId, always) => {
  const person = await signedIn(at)
  const page = await see(person.browser, { id_token_hint: await hintOf(at, person, clientId) })
  expect(asks(page)).toBe(always)
  expect(await isLive(at, person)).toBe(always)
})

test('RPI-09: afterwards nobody is signed in, with the old cookie neither', async () => {
  const browser = at.browser()
  const { idToken: hint } = await signIn(at, browser, 'news')
  const before = browser.copy()
  await browser.go(logoutPath({ id_token_hint: hint }))
  for (const it of [browser, before]) {
    const answer = await it.visit(authorization('news', { prompt: 'none' }).path)
    expect(answer.location).toContain('error=login_required')
    expect(await at.sessionOf(it)).toBeUndefined()
  }
})

test('RPI-10: when the answer leaves, every RP is owed its Logout Token, the one that asked included', async () => {
  const person = await signedIn(at, 'u-ola', ['news', 'market', 'forum'])
  const hint = await hintOf(at, person, 'market')
  const answer = await person.browser.go(logoutPath({ id_token_hint: hint }))
  const owed = await at.storage.listDeliveries(String(answer.headers['utgang-receipt']))
  expect(owed.map(it => it.clientId)).toEqual(['forum', 'market'])
  expect(new Set(owed.map(it => it.sid)).size).toBe(2)
})

test('RPI-11: an address that is nearly the registered one is another one', async () => {
  const person = await signedIn(at)
  const hint = await hintOf(at, person, 'news')
  const params = { id_token_hint: hint, post_logout_redirect_uri: `${bye}/` }
  const page = await see(person.browser, params)
  expect([page.status, errorOn(page)]).toEqual([400, 'redirect_uri_mismatch'])
  expect(page.text).toContain('id="signed-out"')
  expect(await isLive(at, person)).toBe(false)
})

test('RPI-13: state goes back unchanged, beside the query that is registered', async () => {
  const person = await signedIn(at)
  const state = '!*\'();:@&=+$,/?#[]%20 "<>æ€ '.repeat(5).slice(0, 128)
  const params = {
    id_token_hint: await hintOf(at, person, 'news'),
    post_logout_redirect_uri: `${bye}?kept=1`,
    state
  }
  const answer = await person.browser.go(logoutPath(params))
  expect(answer.location).toMatch(/^https:\/\/news\.example\/bye\?kept=1&state=/)
  expect(new URL(answer.location ?? '').searchParams.get('state')).toBe(state)
})

test('RPI-13: no state where none was sent', async () => {
  const person = await signedIn(at)
  const params = { id_token_hint: await hintOf(at, person, 'news'), post_logout_redirect_uri: bye }
  expect((await person.browser.go(logoutPath(params))).location).toBe(bye)
})

test('RPI-18: the same logout twice: the same answer', async () => {
  const person = await signedIn(at)
  const params = {
    id_token_hint: await hintOf(at, person, 'news'),
    post_logout_redirect_uri: bye,
    state: 's'
  }
  const [first, second] = [
    await person.browser.go(logoutPath(params)),
    await person.browser.go(logoutPath(params))
  ]
  expect(first.location).toBe(`${bye}?state=s`)
  expect([second.status, second.location]).toEqual([first.status, first.location])
})
