import { timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify
} from 'jose'
import { OAuthError } from '../errors.ts'
import { hashSecret } from '../storage/secrets.ts'
import type { Storage } from '../storage/storage.ts'
import type { Client, Clients } from './client.ts'

/** What authenticating a client needs. */
export interface AuthenticationParts {
  issuer: string
  storage: Storage
  clients: Clients
  now(): number
  fetch: unknown
}

/** The parameters of a form that can authenticate a client. */
export interface Credentials {
  client_id?: string
  client_secret?: string
  client_assertion?: string
  client_assertion_type?: string
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** How far a client's clock may be off, in seconds; the same as at the token endpoint. */
const toleranceSeconds = 10
const assertionAlgorithms = ['RS256', 'ES256', 'PS256', 'EdDSA', 'Ed25519']

/**
 * Finds out which client calls one of our own endpoints (RFC 6749 §2.3, RFC 7523 §3): `none`, `client_secret_basic`,
 * `client_secret_post` and `private_key_jwt`, by the rules of the token endpoint. Only where nothing at all is given
 * does it answer 401 instead of 400, as RFC 7662 §2.3 wants.
 * @param endpoint the path of the endpoint, which an assertion may name as its audience
 * @throws OAuthError `invalid_request` 400 or `invalid_client` 401
 */
export async function authenticateClient(
  headers: IncomingHttpHeaders,
  form: Credentials,
  endpoint: string,
  parts: AuthenticationParts
): Promise<Client> {
  const given = [headers.authorization, form.client_secret, form.client_assertion].filter(Boolean)
  if (given.length > 1)
    throw new OAuthError('invalid_request', 'client authentication must only be provided using one mechanism')
  if (form.client_assertion) return byAssertion(form, endpoint, parts)
  const { clientId, secret } = headers.authorization
    ? readBasic(headers.authorization)
    : { clientId: form.client_id, secret: form.client_secret }
  if (form.client_id !== undefined && clientId !== form.client_id)
    throw new OAuthError('invalid_request', 'client_id mismatch')
  if (!clientId) throw refused('no client authentication provided')
  const client = await parts.clients.find(clientId)
  if (!client) throw refused('client not found')
  if (secret === undefined) {
    if (client.authMethod !== 'none') throw refused('this client has to authenticate')
    return client
  }
  if (client.authMethod !== 'client_secret_basic' && client.authMethod !== 'client_secret_post')
    throw refused('the client is registered for another way to authenticate')
  if (!matches(secret, client.secretHash)) throw refused('invalid secret')
  return client
}

function refused(description: string, cause?: unknown): OAuthError {
  return new OAuthError('invalid_client', description, 401, { cause })
}

function matches(secret: string, secretHash: string | undefined): boolean {
  if (secretHash === undefined) return false
  return timingSafeEqual(Buffer.from(hashSecret(secret)), Buffer.from(secretHash))
}

function readBasic(header: string): { clientId: string; secret: string } {
  const match = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header)
  const text = match?.[1] === undefined ? '' : Buffer.from(match[1], 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon <= 0) throw new OAuthError('invalid_request', 'invalid Authorization header')
  try {
    const secret = decodeForm(text.slice(colon + 1))
    if (secret === '')
      throw new OAuthError('invalid_request', 'client_secret must be provided in the Authorization header')
    return { clientId: decodeForm(text.slice(0, colon)), secret }
  } catch (error) {
    if (error instanceof OAuthError) throw error
    throw new OAuthError(
      'invalid_request',
      'client_id and client_secret in the Authorization header are not properly encoded'
    )
  }
}

/** Both halves are form-encoded before they are joined (RFC 6749 §2.3.1). */
function decodeForm(text: string): string {
  return decodeURIComponent(text.replaceAll('+', '%20'))
}

async function byAssertion(form: Credentials, endpoint: string, parts: AuthenticationParts): Promise<Client> {
  const assertion = form.client_assertion ?? ''
  if (form.client_assertion_type !== assertionType)
    throw new OAuthError('invalid_request', `client_assertion_type must have value ${assertionType}`)
  const { sub } = decode(assertion)
  if (!sub) throw refused('sub must be provided in the client_assertion')
  if (form.client_id !== undefined && form.client_id !== sub)
    throw new OAuthError('invalid_request', 'client_id mismatch')
  const client = await parts.clients.find(sub)
  if (!client) throw refused('client not found')
  if (client.authMethod !== 'private_key_jwt')
    throw refused('the client is registered for another way to authenticate')
  const claims = await verify(assertion, client, endpoint, parts)
  const { jti, exp = 0 } = claims
  if (!jti) throw refused('jti must be provided in the client_assertion')
  // The same key as at the token endpoint, so that one assertion is taken once, wherever it is used.
  const id = hashSecret(`${client.clientId}${jti}`)
  if (!(await parts.storage.claimOnce('replay', hashSecret(id), exp + toleranceSeconds)))
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
  const row = await parts.storage.findClient(client.clientId)
  const {
    jwks,
    jwks_uri,
    token_endpoint_auth_signing_alg: alg
  } = (row?.metadata ?? {}) as {
    jwks?: JSONWebKeySet
    jwks_uri?: string
    token_endpoint_auth_signing_alg?: string
  }
  const keys = jwks ? createLocalJWKSet(jwks) : remoteKeys(jwks_uri ?? '', parts)
  try {
    const { payload } = await jwtVerify(assertion, keys, {
      algorithms: alg ? [alg] : assertionAlgorithms,
      issuer: client.clientId,
      audience: [parts.issuer, `${parts.issuer}/oauth/token`, `${parts.issuer}${endpoint}`],
      clockTolerance: toleranceSeconds,
      currentDate: new Date(parts.now() * 1000),
      requiredClaims: ['exp', 'jti', 'iss', 'aud', 'sub']
    })
    return payload
  } catch (cause) {
    throw refused('client_assertion is not valid', cause)
  }
}

const remotes = new Map<string, ReturnType<typeof createRemoteJWKSet>>()

function remoteKeys(address: string, parts: AuthenticationParts): ReturnType<typeof createRemoteJWKSet> {
  const options = { [customFetch]: parts.fetch as never, timeoutDuration: 5000 }
  const keys = remotes.get(address) ?? createRemoteJWKSet(new URL(address), options)
  remotes.set(address, keys)
  return keys
}
