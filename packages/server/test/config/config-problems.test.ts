import { expect, test } from 'vitest'
import { checkConfig } from '../../src/config/load.ts'
import { UtgangError } from '../../src/errors.ts'
import { returnAddresses } from './return-addresses.ts'

const issuer = 'http://id.localhost:4000'
const key = 'k'.repeat(32)
const client = { client_id: 'a', redirect_uris: ['https://a.example/cb'] }
const confidential = { ...client, client_secret: 'a secret of a test' }
const user = { sub: 'u', email: 'u@example.test', password: 'a password' }

/** The lines of what is wrong, without the heading. */
function problems(raw: unknown): string[] {
  try {
    checkConfig(raw)
    return []
  } catch (error) {
    if (!(error instanceof UtgangError) || error.code !== 'bad_config') throw error
    return error.message
      .split('\n')
      .slice(1)
      .map(line => line.trim())
  }
}

const ofClient = (more: object, config: object = {}): string[] =>
  problems({ issuer, clients: [{ ...confidential, ...more }], ...config })
const ofApp = (more: object): string[] =>
  problems({ issuer, clients: [{ ...client, application_type: 'native', ...more }] })
const ofPublic = (more: object): string[] => problems({ issuer, clients: [{ ...client, ...more }] })

test('the least configuration is an issuer, and everything else has a default', () => {
  const config = checkConfig({ issuer })
  expect(config.listen).toEqual({ host: '127.0.0.1', port: 4000 })
  expect(config.lifetimes.access_token_seconds).toBe(3600)
  expect(config.clients).toEqual([])
})

test('all problems come at once, each with path, value and what was expected', () => {
  expect(
    problems({
      listen: { port: 'four' },
      clients: [
        { client_id: 'a b' },
        { client_id: 'x', require_pkce: false, redirect_uris: ['https://x.example/'] }
      ],
      retention_days: 0
    })
  ).toEqual([
    'issuer: is missing; expected: text in quotes',
    'listen.port: is "four"; expected: a number',
    'clients[0].client_id: is "a b"; expected: 1 to 200 visible ASCII characters',
    'retention_days: is 0; expected: at least 1',
    'clients[1].require_pkce: is false; only a confidential client may do without PKCE'
  ])
})

test.each([
  ['at the top', { issuer, isuer: 'x' }, 'isuer'],
  ['in listen', { issuer, listen: { hots: 'x' } }, 'listen.hots'],
  ['in lifetimes', { issuer, lifetimes: { code: 60 } }, 'lifetimes.code'],
  [
    'in registration',
    { issuer, registration: { initial_access_token: key, open: true } },
    'registration.open'
  ],
  ['in a client', { issuer, clients: [{ ...client, redirect_uri: 'x' }] }, 'clients[0].redirect_uri']
])('an unknown key %s is refused', (_where, raw, path) => {
  expect(problems(raw)).toEqual([`${path}: unknown key`])
})

test('further keys of a user are claims and no mistake', () => {
  expect(problems({ issuer, users: [{ ...user, locale: 'nb', address: { country: 'NO' } }] })).toEqual([])
})

test.each([
  ['a missing text', { clients: [] }, 'issuer: is missing; expected: text in quotes'],
  ['a wrong type', { issuer, clients: {} }, 'clients: is {}; expected: a list in […]'],
  ['a part of a number', { issuer, retention_days: 1.5 }, 'retention_days: is 1.5; expected: a whole number'],
  [
    'a number that is too great',
    { issuer, listen: { port: 70_000 } },
    'listen.port: is 70000; expected: at most 65535'
  ],
  [
    'a text for a flag',
    { issuer, allow_private_addresses: 'yes' },
    'allow_private_addresses: is "yes"; expected: true or false'
  ],
  ['an object where a list is', { issuer, listen: [] }, 'listen: is []; expected: an object in {…}'],
  [
    'a word that is not in the list',
    { issuer, clients: [{ ...client, consent: 'no' }] },
    'clients[0].consent: is "no"; expected: "skip" or "ask"'
  ],
  [
    'a form of two',
    { issuer, registration: 'open' },
    'registration: is "open"; expected: true or false or an object in {…}'
  ],
  [
    'a form of two, inside',
    { issuer, registration: { initial_access_token: 'short' } },
    'registration.initial_access_token: is "******"; expected: at least 16 characters'
  ],
  [
    'a token that no Bearer header can carry',
    { issuer, registration: { initial_access_token: 'a token with spaces in it' } },
    'registration.initial_access_token: is "******"; expected: letters, digits and -._~+/ only, as a Bearer header carries it (RFC 6750 §2.1)'
  ],
  [
    'a mail address',
    { issuer, users: [{ ...user, email: 'u' }] },
    'users[0].email: is "u"; expected: a mail address'
  ],
  [
    'an address that is none',
    { issuer, clients: [{ ...client, client_uri: 'a.example' }] },
    'clients[0].client_uri: is "a.example"; expected: an absolute URI in ASCII'
  ],
  ['a null', { issuer, storage: null }, 'storage: is null; expected: text in quotes']
])('%s is told in plain English', (_what, raw, line) => {
  expect(problems(raw)).toEqual([line])
})

test('no secret gets into a message, however deep it stands', () => {
  const lines = problems({
    issuer: 'https://id.example',
    storage: 'postgres://utgang:hunter-0@db.example/utgang',
    secret_keys: ['hunter-1'],
    clients: [{ client_id: 'a', client_secret: 'hunt-2', sign_secret: 'hunter-3' }, 'x'],
    users: { first: { password: 'hunter-4', password_hash: 'hunter-5' } },
    registration: [{ initial_access_token: 'hunter-6' }],
    lifetimes: { x: 'hunter-7' }
  })
  expect(lines.length).toBeGreaterThan(6)
  expect(lines.join('\n')).not.toMatch(/hunt/)
  expect(lines.join('\n')).toContain('postgres://utgang:******@db.example/utgang')
})

test.each([
  ['https://id.example', true],
  ['https://id.example:8443', true],
  ['http://localhost:4000', true],
  ['http://id.localhost:4000', true],
  ['http://127.0.0.1:4000', true],
  ['http://[::1]:4000', true],
  ['http://id.example', false],
  ['http://localhost.example', false],
  ['http://127.0.0.1.example', false],
  ['https://id.example/', false],
  ['https://id.example/path', false],
  ['https://id.example?x', false],
  ['https://user@id.example', false],
  ['ftp://id.example', false],
  ['id.example', false]
])('an issuer %s: taken %s', (value, taken) => {
  const lines = problems({ issuer: value, secret_keys: [key] })
  expect(lines.length === 0, lines.join('\n')).toBe(taken)
})

test('a server for strangers has secrets of its own, that no page shows', () => {
  const raw = (more: object) => ({ issuer: 'https://id.example', secret_keys: [key], ...more })
  expect(problems({ issuer: 'https://id.example' })[0]).toMatch(/^secret_keys: is missing; at least one/)
  const published = { client_secret: 'demo-secret-of-the-news-site', sign_secret: 'REPLACE-ME with your own' }
  const demoUser = { ...user, password: 'correct horse battery staple' }
  const ownServer = { clients: [{ ...client, ...published }], users: [demoUser] }
  expect(problems(raw(ownServer)).map(line => line.split(':')[0])).toEqual([
    'clients[0].client_secret',
    'clients[0].sign_secret',
    'users[0].password'
  ])
  expect(problems({ issuer, ...ownServer })).toEqual([])
})

test('a client secret at a public address is too long to be guessed from its hash', () => {
  const withSecret = (length: number, at = 'https://id.example') =>
    problems({
      issuer: at,
      secret_keys: [key],
      clients: [{ ...client, client_secret: 'x'.repeat(length) }]
    })
  expect(withSecret(21)).toEqual([
    expect.stringMatching(/^clients\[0\]\.client_secret: .*at least 22 characters/)
  ])
  expect(withSecret(22)).toEqual([])
  expect(withSecret(21, issuer)).toEqual([])
})

test('two of the same are refused: clients, subs, addresses, and a client with the sub of a user (BCP-22)', () => {
  const other = { ...user, sub: 'U', email: 'U@example.TEST' }
  expect(
    problems({ issuer, clients: [client, { ...client, client_id: 'b' }, client], users: [user, other] })
  ).toEqual([
    'clients[2].client_id: is "a"; is that of clients[0] already',
    'users[1].email: is "U@example.TEST"; is that of users[0] already'
  ])
  expect(
    problems({
      issuer,
      clients: [{ ...client, client_id: 'u' }],
      users: [user, { ...user, email: 'v@example.test' }]
    })
  ).toEqual([
    'users[1].sub: is "u"; is that of users[0] already',
    'clients[0].client_id: is "u"; is the sub of a user too'
  ])
})

test('a user has a password or its hash, not both and not neither', () => {
  const hash = '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA'
  const withUser = (more: object) =>
    problems({ issuer, users: [{ sub: 'u', email: 'u@example.test', ...more }] })
  expect(withUser({ password: 'a password' })).toEqual([])
  expect(withUser({ password_hash: hash })).toEqual([])
  expect(withUser({})).toHaveLength(1)
  expect(withUser({ password: 'a password', password_hash: hash })).toHaveLength(1)
  expect(withUser({ password_hash: '$2y$10$not-argon' })[0]).toContain(
    'is "******"; expected: an argon2id hash'
  )
})

const hook = 'https://a.example/hook'
const hookSecret = `whsec_${Buffer.alloc(32).toString('base64')}`

test.each<[string, string[], RegExp | undefined]>([
  ['no PKCE for a confidential client', ofClient({ require_pkce: false }), undefined],
  ['no PKCE for a public client', ofPublic({ require_pkce: false }), /require_pkce/],
  ['introspection for a public client', ofPublic({ introspects: true }), /introspects/],
  ['ending sessions for a public client', ofPublic({ may_end_sessions: true }), /may_end_sessions/],
  ['global revocation for a public client', ofPublic({ may_revoke_globally: true }), /may_revoke_globally/],
  [
    'client_credentials for a public client',
    ofPublic({ grant_types: ['client_credentials'] }),
    /grant_types/
  ],
  [
    'powers for a confidential client',
    ofClient({ introspects: true, may_end_sessions: true, may_revoke_globally: true }),
    undefined
  ],
  ['pages that ask by script tags', ofClient({ legacy_jsonp: true }), undefined],
  [
    'script tags of an app, which has no page',
    ofApp({ legacy_jsonp: true, redirect_uris: ['app.example:/back'] }),
    /legacy_jsonp.*on the web/
  ],
  ['a secret of seven characters', ofClient({ client_secret: 'seven77' }), /at least 8 characters/],
  ['a secret with method none', ofClient({ token_endpoint_auth_method: 'none' }), /client_secret/],
  [
    'a method that needs a secret, without',
    ofPublic({ token_endpoint_auth_method: 'client_secret_post' }),
    /client_secret: is missing/
  ],
  [
    'private_key_jwt without keys',
    ofPublic({ token_endpoint_auth_method: 'private_key_jwt' }),
    /jwks: is missing/
  ],
  [
    'private_key_jwt with keys by http',
    ofPublic({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'http://a.example/keys' }),
    /jwks_uri.*https/
  ],
  [
    'a private key',
    ofClient({ jwks: { keys: [{ kty: 'EC', d: 'hunter' }] } }),
    /jwks\.keys\[0\]\.d: is "\*{6}"; private/
  ],
  ['a symmetric key', ofClient({ jwks: { keys: [{ kty: 'oct' }] } }), /symmetric/],
  [
    'keys on this machine',
    ofPublic({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'http://127.0.0.1/keys' }),
    /jwks_uri.*allow_private_addresses/
  ],
  [
    'keys on this machine, where private addresses are allowed',
    problems({
      issuer,
      allow_private_addresses: true,
      clients: [
        { ...client, token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'http://127.0.0.1/keys' }
      ]
    }),
    undefined
  ],
  ['our own address as a front page', ofClient({ client_uri: `${issuer}/logout` }), /address of this server/],
  [
    'our own address, which browsers make https of',
    problems({
      issuer: 'https://id.example',
      secret_keys: [key],
      clients: [{ ...client, client_uri: 'http://ID.example.:80/logout' }]
    }),
    /address of this server/
  ],
  [
    'two places for keys',
    ofClient({ jwks: { keys: [{ kty: 'RSA' }] }, jwks_uri: 'https://a.example/keys' }),
    /only one/
  ],
  ['no redirect URI with the code grant', ofClient({ redirect_uris: [] }), /redirect_uris/],
  [
    'no redirect URI without the code grant',
    ofClient({ redirect_uris: [], grant_types: ['client_credentials'] }),
    undefined
  ],
  [
    'response type code without the code grant',
    ofClient({ response_types: ['code'], grant_types: ['refresh_token'] }),
    /response_types/
  ],
  ['a webhook with its secret', ofClient({ webhook_uri: hook, webhook_secret: hookSecret }), undefined],
  [
    'a webhook without a secret',
    ofClient({ webhook_uri: hook }),
    /webhook_secret: is missing; .*go together/
  ],
  ['a webhook’s secret alone', ofClient({ webhook_secret: hookSecret }), /webhook_uri: is missing/],
  [
    'a webhook’s secret without its mark',
    ofClient({ webhook_uri: hook, webhook_secret: hookSecret.slice(6) }),
    /webhook_secret: is "\*{6}"; .*whsec_/
  ],
  [
    'a webhook’s secret of 23 bytes',
    ofClient({ webhook_uri: hook, webhook_secret: `whsec_${Buffer.alloc(23).toString('base64')}` }),
    /webhook_secret.*24 to 64/
  ],
  [
    'a webhook by http',
    ofClient({ webhook_uri: 'http://a.example/hook', webhook_secret: hookSecret }),
    /webhook_uri.*https/
  ],
  [
    'security events for a public client',
    ofPublic({ may_receive_events: true, grant_types: ['authorization_code', 'client_credentials'] }),
    /may_receive_events: .*confidential/
  ],
  [
    'security events without a token to ask with',
    ofClient({ may_receive_events: 'all' }),
    /may_receive_events.*client_credentials/
  ],
  [
    'security events of everybody',
    ofClient({ may_receive_events: 'all', grant_types: ['client_credentials'], redirect_uris: [] }),
    undefined
  ],
  ['security events of nobody in particular', ofClient({ may_receive_events: 'some' }), /may_receive_events/],
  ['scope with two spaces', ofClient({ scope: 'openid  email' }), /scope/],
  ['an origin with a path', ofClient({ origins: ['https://a.example/'] }), /origins\[0\]/],
  ['an origin with a wildcard', ofClient({ origins: ['https://*.example'] }), /origins\[0\]/]
])('of a client: %s', (_what, lines, expected) => {
  if (expected === undefined) expect(lines).toEqual([])
  else expect(lines.join('\n')).toMatch(expected)
})

test.each(returnAddresses)(
  '%j as an address to return to (RPI-16, BCP-02): web %s, native %s',
  (address, web, native) => {
    for (const list of ['redirect_uris', 'post_logout_redirect_uris']) {
      const place = `clients[0].${list}[0]:`
      const of = (lines: string[]): boolean => !lines.some(line => line.startsWith(place))
      expect(of(ofClient({ [list]: [address] }))).toBe(web)
      expect(of(ofApp({ [list]: [address] }))).toBe(native)
    }
  }
)

test.each<[string, string[], boolean]>([
  ['https', ofClient({ backchannel_logout_uri: 'https://a.example/bcl?a=b' }), true],
  ['loopback http', ofPublic({ backchannel_logout_uri: 'http://127.0.0.1:9/bcl' }), true],
  ['http', ofClient({ backchannel_logout_uri: 'http://a.example/bcl' }), false],
  [
    'http in a private network',
    ofClient({ backchannel_logout_uri: 'http://a.example/bcl' }, { allow_private_addresses: true }),
    true
  ],
  [
    'http for a public client',
    problems({
      issuer,
      allow_private_addresses: true,
      clients: [{ ...client, backchannel_logout_uri: 'http://a.example/bcl' }]
    }),
    false
  ],
  ['a fragment', ofClient({ backchannel_logout_uri: 'https://a.example/bcl#x' }), false],
  ['another scheme', ofClient({ backchannel_logout_uri: 'ftp://a.example/bcl' }), false],
  ['no host', ofClient({ backchannel_logout_uri: '/bcl' }), false]
])('backchannel_logout_uri with %s (BCL-04)', (_what, lines, ok) => {
  expect(lines.length === 0, lines.join()).toBe(ok)
})

test.each<[string, boolean]>([
  ['https://a.example/fcl?x=1', true],
  ['https://a.example:8443/fcl', false],
  ['https://b.example/fcl', false],
  ['http://a.example/fcl', false],
  ['https://a.example/fcl#x', false]
])('frontchannel_logout_uri %s beside https://a.example/cb (FCL-02): taken %s', (address, ok) => {
  expect(ofClient({ frontchannel_logout_uri: address }).length === 0).toBe(ok)
})

test.each<[string, boolean]>([
  ['127.0.0.1', true],
  ['10.0.0.0/8', true],
  ['fd00::/8', true],
  ['loopback', true],
  ['10.0.0.0/33', false],
  ['proxy.example', false],
  ['*', false],
  ['', false]
])('trust_proxy %j: taken %s', (address, ok) => {
  expect(problems({ issuer, trust_proxy: [address] }).length === 0).toBe(ok)
})
