import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSystem, type TestSystem } from '../support/system.ts'
import {
  asks,
  bye,
  click,
  errorOn,
  expectNoLogout,
  hintOf,
  idToken,
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

test('RPI-12: an address that no client stands for: never a redirect, not even after the click', async () => {
  const person = await signedIn(at)
  const page = await see(person.browser, { post_logout_redirect_uri: bye, state: 'x' })
  expect([page.status, errorOn(page)]).toEqual([400, 'client_id_required'])
  const after = await person.browser.submit(page, {}, 'confirm-logout')
  expect(after.location).toBe('/logout/signed-out')
})

test.each(['ola@example.test', 'kari@example.test', 'nobody'])(
  'RPI-14: logout_hint %s proves nothing',
  async logoutHint => {
    const person = await signedIn(at)
    const page = await see(person.browser, { client_id: 'news', logout_hint: logoutHint })
    await click(at, person, page)
    expect(await isLive(at, person)).toBe(false)
  }
)

test.each([
  ['that nobody speaks', 'xx zz'],
  ['that we speak', 'nb'],
  ['that are none', '%%%'],
  ['without end', 'x'.repeat(2000)]
])('RPI-15: ui_locales %s are no error', async (_what, locales) => {
  const person = await signedIn(at)
  const page = await see(person.browser, {
    id_token_hint: await hintOf(at, person, 'news'),
    ui_locales: locales
  })
  expect(page.status).toBe(200)
  expect(page.text).toContain('id="signed-out"')
})

test.each([
  [{ post_logout_redirect_uris: ['https://a.example/bye'] }, 201],
  [{ post_logout_redirect_uris: ['http://a.example/bye'] }, 400],
  [{ post_logout_redirect_uris: ['http://a.example/bye'], application_type: 'native' }, 400],
  [{ post_logout_redirect_uris: ['https://a.example/bye#there'] }, 400],
  [{ post_logout_redirect_uris: ['example-app://bye'] }, 400],
  [{ post_logout_redirect_uris: ['example.app:/bye'], application_type: 'native' }, 201],
  [{ post_logout_redirect_uris: ['javascript:alert(1)'] }, 400],
  [{ post_logout_redirect_uris: ['/bye'] }, 400]
])('RPI-16: registering %j is answered %i', async (metadata, status) => {
  const native = 'application_type' in metadata
  const body = JSON.stringify({
    redirect_uris: [native ? 'example.app:/cb' : 'https://a.example/cb'],
    token_endpoint_auth_method: native ? 'none' : 'client_secret_basic',
    ...metadata
  })
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${at.origin}/oauth/register`, { method: 'POST', headers, body })
  expect(answer.status).toBe(status)
  await answer.text()
})

test.each([
  ['invalid_hint', { id_token_hint: 'no.such.token' }],
  ['invalid_hint', { id_token_hint: 'x', client_id: 'news' }],
  ['client_mismatch', { client_id: 'market' }],
  ['unknown_client', { client_id: 'nobody' }],
  ['client_id_required', {}]
])('RPI-17: %s ends on a page of ours, status 400', async (code, params) => {
  const person = await signedIn(at)
  const hint = code === 'client_mismatch' ? { id_token_hint: await hintOf(at, person, 'news') } : {}
  const all = { post_logout_redirect_uri: bye, ...hint, ...params }
  const answer = await person.browser.go(logoutPath(all))
  expectNoLogout(answer)
  const page = await person.browser.follow(answer)
  expect([page.status, errorOn(page), page.location]).toEqual([400, code, undefined])
  expect(await isLive(at, person)).toBe(true)
})

test.each([
  ['invalid_hint', { id_token_hint: 'x' }],
  ['unknown_client', { client_id: 'nobody' }],
  ['client_id_required', { redirect_uri: bye }]
])('RPI-19: on the page of %s the person can still sign out', async (code, params) => {
  const person = await signedIn(at)
  const page = await see(person.browser, params)
  expect(errorOn(page)).toBe(code)
  const after = await person.browser.follow(await person.browser.submit(page, {}, 'confirm-logout'))
  expect(after.text).toContain('id="signed-out"')
  expect(await isLive(at, person)).toBe(false)
})

test.each([
  ['an image', { 'sec-fetch-dest': 'image', 'sec-fetch-mode': 'no-cors' }],
  ['a frame', { 'sec-fetch-dest': 'iframe' }],
  ['a script', { 'sec-fetch-dest': 'script', 'sec-fetch-mode': 'no-cors' }],
  ['a link', {}],
  ['a link that hides its origin', { referer: undefined }]
])("RPI-20: %s on a stranger's page signs nobody out", async (_what, headers) => {
  for (const params of [{ client_id: 'news' }, { client_id: 'news', redirect_uri: bye }, {}]) {
    const person = await signedIn(at)
    const answer = await person.browser.go(logoutPath(params), {
      from: 'cross-site',
      headers: { referer: 'https://evil.example/', ...headers }
    })
    expectNoLogout(answer)
    expect(await isLive(at, person)).toBe(true)
  }
})

test("RPI-20: a form that a stranger's page sends by itself signs nobody out", async () => {
  const person = await signedIn(at)
  // The Lax cookie stays behind on the post, and comes along on the GET that follows.
  const stranger = at.browser()
  const headers = { origin: 'https://evil.example', referer: 'https://evil.example/' }
  const form = { client_id: 'news', redirect_uri: bye }
  const posted = await stranger.go('/logout', { form, from: 'cross-site', headers })
  const answer = await person.browser.go(String(posted.location), { from: 'cross-site', headers })
  expect(asks(answer)).toBe(true)
  expect(await isLive(at, person)).toBe(true)
})

test.each([
  ['no parameters', {}],
  ['only state', { state: 'x' }],
  ['only ui_locales', { ui_locales: 'nb' }]
])('RPI-21: with %s a person can sign out and is told so', async (_what, params) => {
  const person = await signedIn(at)
  const after = await click(at, person, await see(person.browser, params))
  const page = await person.browser.follow(after)
  expect(page.status).toBe(200)
  expect(page.text).toContain('id="signed-out"')
  expect(await isLive(at, person)).toBe(false)
})

test('RPI-21: with nothing but a hint the person lands on our page', async () => {
  const person = await signedIn(at)
  const hint = await idToken(at, { sub: 'u-ola', aud: 'news' })
  expect(asks(await see(person.browser, { id_token_hint: hint }))).toBe(true)
})
