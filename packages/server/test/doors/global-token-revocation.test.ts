import { afterAll, beforeAll, expect, test } from 'vitest'
import { assertion, makeKeys } from '../clients/credentials.ts'
import type { Asking } from '../support/browser.ts'
import { clients, issuer, secretOf } from '../support/fixtures.ts'
import { alive, answerPages, authorization, codeOf, dead, signIn, token, usesOf } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'
import { loginApi } from './tokens.ts'

const endpoint = '/oauth/global_token_revocation'
const scope = 'global_token_revocation'
const api = 'https://api.example'

let at: TestSystem
beforeAll(async () => {
  const { rsa } = await makeKeys()
  const guard = (clientId: string, more: object) => ({
    client_id: clientId,
    grant_types: ['client_credentials'],
    client_secret: secretOf(clientId),
    ...more
  })
  const news = clients.find(it => it.client_id === 'news')
  at = await openSystem({
    config: {
      resources: [{ resource: api }],
      clients: [
        ...clients,
        guard('guard', { may_revoke_globally: true, scope: `things ${scope}` }),
        guard('signing', {
          may_revoke_globally: true,
          client_secret: undefined,
          token_endpoint_auth_method: 'private_key_jwt',
          jwks: { keys: [rsa] }
        }),
        {
          ...news,
          client_id: 'tenant',
          client_secret: secretOf('tenant'),
          may_revoke_globally: 'own_users',
          scope: `openid ${scope}`
        }
      ]
    }
  })
})
afterAll(() => at.close())

const ola = { format: 'email', email: 'ola@example.test' }
const kari = { format: 'email', email: 'kari@example.test' }
const as = (clientId: string): Asking => ({ basic: [clientId, secretOf(clientId)] })
const revoke = (sub_id: unknown, asking: Asking = as('guard')) =>
  at.ask(endpoint, { json: { sub_id }, ...asking })

const serverToken = async (wanted: string, clientId = 'guard', more: object = {}): Promise<string> => {
  const form = { grant_type: 'client_credentials', scope: wanted, ...more }
  const answer = await at.ask('/oauth/token', { form, ...as(clientId) })
  return answer.json<{ access_token: string }>().access_token
}

const signingBearer = async (options: Parameters<typeof assertion>[1] = {}): Promise<string> => {
  const { form } = await assertion('signing', options)
  return String((form as Record<string, string>).client_assertion)
}

test('GTR-01: discovery names the endpoint and how callers authenticate; it takes a POST of JSON only', async () => {
  for (const path of ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server'])
    expect((await at.ask(path)).json()).toMatchObject({
      global_token_revocation_endpoint: issuer + endpoint,
      global_token_revocation_endpoint_auth_methods_supported: [
        'client_secret_basic',
        'private_key_jwt',
        'Bearer'
      ]
    })
  const get = await at.ask(endpoint, as('guard'))
  expect([get.status, get.headers.allow]).toEqual([405, 'POST'])
  for (const method of ['PUT', 'DELETE'] as const)
    expect((await at.ask(endpoint, { method, ...as('guard') })).status).toBe(405)
  const form = await at.ask(endpoint, { form: { sub_id: JSON.stringify(ola) }, ...as('guard') })
  expect([form.status, form.json().error]).toEqual([400, 'invalid_request'])
})

test.each([
  ['its secret', async () => as('guard')],
  ['a token with the scope for it', async () => ({ bearer: await serverToken(scope) })],
  ['a signed assertion', async () => ({ bearer: await signingBearer() })],
  [
    'one for this endpoint',
    async () => ({ bearer: await signingBearer({ claims: { aud: issuer + endpoint } }) })
  ]
] as const)('GTR-02: a client with the power proves itself by %s', async (_, credentials) => {
  const it = await signIn(at, at.browser(), 'news')
  expect((await revoke(ola, await credentials())).status).toBe(204)
  expect(await usesOf(at, it)).toEqual(dead)
})

test('GTR-02: who is nobody gets 401, who lacks the power or the scope 403, and nothing ends', async () => {
  const it = await signIn(at, at.browser(), 'news')
  const phone = await loginApi(at)
  const used = await signingBearer()
  await revoke(kari, { bearer: used })
  const foreign = await signingBearer({ key: 'foreign' })
  const late = await signingBearer({ claims: { exp: 1 } })
  const elsewhere = await signingBearer({ claims: { aud: 'https://other.example' } })
  const refusals: [Asking, number, string][] = [
    [{}, 401, 'invalid_client'],
    [{ basic: ['guard', 'wrong'] }, 401, 'invalid_client'],
    [{ bearer: 'unknown' }, 401, 'invalid_token'],
    [{ bearer: used }, 401, 'invalid_client'],
    [{ bearer: foreign }, 401, 'invalid_client'],
    [{ bearer: late }, 401, 'invalid_client'],
    [{ bearer: elsewhere }, 401, 'invalid_client'],
    [as('news'), 403, 'access_denied'],
    [{ bearer: it.accessToken }, 403, 'insufficient_scope'],
    [{ bearer: phone.accessToken }, 403, 'insufficient_scope'],
    [{ bearer: await serverToken('things') }, 403, 'insufficient_scope'],
    [{ bearer: await serverToken('things', 'backend') }, 403, 'insufficient_scope'],
    // What an API is shown, it must not be able to use here.
    [{ bearer: await serverToken(scope, 'guard', { resource: api }) }, 401, 'invalid_token']
  ]
  for (const [asking, status, error] of refusals) {
    const answer = await revoke(ola, asking)
    expect([asking, answer.status, answer.json().error]).toEqual([asking, status, error])
    expect(answer.headers['utgang-receipt']).toBeUndefined()
    const challenge = String(answer.headers['www-authenticate'] ?? '')
    expect(challenge).toContain(
      status === 401
        ? error === 'invalid_token'
          ? 'Bearer'
          : 'Basic'
        : error === 'insufficient_scope'
          ? scope
          : ''
    )
  }
  expect(await usesOf(at, it)).toEqual(alive)
})

test('GTR-02: nobody gets the scope who has not the power, and no user token has it', async () => {
  const refused = await token(at, 'backend', { grant_type: 'client_credentials', scope })
  expect([refused.status, refused.json().error]).toEqual([400, 'invalid_scope'])
  const asked = await at.browser().visit(authorization('news', { scope: `openid ${scope}` }).path)
  expect(asked.location).toContain('error=invalid_scope')
})

test('GTR-02: a token that a user gave to a client with the power is no token of that client itself', async () => {
  const redirect_uri = 'https://news.example/callback'
  const browser = at.browser()
  const { path, verifier } = authorization('tenant', { redirect_uri, scope: `openid ${scope}` })
  const code = codeOf(await answerPages(browser, await browser.visit(path)))
  const form = { grant_type: 'authorization_code', code, redirect_uri, code_verifier: verifier }
  const given = await at.ask('/oauth/token', { form, ...as('tenant') })
  expect(given.json().scope).toContain(scope)
  const answer = await revoke(ola, { bearer: String(given.json().access_token) })
  expect([answer.status, answer.json().error]).toEqual([403, 'insufficient_scope'])
})

test('GTR-02: a client of one tenant reaches its own users, and cannot tell others from nobody', async () => {
  const redirect_uri = 'https://news.example/callback'
  const browser = at.browser()
  const page = await browser.visit(authorization('tenant', { redirect_uri, scope: 'openid' }).path)
  expect(codeOf(await answerPages(browser, page))).toBeTruthy()
  const other = await signIn(at, at.browser(), 'news', { email: 'kari@example.test' })
  const [foreign, unknown] = [
    await revoke(kari, as('tenant')),
    await revoke({ format: 'opaque', id: 'never-was' }, as('tenant'))
  ]
  expect([foreign.status, foreign.text]).toEqual([404, unknown.text])
  expect(await usesOf(at, other)).toEqual(alive)
  expect((await revoke(ola, as('tenant'))).status).toBe(204)
})

test('GTR-02: nor does a user of its own beside the others tell it whether they are somebody', async () => {
  const redirect_uri = 'https://news.example/callback'
  const other = await signIn(at, at.browser(), 'news', { email: 'kari@example.test' })
  const besideOla = async (it: object): Promise<unknown> => {
    const browser = at.browser()
    const page = await browser.visit(authorization('tenant', { redirect_uri, scope: 'openid' }).path)
    expect(codeOf(await answerPages(browser, page))).toBeTruthy()
    const answer = await revoke({ format: 'aliases', identifiers: [it, ola] }, as('tenant'))
    return [answer.status, answer.text, await at.sessionOf(browser)]
  }
  expect(await besideOla({ format: 'opaque', id: 'never-was' })).toEqual([204, '', undefined])
  expect(await besideOla(kari)).toEqual([204, '', undefined])
  const gone = { format: 'opaque', id: 'never-was' }
  const strangers = await revoke({ format: 'aliases', identifiers: [kari, gone] }, as('tenant'))
  expect([strangers.status, strangers.json().error]).toEqual([404, 'unknown_user'])
  expect(await usesOf(at, other)).toEqual(alive)
})

test.each<[string, object]>([
  ['email', ola],
  ['an email in other letters', { format: 'email', email: 'OLA@Example.test' }],
  ['opaque', { format: 'opaque', id: 'u-ola' }],
  ['iss_sub', { format: 'iss_sub', iss: issuer, sub: 'u-ola' }],
  [
    'aliases',
    { format: 'aliases', identifiers: [{ format: 'phone_number', phone_number: '+4791111111' }, ola] }
  ]
])('GTR-03: the user is named by %s', async (_, subject) => {
  const it = await signIn(at, at.browser(), 'news')
  expect((await revoke(subject)).status).toBe(204)
  expect(await usesOf(at, it)).toEqual(dead)
})

test('GTR-03: a body that is not one sub_id of a known format is 400, and nothing ends', async () => {
  const it = await signIn(at, at.browser(), 'news')
  const subjects: unknown[] = [
    undefined,
    null,
    'u-ola',
    ['u-ola'],
    {},
    { email: 'ola@example.test' },
    { format: 'unheard_of', id: 'u-ola' },
    { format: 'phone_number', phone_number: '+4791111111' },
    { format: 'email' },
    { format: 'email', email: ['ola@example.test'] },
    { format: 'opaque', id: '' },
    { format: 'opaque', id: 'u-ola', email: 'ola@example.test' },
    { format: 'iss_sub', sub: 'u-ola' },
    { format: 'aliases', identifiers: [] },
    { format: 'aliases', identifiers: [{ format: 'aliases', identifiers: [ola] }] }
  ]
  const bodies = [
    ...subjects.map(sub_id => JSON.stringify({ sub_id })),
    JSON.stringify({ sub_id: ola, and: 'more' }),
    JSON.stringify({ subject: ola }),
    JSON.stringify([{ sub_id: ola }]),
    '"u-ola"',
    '{',
    ''
  ]
  for (const body of bodies) {
    const headers = { 'content-type': 'application/json' }
    const answer = await at.ask(endpoint, { method: 'POST', body, ...as('guard'), headers })
    expect([body, answer.status, answer.json().error]).toEqual([body, 400, 'invalid_request'])
  }
  expect(await usesOf(at, it)).toEqual(alive)
})

test('GTR-04, GTR-05: every token of the user ends, offline and login-API ones too, and of nobody else', async () => {
  const browser = at.browser()
  const offline = await signIn(at, browser, 'market', {
    params: { scope: 'openid offline_access', prompt: 'consent' }
  })
  const all = [
    offline,
    await signIn(at, browser, 'news'),
    await signIn(at, at.browser(), 'forum'),
    await loginApi(at)
  ]
  const others = await signIn(at, at.browser(), 'news', { email: 'kari@example.test' })
  for (const it of all) expect((await at.ask('/api/2/me', { bearer: it.accessToken })).status).toBe(200)
  expect((await revoke(ola)).status).toBe(204)
  for (const it of all) expect(await usesOf(at, it)).toEqual(dead)
  expect(await usesOf(at, others)).toEqual(alive)
})

test('GTR-06: every session is over and what was under way with it: a new token needs a new sign-in', async () => {
  const [laptop, phone] = [at.browser(), at.browser()]
  await signIn(at, laptop, 'news')
  await signIn(at, phone, 'market')
  const { path, verifier } = authorization('news')
  const code = codeOf(await answerPages(phone, await phone.visit(path)))
  // Somebody at the sign-in page, who has typed the password already when the revocation lands.
  const third = at.browser()
  const page = await third.visit(authorization('news').path)
  await revoke(ola)
  const redeemed = await token(at, 'news', {
    grant_type: 'authorization_code',
    code,
    redirect_uri: 'https://news.example/callback',
    code_verifier: verifier
  })
  expect([redeemed.status, redeemed.json().error]).toEqual([400, 'invalid_grant'])
  for (const browser of [laptop, phone]) {
    expect(await at.sessionOf(browser)).toBeUndefined()
    const silent = await browser.visit(authorization('news', { prompt: 'none' }).path)
    expect(silent.location).toContain('error=login_required')
  }
  // With a proof of their own they come in again.
  const again = await answerPages(third, page)
  expect(codeOf(again)).toBeTruthy()
})

test('GTR-07: it answers 204 and no body, with the receipt as a header', async () => {
  await signIn(at, at.browser(), 'news')
  const answer = await revoke(ola)
  expect([answer.status, answer.text]).toEqual([204, ''])
  expect(answer.headers['cache-control']).toBe('no-store')
  const receipt = await at.storage.findReceipt(String(answer.headers['utgang-receipt']))
  expect(receipt).toMatchObject({ cause: 'global_token_revocation', sub: 'u-ola', clientId: 'guard' })
})

test.each<[number, string, object]>([
  [400, 'invalid_request', { format: 'unheard_of', id: 'u-ola' }],
  [404, 'unknown_user', { format: 'email', email: 'nobody@example.test' }],
  [404, 'unknown_user', { format: 'opaque', id: 'news' }],
  [404, 'unknown_user', { format: 'iss_sub', iss: 'https://other.example', sub: 'u-ola' }],
  [422, 'ambiguous_subject', { format: 'aliases', identifiers: [ola, kari] }]
])('GTR-08: %i %s for %j', async (status, error, subject) => {
  const people = [
    await signIn(at, at.browser(), 'news'),
    await signIn(at, at.browser(), 'news', { email: 'kari@example.test' })
  ]
  const answer = await revoke(subject)
  expect([answer.status, answer.json().error]).toEqual([status, error])
  for (const it of people) expect(await usesOf(at, it)).toEqual(alive)
})

test('GTR-08: a deleted account is nobody, a disabled one is signed out as it was', async () => {
  const add = (sub: string) =>
    at.storage.addUser({ sub, email: `${sub}@example.test`, name: sub, passwordHash: '', claims: {} }, 1)
  await add('u-gone')
  await add('u-off')
  await at.system.heart.end({ name: 'account_deleted', sub: 'u-gone' })
  await at.system.heart.end({ name: 'account_disabled', sub: 'u-off' })
  expect((await revoke({ format: 'opaque', id: 'u-gone' })).status).toBe(404)
  expect((await revoke({ format: 'opaque', id: 'u-off' })).status).toBe(204)
})

test('GTR-09: every client of the user is told once, the audit trail says who asked, a second call changes nothing', async () => {
  await revoke(ola)
  await at.system.jobs.settled()
  const browser = at.browser()
  const market = await signIn(at, browser, 'market')
  const forum = await signIn(at, browser, 'forum')
  await signIn(at, at.browser(), 'market', { email: 'kari@example.test' })
  const first = await revoke(ola)
  const receipt = String(first.headers['utgang-receipt'])
  await at.system.jobs.settled()
  const told = async () =>
    (await at.storage.listDeliveries(receipt)).map(({ clientId, kind, sid, sub }) => [
      clientId,
      kind,
      sid,
      sub
    ])
  const owed = [
    ['forum', 'back_channel', forum.sid, 'u-ola'],
    ['market', 'back_channel', market.sid, 'u-ola']
  ]
  expect(await told()).toEqual(owed)
  const [audit] = await at.storage.listAudit({ limit: 1, event: 'logout' })
  expect(audit).toMatchObject({
    logoutId: receipt,
    sub: 'u-ola',
    clientId: 'guard',
    ip: '127.0.0.1',
    requestId: first.headers['x-request-id'],
    detail: { cause: 'global_token_revocation', format: 'email' }
  })
  const second = await revoke(ola)
  expect([second.status, second.headers['utgang-receipt']]).toEqual([204, receipt])
  await at.system.jobs.settled()
  expect(await told()).toEqual(owed)
  expect(await at.storage.listAudit({ limit: 1, event: 'logout' })).toEqual([audit])
})

test('whoever names too many that nobody knows has to wait; another caller does not', async () => {
  for (let i = 0; i < 12; i++)
    await Promise.all(
      Array.from({ length: 50 }, (_, n) => revoke({ format: 'opaque', id: `guess-${i}-${n}` }, as('tenant')))
    )
  const answer = await revoke(ola, as('tenant'))
  expect([answer.status, Number(answer.headers['retry-after']) > 0]).toEqual([429, true])
  expect((await revoke(ola)).status).toBe(204)
})
