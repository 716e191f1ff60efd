import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Asking } from '../support/browser.ts'
import { issuer } from '../support/fixtures.ts'
import { openSystem, type TestSystem } from '../support/system.ts'
import { assertion, basic, inSeconds, makeKeys, raw, unsigned } from './credentials.ts'

const secret = 'a secret: with+signs, %25 and =more'
const grantTypes = ['refresh_token', 'client_credentials']

let at: TestSystem
let keyServer: Server
/** Key requests that arrived. */
let keyRequests = 0

beforeAll(async () => {
  const jwk = await makeKeys()
  keyServer = createServer((_request, response) => {
    keyRequests++
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk.rsa] }))
  })
  await new Promise<void>(done => keyServer.listen(0, '127.0.0.1', done))
  const { port } = keyServer.address() as AddressInfo
  const signing = (client_id: string, more: object) => ({
    client_id,
    token_endpoint_auth_method: 'private_key_jwt',
    grant_types: grantTypes,
    ...more
  })
  at = await openSystem({
    config: {
      // The server of the keys is on this machine.
      allow_private_addresses: true,
      trust_proxy: ['127.0.0.1'],
      clients: [
        { client_id: 'basic', client_secret: secret, grant_types: grantTypes },
        {
          client_id: 'post',
          client_secret: secret,
          token_endpoint_auth_method: 'client_secret_post',
          grant_types: grantTypes
        },
        { client_id: 'open', grant_types: ['refresh_token'] },
        signing('rsa', { jwks: { keys: [jwk.rsa] } }),
        signing('ec', { jwks: { keys: [jwk.ec] }, token_endpoint_auth_signing_alg: 'ES256' }),
        signing('ps', { jwks: { keys: [jwk.ps] }, token_endpoint_auth_signing_alg: 'PS256' }),
        signing('ed', { jwks: { keys: [jwk.ed] } }),
        signing('two-keys', { jwks: { keys: [jwk.rsa2, jwk.rsa] } }),
        signing('remote', { jwks_uri: `http://127.0.0.1:${port}/keys` })
      ],
      users: []
    }
  })
})

afterAll(async () => {
  await at.close()
  await new Promise(done => keyServer.close(done))
})

/** A way to authenticate, made anew for each request, and what both endpoints must say. */
type Way = [what: string, verdict: string, make: (endpoint: string) => Asking | Promise<Asking>]

const ways: Way[] = [
  ['Basic', 'accepted', () => basic('basic', secret)],
  ['Basic of a client registered for post', 'accepted', () => basic('post', secret)],
  [
    'Basic with the id in the form too',
    'accepted',
    () => ({ ...basic('basic', secret), form: { client_id: 'basic' } })
  ],
  [
    'Basic in another case',
    'accepted',
    () => raw(String(basic('basic', secret).headers.authorization).replace('Basic', 'bASIC'))
  ],
  [
    'Basic without padding',
    'accepted',
    () => raw(String(basic('basic', secret).headers.authorization).replace(/=+$/, ''))
  ],
  ['the secret in the form', 'accepted', () => ({ form: { client_id: 'post', client_secret: secret } })],
  [
    'the secret in the form, registered for Basic',
    'accepted',
    () => ({ form: { client_id: 'basic', client_secret: secret } })
  ],
  ['a bare id of a public client', 'accepted', () => ({ form: { client_id: 'open' } })],
  [
    'a public client with empty secrets',
    'accepted',
    () => ({ form: { client_id: 'open', client_secret: '', client_assertion: '' } })
  ],
  ['Basic with a wrong secret', 'invalid_client', () => basic('basic', `${secret}x`)],
  [
    'a wrong secret in the form',
    'invalid_client',
    () => ({ form: { client_id: 'post', client_secret: 'wrong' } })
  ],
  ['the stored form of the secret', 'invalid_client', () => basic('basic', '$s$')],
  ['a bare id of a confidential client', 'invalid_client', () => ({ form: { client_id: 'basic' } })],
  ['a bare id of a client that signs', 'invalid_client', () => ({ form: { client_id: 'rsa' } })],
  [
    'an empty secret of a confidential client',
    'invalid_client',
    () => ({ form: { client_id: 'basic', client_secret: '' } })
  ],
  ['an unknown client by Basic', 'invalid_client', () => basic('nobody', secret)],
  ['an unknown client by its id', 'invalid_client', () => ({ form: { client_id: 'nobody' } })],
  ['a secret for a public client', 'invalid_client', () => basic('open', secret)],
  ['a secret for a client that signs', 'invalid_client', () => basic('rsa', secret)],
  [
    'another id in the form than in Basic',
    'invalid_request',
    () => ({ ...basic('basic', secret), form: { client_id: 'post' } })
  ],
  [
    'Basic and a secret in the form',
    'invalid_request',
    () => ({ ...basic('basic', secret), form: { client_secret: secret } })
  ],
  [
    'Basic and an assertion',
    'invalid_request',
    async () => ({ ...(await assertion('rsa')), ...basic('basic', secret) })
  ],
  [
    'a secret and an assertion',
    'invalid_request',
    () => assertion('rsa', { form: { client_secret: secret } })
  ],
  ['Basic that is not base64', 'invalid_request', () => raw('Basic ???')],
  ['Basic with impossible padding', 'invalid_request', () => raw('Basic YmFzaWM6eA=')],
  [
    'Basic with two spaces',
    'invalid_request',
    () => raw(String(basic('basic', secret).headers.authorization).replace(' ', '  '))
  ],
  ['Basic without a colon', 'invalid_request', () => raw(`Basic ${btoa('basic')}`)],
  ['Basic without a secret', 'invalid_request', () => raw(`Basic ${btoa('basic:')}`)],
  ['Basic without an id', 'invalid_request', () => raw(`Basic ${btoa(':secret')}`)],
  ['Basic with a broken percent encoding', 'invalid_request', () => raw(`Basic ${btoa('basic:%zz')}`)],
  ['Basic with a control character', 'invalid_request', () => raw(`Basic ${btoa('basic:%00')}`)],
  ['Basic with a letter that is not ASCII', 'invalid_request', () => raw(`Basic ${btoa('basic:%C3%A6')}`)],
  ['a Bearer token instead', 'invalid_request', () => raw('Bearer something')],
  ['an assertion, RS256', 'accepted', () => assertion('rsa')],
  ['an assertion, PS256', 'accepted', () => assertion('ps', { alg: 'PS256', key: 'ps' })],
  ['an assertion, EdDSA', 'accepted', () => assertion('ed', { alg: 'EdDSA', key: 'ed' })],
  ['an assertion, ES256', 'accepted', () => assertion('ec', { key: 'ec', alg: 'ES256' })],
  [
    'an assertion with the id in the form',
    'accepted',
    () => assertion('rsa', { form: { client_id: 'rsa' } })
  ],
  [
    'an assertion for the token endpoint',
    'accepted',
    () => assertion('rsa', { claims: { aud: `${issuer}/oauth/token` } })
  ],
  [
    'an assertion for this endpoint',
    'accepted',
    endpoint => assertion('rsa', { claims: { aud: [issuer + endpoint, 'x'] } })
  ],
  ['an assertion by the second of two keys', 'accepted', () => assertion('two-keys')],
  ['an assertion by a key that is fetched', 'accepted', () => assertion('remote')],
  ['an assertion just past its time', 'accepted', () => assertion('rsa', { claims: { exp: inSeconds(-5) } })],
  ['an expired assertion', 'invalid_client', () => assertion('rsa', { claims: { exp: inSeconds(-30) } })],
  [
    'an assertion that is not valid yet',
    'invalid_client',
    () => assertion('rsa', { claims: { nbf: inSeconds(30) } })
  ],
  ['an assertion without exp', 'invalid_client', () => assertion('rsa', { claims: { exp: undefined } })],
  ['an assertion without jti', 'invalid_client', () => assertion('rsa', { claims: { jti: undefined } })],
  ['an assertion with an empty jti', 'invalid_client', () => assertion('rsa', { claims: { jti: '' } })],
  ['an assertion whose jti is a number', 'invalid_client', () => assertion('rsa', { claims: { jti: 7 } })],
  ['an assertion without iss', 'invalid_client', () => assertion('rsa', { claims: { iss: undefined } })],
  ['an assertion of another issuer', 'invalid_client', () => assertion('rsa', { claims: { iss: 'ec' } })],
  ['an assertion without sub', 'invalid_client', () => assertion('rsa', { claims: { sub: undefined } })],
  ['an assertion without aud', 'invalid_client', () => assertion('rsa', { claims: { aud: undefined } })],
  [
    'an assertion for another endpoint',
    'invalid_client',
    () => assertion('rsa', { claims: { aud: `${issuer}/oauth/userinfo` } })
  ],
  [
    'an assertion that ends within a second',
    'accepted',
    () => assertion('rsa', { claims: { exp: inSeconds(60) + 0.5 } })
  ],
  [
    'an assertion for more than an hour',
    'invalid_client',
    () => assertion('rsa', { claims: { exp: inSeconds(3700) } })
  ],
  ['an assertion for ages', 'invalid_client', () => assertion('rsa', { claims: { exp: 9e15 } })],
  ['an assertion for ever', 'invalid_client', () => assertion('rsa', { claims: { exp: 1e300 } })],
  [
    'an assertion for another server',
    'invalid_client',
    () => assertion('rsa', { claims: { aud: 'https://other.example' } })
  ],
  ['an assertion by another key', 'invalid_client', () => assertion('rsa', { key: 'foreign' })],
  ['an assertion by another key of two', 'invalid_client', () => assertion('two-keys', { key: 'foreign' })],
  ['an assertion by another algorithm', 'invalid_client', () => assertion('ec')],
  ['an unsigned assertion', 'invalid_client', () => unsigned('rsa')],
  ['an assertion of an unknown client', 'invalid_client', () => assertion('nobody')],
  ['an assertion for a client with a secret', 'invalid_client', () => assertion('basic')],
  [
    'an assertion with another id in the form',
    'invalid_request',
    () => assertion('rsa', { form: { client_id: 'ec' } })
  ],
  [
    'an assertion without its type',
    'invalid_request',
    () => assertion('rsa', { form: { client_assertion_type: undefined } })
  ],
  [
    'an assertion with another type',
    'invalid_request',
    () => assertion('rsa', { form: { client_assertion_type: 'jwt' } })
  ],
  [
    'an assertion that is no JWT',
    'invalid_request',
    () => assertion('rsa', { form: { client_assertion: 'no.jwt' } })
  ]
]

describe('our endpoints take and refuse the very credentials that the token endpoint takes and refuses', () => {
  test.each(ways)('%s: %s', async (_what, verdict, make) => {
    const token = await send('/oauth/token', await make('/oauth/token'))
    const ours = await send('/oauth/revoke', await make('/oauth/revoke'))
    expect({ token: token.verdict, ours: ours.verdict }).toEqual({ token: verdict, ours: verdict })
    // 401 where credentials were refused, always with the header that HTTP asks for. The token endpoint says 400
    // unless an Authorization header came (RFC 6749 §5.2): clients of SPiD read errors at 400 only.
    const { status, headers } = ours.answer
    expect(status).toBe({ accepted: 200, invalid_request: 400, invalid_client: 401 }[verdict])
    expect(headers['www-authenticate']).toBe(
      verdict === 'invalid_client' ? 'Basic realm="utgang"' : undefined
    )
  })

  test('the one difference: nothing at all is 401 here, as introspection wants it, and 400 there', async () => {
    // RFC 7662 §2.3 has 401 for a caller without authentication; RFC 6749 §5.2 has invalid_request.
    expect((await send('/oauth/token', {})).verdict).toBe('invalid_request')
    const ours = await send('/oauth/revoke', {})
    expect([ours.verdict, ours.answer.status]).toEqual(['invalid_client', 401])
  })
})

test.each([
  ['/oauth/token', '/oauth/introspect'],
  ['/oauth/introspect', '/oauth/token'],
  ['/oauth/introspect', '/oauth/introspect'],
  ['/oauth/revoke', '/oauth/introspect']
])('an assertion that %s took is refused by %s', async (first, second) => {
  const asking = await assertion('rsa')
  expect((await send(first, asking)).verdict).toBe('accepted')
  expect((await send(second, asking)).verdict).toBe('invalid_client')
})

test('of eight at once, one gets through with an assertion', async () => {
  const asking = await assertion('rsa')
  const endpoints = ['/oauth/introspect', '/oauth/token', '/oauth/revoke', '/oauth/token']
  const all = await Promise.all([...endpoints, ...endpoints].map(endpoint => send(endpoint, asking)))
  expect(all.filter(it => it.verdict === 'accepted')).toHaveLength(1)
})

test('a refused assertion is not used up', async () => {
  const asking = await assertion('rsa', { claims: { aud: `${issuer}/oauth/introspect` } })
  expect((await send('/oauth/token', asking)).verdict).toBe('invalid_client')
  expect((await send('/oauth/introspect', asking)).verdict).toBe('accepted')
})

test('fetched keys are kept for a while', async () => {
  await send('/oauth/revoke', await assertion('remote'))
  const before = keyRequests
  for (let i = 0; i < 3; i++) await send('/oauth/revoke', await assertion('remote'))
  expect(keyRequests).toBe(before)
})

test('thirty wrong secrets of a client from one address, and not even the right one is looked at there', async () => {
  const from = (ip: string, asking: Asking): Asking => ({
    ...asking,
    headers: { ...asking.headers, 'x-forwarded-for': ip }
  })
  const endpoints = ['/oauth/introspect', '/oauth/token']
  for (let nth = 0; nth < 30; nth++)
    expect(
      (await send(endpoints[nth % 2] ?? '', from('192.0.2.1', basic('basic', `no ${nth}`)))).verdict
    ).toBe('invalid_client')
  for (const endpoint of endpoints) {
    const { verdict, answer } = await send(endpoint, from('192.0.2.1', basic('basic', secret)))
    expect([verdict, answer.status]).toEqual(['invalid_client', 429])
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    expect((await send(endpoint, from('192.0.2.2', basic('basic', secret)))).verdict).toBe('accepted')
    expect((await send(endpoint, from('192.0.2.1', basic('post', secret)))).verdict).toBe('accepted')
  }
})

/** Sends credentials beside a token that nobody knows, so that all which is judged is who asks. */
async function send(endpoint: string, asking: Asking): Promise<{ verdict: string; answer: Answer }> {
  const rest =
    endpoint === '/oauth/token'
      ? { grant_type: 'refresh_token', refresh_token: 'unknown' }
      : { token: 'unknown' }
  const answer = await at.ask(endpoint, { ...asking, form: { ...(asking.form as object), ...rest } })
  const error = answer.text === '' ? undefined : answer.json<{ error?: string }>().error
  return { verdict: error === undefined || error === 'invalid_grant' ? 'accepted' : error, answer }
}
