import { afterAll, beforeAll, expect, test } from 'vitest'
import { clients, secretOf } from '../support/fixtures.ts'
import { authorization, token } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'

// What the config takes, oidc-provider must take too: it checks a client again whenever it meets one.
const app = (client_id: string, more: object) => ({
  client_id,
  redirect_uris: ['https://app.example/callback'],
  ...more
})
const kinds = [
  app('with-everything', {
    client_secret: secretOf('with-everything'),
    client_name: 'All',
    client_uri: 'https://app.example/',
    logo_uri: 'https://app.example/logo.png',
    policy_uri: 'https://app.example/policy',
    tos_uri: 'https://app.example/terms',
    contacts: ['people@app.example'],
    post_logout_redirect_uris: ['https://app.example/bye'],
    backchannel_logout_uri: 'https://app.example/bcl',
    backchannel_logout_session_required: true,
    frontchannel_logout_uri: 'https://app.example/fcl',
    frontchannel_logout_session_required: true,
    id_token_signed_response_alg: 'ES256',
    default_max_age: 0,
    require_auth_time: true,
    response_types: ['code'],
    scope: 'openid profile things.read',
    origins: ['https://app.example', 'https://www.app.example'],
    sign_secret: 'a signing secret of the tests'
  }),
  app('native', {
    application_type: 'native',
    redirect_uris: [
      'no.example.app:/callback',
      'spid-1://x',
      'http://127.0.0.1/cb',
      'https://app.example/claimed'
    ],
    post_logout_redirect_uris: ['no.example.app:/bye']
  }),
  app('by-key', {
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'ES256',
    jwks: {
      keys: [
        {
          kty: 'EC',
          crv: 'P-256',
          x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
          y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0'
        }
      ]
    }
  })
]

let at: TestSystem
beforeAll(async () => {
  at = await openSystem({ config: { clients: [...clients, ...kinds] } })
})
afterAll(() => at.close())

test.each(kinds.map(it => [it.client_id, it.redirect_uris[0]] as const))(
  'the client %s may start a sign-in',
  async (clientId, redirectUri) => {
    const { path } = authorization(clientId, { redirect_uri: redirectUri, scope: 'openid' })
    const answer = await at.ask(path)
    expect(answer.location, answer.text).toMatch(/\/sign-in\//)
  }
)

test('a client that speaks only for itself gets its token without any redirect URI', async () => {
  const answer = await token(at, 'backend', { grant_type: 'client_credentials' })
  expect(answer.status, answer.text).toBe(200)
})
