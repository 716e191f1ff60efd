import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSystem, type TestSystem } from '../support/system.ts'
import {
  asks,
  bye,
  errorOn,
  expectNoLogout,
  hintOf,
  isLive,
  logoutPath,
  type Params,
  signedIn,
  tokenFor,
  tokenLives
} from './redirect-kit.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

describe('whose names a request uses', () => {
  // In SPiD's the person's own navigation is enough; in OpenID Connect's it asks.
  test.each<[Params, 'spid' | 'oidc']>([
    [{ client_id: 'news' }, 'spid'],
    [{ client_id: 'news', redirect_uri: bye }, 'spid'],
    [{ client_id: 'news', ui_locales: 'nb' }, 'spid'],
    [{ client_id: 'news', something: 'else' }, 'spid'],
    [{ client_id: 'news', state: '' }, 'spid'],
    [{ oauth_token: 'news' }, 'spid'],
    [{ client_sdrn: 'sdrn:spid.no:client:news' }, 'spid'],
    [{ client_id: 'news', state: 'x' }, 'oidc'],
    [{ client_id: 'news', redirect_uri: bye, state: 'x' }, 'oidc'],
    [{ client_id: 'news', 'amp;state': 'x' }, 'oidc'],
    [{ client_id: 'news', logout_hint: 'ola@example.test' }, 'oidc'],
    [{ client_id: 'news', post_logout_redirect_uri: bye }, 'oidc'],
    [{ client_id: 'news', redirect_uri: bye, post_logout_redirect_uri: bye }, 'oidc'],
    [{}, 'oidc'],
    [{ ui_locales: 'nb' }, 'oidc'],
    [{ something: 'else' }, 'oidc']
  ])('%j: %s', async (params, vocabulary) => {
    const person = await signedIn(at)
    const answer = await person.browser.go(logoutPath(params))
    expect(asks(answer)).toBe(vocabulary === 'oidc')
    expect(await isLive(at, person)).toBe(vocabulary === 'oidc')
  })

  test('an id_token_hint makes it OpenID Connect, where redirect_uri is ignored', async () => {
    const person = await signedIn(at)
    const params = { id_token_hint: await hintOf(at, person, 'news'), redirect_uri: bye }
    expect((await person.browser.go(logoutPath(params))).location).toBe('/logout/signed-out')
  })

  test.each<[Params, string]>([
    [{ client_id: 'news' }, 'redirect'],
    [{ client_id: 'news', state: 'x' }, 'rp_initiated']
  ])('%j is a logout of the cause %s', async (params, cause) => {
    const person = await signedIn(at)
    const page = await person.browser.go(logoutPath(params))
    if (asks(page)) await person.browser.submit(page, {}, 'confirm-logout')
    const [row] = await at.storage.listAudit({ limit: 1, event: 'logout' })
    expect(row).toMatchObject({ sub: 'u-ola', clientId: 'news', detail: { cause } })
  })
})

describe('which client asks', () => {
  test.each<[string, (token: string) => Params]>([
    ['client_id', () => ({ client_id: 'news' })],
    ['client_sdrn of a server without a name', () => ({ client_sdrn: 'sdrn:undefined:client:news' })],
    ['client_sdrn of a server with one', () => ({ client_sdrn: 'sdrn:schibsted.com:client:news' })],
    ['amp;client_id', () => ({ 'amp;client_id': 'news' })],
    ['the token that it presents', token => ({ oauth_token: token })],
    ['the token behind an escaped separator', token => ({ 'amp;oauth_token': token })],
    ['its id in the place of the token', () => ({ oauth_token: 'news' })],
    ['its id behind an escaped separator', () => ({ 'amp;oauth_token': 'news' })]
  ])('by %s', async (_by, params) => {
    const person = await signedIn(at)
    const token = await tokenFor(at, 'news', 'u-ola')
    const answer = await person.browser.go(logoutPath({ redirect_uri: bye, ...params(token) }))
    expect(answer.location).toBe(bye)
    expect(await isLive(at, person)).toBe(false)
  })

  test('by a token that is dead already', async () => {
    const token = await tokenFor(at, 'news', 'u-ola')
    await at.ask('/api/2/logout', { bearer: token })
    const person = await signedIn(at)
    const answer = await person.browser.go(logoutPath({ redirect_uri: bye, oauth_token: token }))
    expect(answer.location).toBe(bye)
  })

  test("by the hint's audience", async () => {
    const person = await signedIn(at)
    const params = {
      id_token_hint: await hintOf(at, person, 'news'),
      post_logout_redirect_uri: bye,
      oauth_token: await tokenFor(at, 'market', 'u-ola')
    }
    expect((await person.browser.go(logoutPath(params))).location).toBe(bye)
    expect(await tokenLives(at, params.oauth_token)).toBe(true)
  })

  test('a client that is gone from the configuration is nobody', async () => {
    const gone = { clientId: 'gone', source: 'config', metadata: {}, backchannelLogoutUri: null } as const
    await at.storage.saveClient(gone, 0)
    await at.system.heart.end({ name: 'client_disabled', clientId: 'gone' })
    const person = await signedIn(at)
    const page = await person.browser.visit(logoutPath({ client_id: 'gone' }))
    expect(errorOn(page)).toBe('unknown_client')
  })
})

describe('what is refused', () => {
  const cases: [code: string, params: Params][] = [
    ['unknown_client', { client_id: 'nobody' }],
    ['unknown_client', { client_id: 'NEWS' }],
    ['unknown_client', { client_id: 'news ', redirect_uri: bye }],
    ['unknown_client', { client_sdrn: 'sdrn:undefined:client:nobody' }],
    ['unknown_client', { client_id: 'nobody', oauth_token: 'news' }],
    ['client_id_required', { redirect_uri: bye }],
    ['client_id_required', { post_logout_redirect_uri: bye, state: 'x' }],
    ['client_id_required', { oauth_token: 'neither-token-nor-client', redirect_uri: bye }],
    ['client_id_required', { oauth_token: 'neither-token-nor-client' }],
    ['client_id_required', { client_sdrn: '', redirect_uri: bye }],
    ['invalid_hint', { id_token_hint: 'x.y.z', client_id: 'news' }],
    ['duplicate_parameter', { client_id: 'news', 'amp;client_id': 'news' }],
    ['duplicate_parameter', { client_id: 'news', client_sdrn: 'sdrn:undefined:client:market' }],
    ['duplicate_parameter', { oauth_token: 'news', 'amp;oauth_token': 'news' }]
  ]

  test.each(cases)('%s: %j is a 400 page that changes nothing', async (code, params) => {
    const person = await signedIn(at)
    const answer = await person.browser.go(logoutPath(params))
    expectNoLogout(answer)
    const page = await person.browser.follow(answer)
    expect([page.status, errorOn(page)]).toEqual([400, code])
    expect(page.headers['content-type']).toContain('text/html')
    expect(await isLive(at, person)).toBe(true)
    expect((await at.storage.listAudit({ limit: 1 }))[0]).toMatchObject({
      event: 'logout_refused',
      sub: 'u-ola',
      detail: { code }
    })
  })

  test.each(cases)('%s: %j offers whoever is signed in a way out that works', async (code, params) => {
    const person = await signedIn(at)
    const page = await person.browser.visit(logoutPath(params))
    expect(errorOn(page)).toBe(code)
    const after = await person.browser.submit(page, {}, 'confirm-logout')
    expect(after).toMatchObject({ status: 303, location: '/logout/signed-out' })
    expect(await isLive(at, person)).toBe(false)
  })

  test.each(cases)('%s: %j offers nothing where nobody is signed in', async (code, params) => {
    const page = await at.browser().visit(logoutPath(params))
    expect([page.status, errorOn(page)]).toEqual([400, code])
    expect(page.text).not.toContain('confirm-logout')
  })

  test.each(cases)('%s: a POST of %j is the same page', async (code, params) => {
    const person = await signedIn(at)
    const answer = await person.browser.go('/logout', { form: params, from: 'same-origin' })
    expectNoLogout(answer)
    expect([answer.status, errorOn(answer)]).toEqual([400, code])
    expect(await isLive(at, person)).toBe(true)
  })

  test.each([
    ['twice in the address', '?client_id=news&client_id=news', undefined],
    ['twice in the form', '', 'client_id=news&client_id=news'],
    ['in the address and in the form', '?client_id=news', 'client_id=news'],
    ['in both, one behind an escaped separator', '?client_id=news', 'amp%3Bclient_id=news'],
    ['twice behind escaped separators', '?amp;client_id=news&amp;client_id=news', undefined]
  ])('a parameter %s is a 400 page', async (_where, query, body) => {
    const person = await signedIn(at)
    const form = body === undefined ? undefined : new URLSearchParams(body)
    const answer = await person.browser.go(`/logout${query}`, { form, from: 'same-origin' })
    expectNoLogout(answer)
    expect([answer.status, errorOn(answer)]).toEqual([400, 'duplicate_parameter'])
    expect(await isLive(at, person)).toBe(true)
  })

  test('an empty parameter is none, beside a full one too', async () => {
    const person = await signedIn(at)
    const path = `${logoutPath({ client_id: 'news', redirect_uri: bye })}&amp;client_id=&state=`
    expect((await person.browser.go(path)).location).toBe(bye)
  })
})
