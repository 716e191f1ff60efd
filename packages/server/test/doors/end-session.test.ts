import { request } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { assertion, makeKeys } from '../clients/credentials.ts'
import { clients, issuer, secretOf } from '../support/fixtures.ts'
import {
  alive,
  answerPages,
  authenticated,
  authorization,
  claimsOf,
  codeOf,
  dead,
  signIn,
  usesOf
} from '../support/sign-in.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'

let at: TestSystem
beforeAll(async () => {
  const { rsa } = await makeKeys()
  const timid = clients.find(it => it.client_id === 'news')
  at = await openSystem({
    config: {
      clients: [
        ...clients,
        { ...timid, client_id: 'timid', may_end_sessions: false },
        { ...timid, client_id: 'posting', token_endpoint_auth_method: 'client_secret_post' },
        {
          ...timid,
          client_id: 'signing',
          client_secret: undefined,
          token_endpoint_auth_method: 'private_key_jwt',
          jwks: { keys: [rsa] }
        }
      ]
    }
  })
})
afterAll(() => at.close())

const end = (clientId: string, form: Record<string, string>) =>
  at.ask('/oauth/end_session', authenticated(clientId, form))

test.each(['sid', 'id_token_hint'] as const)(
  'by %s: the session ends, its RPs are told, the caller too',
  async by => {
    const browser = at.browser()
    const it = await signIn(at, browser, 'market')
    const [forum, news] = [await signIn(at, browser, 'forum'), await signIn(at, browser, 'news')]
    const elsewhere = await signIn(at, at.browser(), 'market')

    const answer = await end('market', by === 'sid' ? { sid: it.sid } : { id_token_hint: it.idToken })
    expect(answer.status).toBe(200)
    const { receipt } = answer.json<{ receipt: string }>()
    expect(answer.json()).toEqual({ ended: true, receipt: expect.any(String) })
    expect(answer.headers['utgang-receipt']).toBe(receipt)

    expect(await at.sessionOf(browser)).toBeUndefined()
    expect(await usesOf(at, it)).toEqual(dead)
    // Not bound to the session: they go on, as documented.
    for (const other of [forum, news, elsewhere]) expect(await usesOf(at, other)).toEqual(alive)
    const owed = await at.storage.listDeliveries(receipt)
    expect(owed.map(({ clientId, sid, sub }) => ({ clientId, sid, sub }))).toEqual([
      { clientId: 'forum', sid: forum.sid, sub: 'u-ola' },
      { clientId: 'market', sid: it.sid, sub: 'u-ola' }
    ])
    expect(await at.storage.findReceipt(receipt)).toMatchObject({
      cause: 'end_session_api',
      clientId: 'market'
    })
    const [audit] = await at.storage.listAudit({ limit: 1 })
    expect(audit).toMatchObject({ event: 'logout', logoutId: receipt, clientId: 'market', sub: 'u-ola' })
    expect(audit?.detail).toMatchObject({ cause: 'end_session_api' })
  }
)

test('a second call gives the same answer and the same receipt, and nobody is told again', async () => {
  const it = await signIn(at, at.browser(), 'market')
  const first = await end('market', { sid: it.sid })
  const owed = await told()
  const second = await end('market', { id_token_hint: it.idToken })
  expect([second.status, second.text]).toEqual([first.status, first.text])
  expect(second.headers['utgang-receipt']).toBe(first.headers['utgang-receipt'])
  expect(await told()).toEqual(owed)
})

/** What is owed to whom; attempts at it go on meanwhile. */
const told = async () =>
  (await at.storage.listDeliveries()).map(({ id, clientId, sid }) => ({ id, clientId, sid }))

test('of eight calls at once one ends the session, and all get its receipt', async () => {
  const it = await signIn(at, at.browser(), 'market')
  const all = await Promise.all(Array.from({ length: 8 }, () => end('market', { sid: it.sid })))
  expect(new Set(all.map(answer => answer.text)).size).toBe(1)
  expect(await at.storage.listDeliveries(all[0]?.json<{ receipt: string }>().receipt)).toHaveLength(1)
})

test('a session that the person ended already answers with the receipt of that logout', async () => {
  const browser = at.browser()
  const it = await signIn(at, browser, 'market')
  const logout = await browser.go('/logout?client_id=market')
  const answer = await end('market', { sid: it.sid })
  expect(answer.json()).toEqual({ ended: true, receipt: logout.headers['utgang-receipt'] })
})

test('an expired hint counts', async () => {
  const browser = at.browser()
  const it = await signIn(at, browser, 'market')
  advance(3600)
  expect(Number(claimsOf(it.idToken).exp)).toBeLessThan(Date.now() / 1000)
  expect((await end('market', { id_token_hint: it.idToken })).status).toBe(200)
  expect(await at.sessionOf(browser)).toBeUndefined()
})

test('a session that timed out, but of which nobody was told, is ended properly', async () => {
  const it = await signIn(at, at.browser(), 'market', { remember: false })
  advance(3 * 3600)
  const { receipt } = (await end('market', { sid: it.sid })).json<{ receipt: string }>()
  expect((await at.storage.listDeliveries(receipt)).map(owed => owed.sid)).toEqual([it.sid])
})

test('whoever authenticates in another way gets in as well', async () => {
  const posting = await signInAs('posting')
  const form = { client_id: 'posting', client_secret: secretOf('news'), sid: posting.sid }
  expect((await at.ask('/oauth/end_session', { form })).status).toBe(200)

  const signing = await signInAs('signing')
  const { form: signed } = await assertion('signing', { claims: { aud: `${issuer}/oauth/end_session` } })
  const asking = { form: { ...(signed as object), sid: signing.sid } }
  expect((await at.ask('/oauth/end_session', asking)).status).toBe(200)
  expect((await at.ask('/oauth/end_session', asking)).json().error).toBe('invalid_client')
})

test('refused without ending anything: see each line', async () => {
  const browser = at.browser()
  const it = await signIn(at, browser, 'market')
  const news = await signIn(at, browser, 'news')
  const app = await signIn(at, browser, 'app')
  const timid = await signInAs('timid', browser)
  const [head, body] = it.idToken.split('.')
  const refusals: [string, Record<string, string>, number, string][] = [
    // What another client knows the session by is nothing here; the answer is that of a sid that never was.
    ['market', { sid: news.sid }, 404, 'unknown_session'],
    ['market', { sid: 'never-was' }, 404, 'unknown_session'],
    ['market', { id_token_hint: news.idToken }, 400, 'invalid_request'],
    ['market', { id_token_hint: `${head}.${body}.forged` }, 400, 'invalid_request'],
    ['market', { id_token_hint: it.accessToken }, 400, 'invalid_request'],
    ['market', { id_token_hint: it.idToken, sid: news.sid }, 400, 'invalid_request'],
    ['market', {}, 400, 'invalid_request'],
    ['market', { sid: '' }, 400, 'invalid_request'],
    ['market', { access_token: it.accessToken }, 400, 'invalid_request'],
    // It keeps no secret, so anybody could say its id.
    ['app', { sid: app.sid }, 401, 'invalid_client'],
    ['app', { id_token_hint: app.idToken }, 401, 'invalid_client']
  ]
  for (const [clientId, form, status, error] of refusals) {
    const answer = await end(clientId, form)
    expect([form, answer.status, answer.json().error]).toEqual([form, status, error])
    expect(answer.headers['utgang-receipt']).toBeUndefined()
  }
  const without = await at.ask('/oauth/end_session', {
    form: { id_token_hint: it.idToken, client_id: 'market' }
  })
  expect([without.status, without.json().error]).toEqual([401, 'invalid_client'])
  const powerless = await at.ask('/oauth/end_session', {
    basic: ['timid', secretOf('news')],
    form: { sid: timid.sid }
  })
  expect([powerless.status, powerless.json().error]).toEqual([403, 'unauthorized_client'])
  const get = await at.ask(`/oauth/end_session?sid=${it.sid}`, { basic: ['market', secretOf('market')] })
  expect([get.status, get.headers.allow]).toEqual([405, 'POST'])
  const json = await request(`${at.origin}/oauth/end_session`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Basic ${btoa(`market:${secretOf('market')}`)}`
    },
    body: JSON.stringify({ sid: it.sid })
  })
  expect([json.statusCode, ((await json.body.json()) as { error: string }).error]).toEqual([
    400,
    'invalid_request'
  ])
  expect(await at.sessionOf(browser)).toMatchObject({ live: true })
})

test('a foreign sid and one that never was get the very same bytes', async () => {
  const browser = at.browser()
  const news = await signIn(at, browser, 'news')
  const [foreign, unknown] = [
    await end('market', { sid: news.sid }),
    await end('market', { sid: 'never-was' })
  ]
  expect(foreign.text).toBe(unknown.text)
})

/** Signs in at a client that is only known here; all of them have the addresses of `news`. */
async function signInAs(clientId: string, browser = at.browser()): Promise<{ sid: string; idToken: string }> {
  const redirectUri = 'https://news.example/callback'
  const { path, verifier } = authorization(clientId, { redirect_uri: redirectUri })
  const code = codeOf(await answerPages(browser, await browser.visit(path)))
  const grant = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier }
  const credentials =
    clientId === 'signing'
      ? ((await assertion('signing')).form as Record<string, string>)
      : { client_id: clientId, client_secret: secretOf('news') }
  const answer = await at.ask('/oauth/token', { form: { ...grant, ...credentials } })
  const { id_token: idToken } = answer.json<{ id_token: string }>()
  return { sid: String(claimsOf(idToken).sid), idToken }
}
