import { timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { OAuthError } from '../errors.ts'
import { hashSecret } from '../storage/secrets.ts'
import { clientByAssertion } from './assertion.ts'
import type { Client } from './client.ts'
import { type AuthenticationParts, type Credentials, refused } from './credentials.ts'

/**
 * Finds out which client calls one of our own endpoints (RFC 6749 §2.3, RFC 7523 §3): `none`, `client_secret_basic`,
 * `client_secret_post` and `private_key_jwt`, by the rules of the token endpoint. Only where nothing at all is given
 * does it answer 401 instead of 400, as RFC 7662 §2.3 wants.
 * @param ip where the call comes from: wrong secrets of a client from one address are limited
 * @param endpoint the path of the endpoint, which an assertion may name as its audience
 * @throws OAuthError `invalid_request` 400 or `invalid_client` 401, 429 after too many wrong secrets
 */
export async function authenticateClient(
  { headers, ip }: { headers: IncomingHttpHeaders; ip: string },
  form: Credentials,
  endpoint: string,
  parts: AuthenticationParts
): Promise<Client> {
  const given = [headers.authorization, form.client_secret, form.client_assertion].filter(Boolean)
  if (given.length > 1)
    throw new OAuthError('invalid_request', 'client authentication must only be provided using one mechanism')
  if (form.client_assertion) return clientByAssertion(form, endpoint, parts)
  const basic = headers.authorization ? readBasic(headers.authorization) : undefined
  // A parameter without a value counts as left out (RFC 6749 §3.1).
  const posted = form.client_id || undefined
  if (basic && posted !== undefined && posted !== basic.clientId)
    throw new OAuthError('invalid_request', 'client_id mismatch')
  const clientId = basic?.clientId ?? posted
  const secret = basic?.secret ?? (form.client_secret || undefined)
  if (!clientId) throw refused('no client authentication provided')
  const client = await parts.clients.find(clientId)
  if (!client) throw refused('client not found')
  if (secret === undefined) {
    if (client.authMethod !== 'none') throw refused('this client has to authenticate')
    return client
  }
  if (client.authMethod !== 'client_secret_basic' && client.authMethod !== 'client_secret_post')
    throw refused('the client is registered for another way to authenticate')
  const guesses = guessKey(client.clientId, ip)
  const retryAfterSeconds = await parts.wrongSecrets.look(guesses)
  if (retryAfterSeconds > 0)
    throw new OAuthError('invalid_client', tooManySecrets, 429, { retryAfterSeconds })
  if (!matches(secret, client.secretHash)) {
    await parts.wrongSecrets.take(guesses)
    throw refused('invalid secret')
  }
  return client
}

/** Under which wrong secrets are counted: a guesser elsewhere keeps no client from its work. */
export const guessKey = (clientId: string, ip: string | undefined): string => `${ip} ${clientId}`

/** What a client is told after too many of them. */
export const tooManySecrets = 'too many wrong secrets, wait a little'

function matches(secret: string, secretHash: string | undefined): boolean {
  if (secretHash === undefined) return false
  return timingSafeEqual(Buffer.from(hashSecret(secret)), Buffer.from(secretHash))
}

const malformed = (): OAuthError => new OAuthError('invalid_request', 'invalid Authorization header')

/** Base64, with or without its padding. */
const basicScheme = /^basic ((?:[A-Z0-9+/]{4})*(?:[A-Z0-9+/]{2}(?:==)?|[A-Z0-9+/]{3}=?)?)$/i

function readBasic(header: string): { clientId: string; secret: string } {
  const encoded = basicScheme.exec(header)?.[1]
  if (encoded === undefined) throw malformed()
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon <= 0) throw malformed()
  const clientId = decodeForm(text.slice(0, colon))
  const secret = decodeForm(text.slice(colon + 1))
  if (secret === '')
    throw new OAuthError('invalid_request', 'client_secret must be provided in the Authorization header')
  return { clientId, secret }
}

/** Both halves are form-encoded before they are joined (RFC 6749 §2.3.1), and visible ASCII (appendix A). */
function decodeForm(text: string): string {
  try {
    const decoded = decodeURIComponent(text.replaceAll('+', '%20'))
    if (/^[\x20-\x7e]*$/.test(decoded)) return decoded
  } catch {
    // Not an encoding at all: refused below.
  }
  throw new OAuthError(
    'invalid_request',
    'client_id and client_secret in the Authorization header are not properly encoded'
  )
}
