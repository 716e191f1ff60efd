import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkConfig } from '../../src/config/load.ts'
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

test('MD-04, OC-04: both well-known addresses give the same JSON, under the issuer as it is', async () => {
  const document = await metadata()
  expect(document.issuer).toBe(issuer)
  expect(await metadata(oauth)).toEqual(document)
  for (const path of [openid, oauth]) {
    const { status, headers } = await at.ask(path)
    expect([path, status, headers['content-type']]).toEqual([path, 200, 'application/json; charset=utf-8'])
  }
})

test.each(['https://id.example/tenant', 'https://id.example/', 'https://id.example?a=b'])(
  'MD-04: an issuer is an origin, so there is no path that the address would go in front of: %s is refused',
  wrong => {
    expect(() => checkConfig({ issuer: wrong, secret_keys: ['k'.repeat(32)] })).toThrow(/issuer/)
  }
)

test.each<Record<string, string>>([
  { host: 'evil.example' },
  { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' },
  { forwarded: 'host=evil.example' }
])('every address is under the issuer, whatever the request says of its host: %j', async headers => {
  for (const [name, value] of Object.entries(await metadata(openid, headers))) {
    if (/_endpoint$|_uri$|_iframe$/.test(name)) expect(new URL(String(value)).origin, name).toBe(issuer)
  }
})

/** Names of what holds whatever is configured, by requirement. */
const names: Record<string, Metadata> = {
  'MD-01: what OpenID Connect and OAuth ask for': {
    issuer,
    authorization_endpoint: `${issuer}/oauth/authorize`,
    token_endpoint: `${issuer}/oauth/token`,
    userinfo_endpoint: `${issuer}/oauth/userinfo`,
    jwks_uri: `${issuer}/oauth/jwks`,
    response_types_supported: ['code'],
    response_modes_supported: expect.arrayContaining(['query', 'form_post']),
    grant_types_supported: expect.toSatisfy(
      sameAs('authorization_code', 'client_credentials', 'refresh_token')
    ),
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256', 'ES256'],
    token_endpoint_auth_methods_supported: [
      'none',
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt'
    ],
    scopes_supported: expect.arrayContaining(['openid', 'profile', 'email', 'offline_access']),
    claims_supported: expect.arrayContaining(['sub', 'email', 'name', 'sid', 'iss', 'auth_time']),
    prompt_values_supported: ['none', 'login', 'consent', 'select_account', 'create'],
    claims_parameter_supported: false,
    request_uri_parameter_supported: false
  },
  'MD-02, BCL-01: the ways out': {
    end_session_endpoint: `${issuer}/logout`,
    backchannel_logout_supported: true,
    backchannel_logout_session_supported: true,
    frontchannel_logout_supported: true,
    frontchannel_logout_session_supported: true,
    check_session_iframe: `${issuer}/oauth/check_session`
  },
  'MD-03, BCP-07, BCP-09: tokens': {
    introspection_endpoint: `${issuer}/oauth/introspect`,
    introspection_endpoint_auth_methods_supported: [
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt'
    ],
    revocation_endpoint: `${issuer}/oauth/revoke`,
    revocation_endpoint_auth_methods_supported: [
      'none',
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt'
    ],
    global_token_revocation_endpoint: `${issuer}/oauth/global_token_revocation`,
    global_token_revocation_endpoint_auth_methods_supported: [
      'client_secret_basic',
      'private_key_jwt',
      'Bearer'
    ],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true
  }
}

test.each(Object.entries(names))('%s', async (_, expected) => {
  const document = await metadata()
  for (const [name, value] of Object.entries(expected))
    expect({ [name]: document[name] }).toEqual({ [name]: value })
})

/** What each address answers to a bare request, and so that it is there: a status, and a word of the answer. */
const answers: Record<string, [method: 'GET' | 'POST', status: number, text: RegExp]> = {
  authorization_endpoint: ['GET', 400, /client_id/],
  token_endpoint: ['POST', 400, /grant_type|client/],
  userinfo_endpoint: ['GET', 401, /invalid_token/],
  jwks_uri: ['GET', 200, /"keys":\[/],
  introspection_endpoint: ['POST', 401, /invalid_client/],
  revocation_endpoint: ['POST', 401, /invalid_client/],
  global_token_revocation_endpoint: ['POST', 401, /invalid_client/],
  end_session_endpoint: ['GET', 303, /^$/],
  check_session_iframe: ['GET', 200, /<script/]
}

test('MD-03: every address that is named answers as what it is, and none is named that is not looked at here', async () => {
  const document = await metadata()
  const named = Object.keys(document).filter(name => /_endpoint$|_uri$|_iframe$/.test(name))
  expect(named.toSorted()).toEqual(Object.keys(answers).toSorted())
  for (const [name, [method, status, text]] of Object.entries(answers)) {
    const { pathname } = new URL(String(document[name]))
    const answer = await at.ask(pathname, method === 'POST' ? { form: {} } : {})
    expect([name, answer.status]).toEqual([name, status])
    expect(answer.text, name).toMatch(text)
  }
})

test('MD-01: registration is named where it is on, and only there', async () => {
  expect(await metadata()).not.toHaveProperty('registration_endpoint')
  const open = await startSystem({ config: { registration: true } })
  const { registration_endpoint } = (await open.ask(openid)).json()
  expect(registration_endpoint).toBe(`${issuer}/oauth/register`)
  const answer = await open.ask('/oauth/register', { json: {} })
  expect([answer.status, answer.json().error]).toEqual([400, expect.stringMatching(/^invalid_/)])
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

/** Whether a list holds these and nothing else, in whatever order. */
function sameAs(...expected: string[]): (list: unknown) => boolean {
  return list => JSON.stringify((list as string[]).toSorted()) === JSON.stringify(expected.toSorted())
}
