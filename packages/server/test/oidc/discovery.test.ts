import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { issuer, secretOf } from '../support/fixtures.ts'
import { openSystem, startSystem, type TestSystem } from '../support/system.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

const openid = '/.well-known/openid-configuration'
const oauth = '/.well-known/oauth-authorization-server'

type Metadata = Record<string, unknown>

const metadata = async (path = openid, headers: Record<string, string> = {}): Promise<Metadata> =>
  (await at.ask(path, { headers })).json()

test('both well-known addresses give the same document, under the issuer (OC-04, MD-04)', async () => {
  const document = await metadata()
  expect(document.issuer).toBe(issuer)
  expect(await metadata(oauth)).toEqual(document)
})

test.each<Record<string, string>>([
  { host: 'evil.example' },
  { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' },
  { forwarded: 'host=evil.example' }
])('every address is under the issuer, whatever the request says of its host: %j', async headers => {
  for (const [name, value] of Object.entries(await metadata(openid, headers))) {
    if (/_endpoint$|_uri$|_iframe$/.test(name)) expect(new URL(String(value)).origin, name).toBe(issuer)
  }
})

test('it says what there is, and nothing that there is not (MD-01, MD-03, BCL-01, BCP-07, BCP-09)', async () => {
  expect(await metadata()).toMatchObject({
    authorization_endpoint: `${issuer}/oauth/authorize`,
    token_endpoint: `${issuer}/oauth/token`,
    userinfo_endpoint: `${issuer}/oauth/userinfo`,
    introspection_endpoint: `${issuer}/oauth/introspect`,
    revocation_endpoint: `${issuer}/oauth/revoke`,
    end_session_endpoint: `${issuer}/logout`,
    jwks_uri: `${issuer}/oauth/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    code_challenge_methods_supported: ['S256'],
    id_token_signing_alg_values_supported: ['RS256', 'ES256'],
    token_endpoint_auth_methods_supported: [
      'none',
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt'
    ],
    introspection_endpoint_auth_methods_supported: [
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt'
    ],
    revocation_endpoint_auth_methods_supported: expect.arrayContaining(['none', 'client_secret_basic']),
    authorization_response_iss_parameter_supported: true,
    claims_parameter_supported: false,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    request_uri_parameter_supported: false,
    prompt_values_supported: ['none', 'login', 'consent', 'select_account', 'create'],
    scopes_supported: expect.arrayContaining(['openid', 'profile', 'email', 'offline_access']),
    claims_supported: expect.arrayContaining(['sub', 'email', 'name', 'sid'])
  })
  const { grant_types_supported, registration_endpoint } = await metadata()
  expect((grant_types_supported as string[]).toSorted()).toEqual([
    'authorization_code',
    'client_credentials',
    'refresh_token'
  ])
  expect(registration_endpoint).toBeUndefined()
})

test('every endpoint that it names answers', async () => {
  const document = await metadata()
  const addresses = Object.entries(document).filter(([name]) => /_endpoint$|_uri$|_iframe$/.test(name))
  expect(addresses.length).toBeGreaterThanOrEqual(7)
  for (const [name, address] of addresses) {
    const { pathname } = new URL(String(address))
    const posted = /^(token|introspection|revocation|global_token_revocation)/.test(name)
    const answer = await at.ask(pathname, posted ? { form: {} } : {})
    expect([200, 303, 400, 401], `${name} ${answer.status}`).toContain(answer.status)
    expect(answer.text, name).not.toContain('not_found')
  }
})

test('a scope that a client has registered is advertised', async () => {
  expect((await metadata()).scopes_supported).toEqual(expect.arrayContaining(['things']))
})

describe('other origins', () => {
  test.each([openid, oauth, '/oauth/jwks'])('every page may read %s', async path => {
    const answer = await at.ask(path, { headers: { origin: 'https://anywhere.example' } })
    expect(answer.headers['access-control-allow-origin']).toBe('https://anywhere.example')
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined()
  })

  test.each([
    { clientId: 'forum', origin: 'https://forum.example', readable: true },
    { clientId: 'forum', origin: 'https://evil.example', readable: false },
    // Not a browser application.
    { clientId: 'news', origin: 'https://news.example', readable: false }
  ])('$clientId at the token endpoint from $origin: $readable', async ({ clientId, origin, readable }) => {
    const answer = await at.ask('/oauth/token', {
      form: { grant_type: 'refresh_token', refresh_token: 'none' },
      basic: [clientId, secretOf(clientId)],
      headers: { origin }
    })
    expect(answer.headers['access-control-allow-origin']).toBe(readable ? origin : undefined)
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined()
  })
})

test('an https issuer has the same paths', async () => {
  const at = await startSystem({ config: { issuer: 'https://id.example', users: [] } })
  const document = (await at.ask(openid)).json()
  expect(document).toMatchObject({
    issuer: 'https://id.example',
    end_session_endpoint: 'https://id.example/logout'
  })
})
