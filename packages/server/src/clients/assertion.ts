import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  errors,
  type FetchImplementation,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify
} from 'jose'
import { OAuthError } from '../errors.ts'
import { hashSecret } from '../storage/secrets.ts'
import type { Client } from './client.ts'
import { type AuthenticationParts, type Credentials, refused } from './credentials.ts'

/** What an assertion of a client says that it is (RFC 7523 §2.2). */
export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** How far a client's clock may be off, in seconds; the same as at the token endpoint. */
export const toleranceSeconds = 10
/** Longest that an assertion may be good for, in seconds, since for so long it has to be remembered. */
export const longestAssertionSeconds = 3600
/** The algorithms of the token endpoint, for clients that have not registered one. */
const algorithms = ['RS256', 'ES256', 'PS256', 'EdDSA']

/**
 * The client that signed this `client_assertion` (RFC 7523 §3, `private_key_jwt`). Each assertion is taken once, at
 * whichever endpoint.
 * @param endpoint the path of the endpoint, which the assertion may name as its audience
 * @throws OAuthError `invalid_request` 400 or `invalid_client` 401
 */
export async function clientByAssertion(
  form: Credentials,
  endpoint: string,
  parts: AuthenticationParts
): Promise<Client> {
  const { client_assertion: assertion = '', client_assertion_type: type, client_id } = form
  const { sub } = decode(assertion)
  if (typeof sub !== 'string' || sub === '') throw refused('sub must be provided in the client_assertion')
  if (type !== assertionType)
    throw new OAuthError('invalid_request', `client_assertion_type must have value ${assertionType}`)
  if (client_id && client_id !== sub) throw new OAuthError('invalid_request', 'client_id mismatch')
  const client = await parts.clients.find(sub)
  if (!client) throw refused('client not found')
  if (client.authMethod !== 'private_key_jwt')
    throw refused('the client is registered for another way to authenticate')
  const { jti, exp = 0 } = await verify(assertion, client, endpoint, parts)
  if (typeof jti !== 'string' || jti === '') throw refused('jti must be provided in the client_assertion')
  if (exp > parts.now() + longestAssertionSeconds)
    throw refused('exp of the client_assertion is too far ahead')
  // The same key as at the token endpoint, so that one assertion is taken once, wherever it is used.
  const id = hashSecret(`${client.clientId}${jti}`)
  if (!(await parts.storage.claimOnce('replay', hashSecret(id), Math.ceil(exp) + toleranceSeconds)))
    throw refused('client assertions are taken once')
  return client
}

function decode(assertion: string): JWTPayload {
  try {
    return decodeJwt(assertion)
  } catch (cause) {
    throw new OAuthError('invalid_request', 'invalid client_assertion format', 400, { cause })
  }
}

async function verify(
  assertion: string,
  client: Client,
  endpoint: string,
  parts: AuthenticationParts
): Promise<JWTPayload> {
  const { alg } = client.assertionKeys
  const options: JWTVerifyOptions = {
    algorithms: alg ? [alg] : algorithms,
    issuer: client.clientId,
    audience: [parts.issuer, `${parts.issuer}/oauth/token`, `${parts.issuer}${endpoint}`],
    clockTolerance: toleranceSeconds,
    currentDate: new Date(parts.now() * 1000),
    requiredClaims: ['exp', 'jti', 'iss', 'aud', 'sub']
  }
  try {
    return await verifyWithAnyKey(assertion, keysOf(client, parts), options)
  } catch (cause) {
    throw refused('client_assertion is not valid', cause)
  }
}

/** Where several keys of the client fit and the assertion names none, each is tried, as at the token endpoint. */
async function verifyWithAnyKey(
  assertion: string,
  keys: JWTVerifyGetKey,
  options: JWTVerifyOptions
): Promise<JWTPayload> {
  try {
    return (await jwtVerify(assertion, keys, options)).payload
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    for await (const key of error) {
      try {
        return (await jwtVerify(assertion, key, options)).payload
      } catch (wrongKey) {
        if (!(wrongKey instanceof errors.JWSSignatureVerificationFailed)) throw wrongKey
      }
    }
    throw new errors.JWSSignatureVerificationFailed(undefined, { cause: error })
  }
}

// A client is derived anew when its registration changes, so keys that it has taken back are forgotten with it.
const known = new WeakMap<Client, JWTVerifyGetKey>()

function keysOf(client: Client, parts: AuthenticationParts): JWTVerifyGetKey {
  const { jwks, jwksUri } = client.assertionKeys
  const found =
    known.get(client) ??
    (jwks
      ? createLocalJWKSet(jwks)
      : createRemoteJWKSet(new URL(jwksUri ?? ''), {
          // jose's type is that of the built-in one, which says the same in types of its own.
          [customFetch]: parts.fetch as unknown as FetchImplementation,
          timeoutDuration: 5000
        }))
  known.set(client, found)
  return found
}
