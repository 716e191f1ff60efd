import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hashSecret, sealer } from '../../src/storage/secrets.ts'
import { makeKeys } from '../clients/credentials.ts'
import { rowsOf } from '../logout/world.ts'
import { ask, newBrowser } from '../support/browser.ts'
import { clients, password, secretOf } from '../support/fixtures.ts'
import { openSystem, type TestSystem } from '../support/system.ts'
import { everyday, initialAccessToken, newPassword, wrongPassword } from './everyday.ts'
import { type Exchange, type Seen, tap, valuesIn } from './wire.ts'

const signSecret = 'the secret with which answers are signed'
const secretKey = 'the key under which this test seals what is kept'
const folder = mkdtempSync(join(tmpdir(), 'utgang-'))
const path = join(folder, 'secrets.db')

let at: TestSystem
let wire: Awaited<ReturnType<typeof tap>>
/** Every secret that went over the wire, by the name under which it went. */
let secrets: Map<string, Set<string>>

beforeAll(async () => {
  const { rsa } = await makeKeys()
  const signing = {
    client_id: 'signing',
    token_endpoint_auth_method: 'private_key_jwt',
    grant_types: ['client_credentials'],
    jwks: { keys: [rsa] }
  }
  at = await openSystem({
    storage: `sqlite:${path}`,
    config: {
      clients: [
        ...clients
          .map(it =>
            it.client_id === 'news' ? { ...it, sign_secret: signSecret, legacy_jsonp: true, sdk: true } : it
          )
          .map(it =>
            it.client_id === 'app' || it.client_id === 'market' ? { ...it, access_token_format: 'jwt' } : it
          ),
        signing
      ],
      registration: { initial_access_token: initialAccessToken },
      secret_keys: [secretKey]
    }
  })
  wire = await tap(at.origin)
  const { origin } = wire
  await everyday({
    ...at,
    origin,
    ask: (address, asking) => ask(origin, address, asking),
    browser: () => newBrowser(origin)
  })
  secrets = secretsIn(wire.exchanges)
})
afterAll(async () => {
  await wire.close()
  await at.close()
  rmSync(folder, { recursive: true })
})

/** What may be known: names, addresses, public ids, and what a client sends to get it back. */
const notSecret = new Set([
  ...['client_id', 'client_name', 'client_uri', 'redirect_uri', 'redirect_uris', 'post_logout_redirect_uri'],
  ...[
    'iss',
    'aud',
    'sub',
    'user_id',
    'userId',
    'id',
    'sid',
    'jti',
    'scope',
    'state',
    'nonce',
    'email',
    'username'
  ],
  ...[
    'login',
    'name',
    'displayName',
    'display_name',
    'formatted',
    'receipt',
    'code_challenge',
    'code_challenge_method'
  ],
  ...[
    'response_type',
    'grant_type',
    'token_type',
    'client_assertion_type',
    'error',
    'error_description',
    'type',
    'url'
  ],
  ...[
    'controller',
    'version',
    'description',
    'request_id',
    'registration_client_uri',
    'token_endpoint_auth_method'
  ],
  ...['id_token_signed_response_alg', 'application_type', 'subject_type', 'prompt', 'ui_locales', 'cause'],
  ...['grant_types', 'response_types']
])

/** The parts of an exchange's values that nobody else could know. */
function secretsIn(exchanges: readonly Exchange[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  for (const { name, value } of exchanges.flatMap(valuesIn)) {
    // Of what is signed the signature is the secret: the rest says what anybody may know.
    const secret = value.includes('.') ? (value.split('.').at(-1) ?? '') : value
    if (!notSecret.has(name) && secret.length >= 12)
      found.set(name, (found.get(name) ?? new Set()).add(secret))
  }
  return found
}

/** Each form in which a value could have been written down. */
const formsOf = (value: string): string[] => [
  value,
  encodeURIComponent(value),
  value.replaceAll(' ', '+'),
  JSON.stringify(value).slice(1, -1),
  Buffer.from(value).toString('base64').replace(/=+$/, ''),
  Buffer.from(value).toString('hex')
]

function leaksInto(text: string): Seen[] {
  const leaks: Seen[] = []
  for (const [name, values] of secrets)
    for (const value of values)
      if (formsOf(value).some(form => text.includes(form))) leaks.push({ name, value })
  return leaks
}

test('the day had every kind of secret in it', () => {
  const names = [...secrets.keys()]
  for (const name of [
    '__Host-utgang',
    '__Host-utgang-receipt',
    '__Secure-utgang-interaction',
    '__Secure-utgang-resume',
    'access_token',
    'refresh_token',
    'id_token',
    'id_token_hint',
    'oauth_token',
    'code',
    'code_verifier',
    'password',
    'client_secret',
    'client_assertion',
    'registration_access_token',
    'interaction',
    // The ids of what is kept for a moment: a post, a question, an outcome, a switch of accounts.
    'continue',
    'request',
    'outcome',
    'ticket'
  ])
    expect(names).toContain(name)
  // Access tokens of both forms; of a JWT its signature.
  expect([...(secrets.get('access_token') ?? [])].some(it => it.length > 300)).toBe(true)
  expect(secrets.get('password')).toEqual(new Set([password, wrongPassword, newPassword]))
  expect(secrets.get('client_secret')).toContain(secretOf('market'))
  // Every cookie that any browser was ever given, every token, every id: a short list would prove little.
  for (const name of ['__Host-utgang', 'access_token', 'refresh_token', 'id_token', 'code', 'interaction'])
    expect([name, (secrets.get(name)?.size ?? 0) > 10]).toEqual([name, true])
  expect([...secrets.values()].reduce((sum, values) => sum + values.size, 0)).toBeGreaterThan(200)
})

test('no secret that went over the wire is in the database, in no table and no byte of its files', async () => {
  const rows = JSON.stringify(rowsOf(path))
  // What is known to be there is found, so a secret would be, too.
  for (const known of ['u-ola', 'https://news.example/callback', 'a-nonce']) expect(rows).toContain(known)
  expect(leaksInto(rows)).toEqual([])
  const files = readdirSync(folder)
  expect(files).toContain('secrets.db-wal')
  for (const file of files) expect(leaksInto(readFileSync(join(folder, file), 'latin1'))).toEqual([])
})

test('no secret that went over the wire is in any line of the log, at its most talkative', () => {
  const lines = at.logs.join('\n')
  expect(lines).toContain('/logout')
  expect(at.logs.length).toBeGreaterThan(100)
  expect(leaksInto(lines)).toEqual([])
})

test('nobody is sent anywhere with a token in the address, and no answer of ours is shown under one', () => {
  const tokens = ['access_token', 'refresh_token', 'id_token'].flatMap(name => [...(secrets.get(name) ?? [])])
  const carries = (text: string | undefined) => tokens.some(token => text?.includes(token))
  expect(wire.exchanges.filter(it => carries(it.url)).length).toBeGreaterThan(3)
  for (const it of wire.exchanges) {
    const what = `${it.method} ${it.url}`
    const { location } = it.answered
    // The authorization endpoint answers a post with the same request by GET, whatever the client had put into it.
    const isRepeated = it.method === 'POST' && it.url.startsWith('/oauth/authorize?')
    if (!isRepeated) expect([what, carries(location)]).toEqual([what, false])
    const isPage = it.answered['content-type']?.includes('html') && location === undefined
    if (isPage) expect([what, carries(it.answeredBody)]).toEqual([what, false])
    // No browser navigates by a method that is refused, and such an answer is kept nowhere (RFC 9111 §3).
    if (it.status !== 405) {
      if (isPage && it.url.startsWith('/logout')) expect([what, carries(it.url)]).toEqual([what, false])
      if (carries(it.url) || carries(it.askedBody) || carries(it.asked.authorization))
        expect([what, it.answered['cache-control']]).toEqual([what, 'no-store'])
    }
    expect([it.url, it.answered['referrer-policy']]).toEqual([it.url, 'no-referrer'])
  }
})

test('passwords are argon2id with a salt each, client secrets a hash, and what is read back is sealed', async () => {
  const { users = [], clients: kept = [], signing_keys: keys = [], secrets: sealed = [] } = rowsOf(path)
  const hashes = (users as { password_hash: string }[]).map(it => it.password_hash)
  expect(hashes).toHaveLength(3)
  for (const hash of hashes) expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  expect(new Set(hashes).size).toBe(3)

  const metadata = (kept as { client_id: string; metadata: string }[]).map(it => JSON.parse(it.metadata))
  const withSecret = metadata.filter(it => it.client_secret !== undefined)
  expect(withSecret.length).toBeGreaterThan(5)
  for (const it of withSecret) expect(it.client_secret).toMatch(/^\$s\$[\w-]{43}$/)

  const box = sealer([secretKey])
  const news = metadata.find(it => it.client_id === 'news')
  expect(box.open(news.sign_secret_sealed)).toBe(signSecret)
  for (const { sealed_jwk } of keys as { sealed_jwk: string }[])
    expect(JSON.parse(box.open(sealed_jwk))).toMatchObject({ d: expect.any(String) })
  expect(keys.length).toBeGreaterThanOrEqual(2)
  for (const it of sealed as { sealed: string }[])
    expect(box.open(it.sealed).length).toBeGreaterThanOrEqual(32)
  expect(sealed.length).toBeGreaterThanOrEqual(1)
  const another = sealer(['another key, of thirty-two bytes or more'])
  expect(() => another.open(news.sign_secret_sealed)).toThrow()

  // What was sealed is nowhere beside its seal.
  const bytes = readdirSync(folder)
    .map(file => readFileSync(join(folder, file), 'latin1'))
    .join('')
  const privateKeys = at.system.op.keys().privateJwks.map(it => String(it.d))
  for (const value of [signSecret, hashSecret(signSecret), secretKey, ...privateKeys]) {
    expect(bytes).not.toContain(value)
    expect(at.logs.join('\n')).not.toContain(value)
  }
})

test('a secret that is kept or logged would be found, in whichever form and wherever', async () => {
  for (const [name, values] of secrets)
    for (const value of values)
      for (const form of formsOf(value)) expect(leaksInto(`<${form}>`)).toContainEqual({ name, value })

  const [planted = ''] = secrets.get('access_token') ?? []
  await at.storage.writeAudit({ event: 'planted', detail: { deep: [{ planted }] } }, 1)
  const found = [{ name: 'access_token', value: planted }]
  expect(leaksInto(JSON.stringify(rowsOf(path)))).toEqual(found)
  expect(leaksInto(readFileSync(`${path}-wal`, 'latin1'))).toEqual(found)
})
