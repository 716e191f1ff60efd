import { createHmac, createPrivateKey, createPublicKey, type JsonWebKey, sign } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** One Logout Token, and what a receiver has to say of it. */
export interface Vector {
  name: string
  /** Whether it counts. */
  valid: boolean
  /** The step of Back-Channel Logout 1.0 §2.6 that finds it wrong; of the good ones, what is special about them. */
  why: string
  logout_token: string
}

/** The file of vectors. */
export interface Vectors {
  about: string
  issuer: string
  client_id: string
  /** The time at which they are to be judged, in UTC seconds; clocks may differ by half a minute. */
  now: number
  /** As registered for the client. */
  algorithms: string[]
  jwks: { keys: JsonWebKey[] }
  vectors: Vector[]
}

type Claims = Record<string, unknown>

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const keys = JSON.parse(readFileSync(here('keys.json'), 'utf8')) as Record<
  'issuer' | 'issuerEdDsa' | 'stranger',
  JsonWebKey & { kid: string }
>
const event = 'http://schemas.openid.net/event/backchannel-logout'
const now = 1_760_000_000
const issuer = 'https://id.example.com'
const header = { alg: 'RS256', kid: keys.issuer.kid, typ: 'logout+jwt' }
const claims: Claims = {
  iss: issuer,
  sub: 'u-ola',
  aud: 'news',
  iat: now,
  exp: now + 120,
  jti: 'a-jti',
  events: { [event]: {} },
  sid: 'a-sid'
}

/** Makes the file again; the same keys give the same bytes. */
export function makeVectors(): Vectors {
  return {
    about:
      'Logout Tokens for tests of receivers (OpenID Connect Back-Channel Logout 1.0). Made by make.ts from fixed keys. Demanding the type is a receiver’s own policy (§4.1); all the rest is the specification’s.',
    issuer,
    client_id: 'news',
    now,
    algorithms: ['RS256'],
    jwks: { keys: [publicKey(keys.issuer, 'RS256'), publicKey(keys.issuerEdDsa, 'EdDSA')] },
    vectors: [...good(), ...bad()]
  }
}

function good(): Vector[] {
  const it = (name: string, why: string, logout_token: string): Vector => ({
    name,
    valid: true,
    why,
    logout_token
  })
  return [
    it('sid and sub', 'the usual one', token({})),
    it('sid alone', '§2.4: one of them is enough', token({ sub: undefined })),
    it('sub alone', '§2.4: all sessions of the user', token({ sid: undefined })),
    it('several audiences', '§2.4: aud may be an array', token({ aud: ['market', 'news'] })),
    it('further claims', '§2.4: what is not understood is ignored', token({ trace: 1, auth_time: 1 })),
    it(
      'an event with members',
      '§2.4: it SHOULD be empty, and need not',
      token({ events: { [event]: { a: 1 } } })
    ),
    it(
      'further events',
      '§2.4: events may have more members',
      token({ events: { [event]: {}, 'urn:b': {} } })
    ),
    it('type written out', 'RFC 7515 §4.1.9', token({}, { typ: 'application/logout+jwt' })),
    it('type in capitals', 'media types have no case', token({}, { typ: 'Logout+JWT' })),
    it('a clock that is a little ahead', 'within half a minute', token({ iat: now + 20, exp: now + 140 })),
    it('a clock that is a little behind', 'within half a minute', token({ iat: now - 140, exp: now - 20 }))
  ]
}

function bad(): Vector[] {
  const it = (name: string, why: string, logout_token: string): Vector => ({
    name,
    valid: false,
    why,
    logout_token
  })
  const [head = '', , signature = ''] = token({}).split('.')
  return [
    it('no JWT', 'step 1', 'nonsense'),
    it('two parts', 'step 1', token({}).split('.').slice(0, 2).join('.')),
    it('encrypted', 'step 1: this client registered no encryption', `${token({})}.a.b`),
    it('another payload', 'step 2', [head, encoded({ ...claims, sid: 'other' }), signature].join('.')),
    it('signature cut off', 'step 2', token({}).slice(0, -8)),
    it('signed by a stranger', 'step 2', token({}, {}, keys.stranger)),
    it('key that the issuer never had', 'step 2', token({}, { kid: 'stranger-1' }, keys.stranger)),
    it('key brought along', 'step 2', token({}, { jwk: publicKey(keys.stranger, 'RS256') }, keys.stranger)),
    it('alg none', 'step 3', `${encoded({ ...header, alg: 'none' })}.${encoded(claims)}.`),
    it('alg none, signed', 'step 3', token({}, { alg: 'none' })),
    it('HMAC with the public key', 'step 3', hmac(pem(keys.issuer))),
    it('HMAC with the client secret', 'step 3', hmac('news-secret-of-the-tests')),
    it('another algorithm', 'step 3: not the registered one', edDsa()),
    it('critical header', 'RFC 7515 §4.1.11', token({}, { crit: ['b'], b: 1 })),
    it('no type', '§2.4, RFC 8725 §3.11: explicit typing', token({}, { typ: undefined })),
    it('type JWT', '§2.4, RFC 8725 §3.11: explicit typing', token({}, { typ: 'JWT' })),
    it('type of an access token', 'RFC 8725 §3.11', token({}, { typ: 'at+jwt' })),
    it('no iss', 'step 4', token({ iss: undefined })),
    it('another iss', 'step 4', token({ iss: 'https://id.example.org' })),
    it('iss with a slash more', 'step 4: compared character by character', token({ iss: `${issuer}/` })),
    it('no aud', 'step 4', token({ aud: undefined })),
    it('another aud', 'step 4', token({ aud: 'market' })),
    it('other audiences', 'step 4', token({ aud: ['market', 'forum'] })),
    it('no iat', 'step 4', token({ iat: undefined })),
    it('iat as text', 'step 4', token({ iat: String(now) })),
    it('iat in the future', 'step 4', token({ iat: now + 600, exp: now + 700 })),
    it('no exp', 'step 4', token({ exp: undefined })),
    it('exp as text', 'step 4', token({ exp: String(now + 120) })),
    it('expired', 'step 4', token({ iat: now - 700, exp: now - 600 })),
    it('neither sid nor sub', 'step 5', token({ sid: undefined, sub: undefined })),
    it('empty sid', 'step 5', token({ sid: '', sub: undefined })),
    it('sid as number', 'step 5', token({ sid: 7 })),
    it('sub as number', 'step 5', token({ sub: 7, sid: undefined })),
    it('no events', 'step 6', token({ events: undefined })),
    it('another event', 'step 6', token({ events: { 'urn:b': {} } })),
    it('event as text', 'step 6', token({ events: { [event]: 'yes' } })),
    it('events as list', 'step 6', token({ events: [event] })),
    it('nonce', 'step 7', token({ nonce: 'n' })),
    it('empty nonce', 'step 7', token({ nonce: '' })),
    it(
      'an ID Token',
      'steps 6 and 7',
      token({ events: undefined, jti: undefined, nonce: 'n' }, { typ: undefined })
    ),
    it('no jti', 'step 8', token({ jti: undefined })),
    it('empty jti', 'step 8', token({ jti: '' })),
    it('jti as number', 'step 8', token({ jti: 7 }))
  ]
}

/** The usual token with other claims and header parameters. */
function token(otherClaims: Claims, otherHeader: object = {}, key: JsonWebKey = keys.issuer): string {
  const input = `${encoded({ ...header, ...otherHeader })}.${encoded({ ...claims, ...otherClaims })}`
  const signature = sign('sha256', Buffer.from(input), createPrivateKey({ key, format: 'jwk' }))
  return `${input}.${signature.toString('base64url')}`
}

function hmac(secret: string): string {
  const input = `${encoded({ ...header, alg: 'HS256' })}.${encoded(claims)}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

function edDsa(): string {
  const { kid } = keys.issuerEdDsa
  const input = `${encoded({ ...header, alg: 'EdDSA', kid })}.${encoded(claims)}`
  const key = createPrivateKey({ key: keys.issuerEdDsa, format: 'jwk' })
  return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`
}

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const pem = (key: JsonWebKey): string =>
  String(createPublicKey({ key, format: 'jwk' }).export({ format: 'pem', type: 'spki' }))

function publicKey(key: JsonWebKey & { kid: string }, alg: string): JsonWebKey {
  const { kty, n, e, crv, x, kid } = key
  return { kty, kid, alg, use: 'sig', ...(kty === 'RSA' ? { n, e } : { crv, x }) }
}

if (import.meta.main) writeFileSync(here('logout-tokens.json'), `${JSON.stringify(makeVectors(), null, 2)}\n`)
