import type { Token } from '../storage/records.ts'
import { hashSecret } from '../storage/secrets.ts'
import type { TokenStore } from '../storage/storage.ts'
import { audienceOf } from './introspection.ts'

/** The kinds of tokens that a request to an API can carry. */
const accessKinds: readonly string[] = ['AccessToken', 'ClientCredentials']

/**
 * Whether a token was asked for by the name of an API of somebody's. It is for that one alone: what such an API is shown opens
 * and ends nothing here (RFC 8707 §1, RFC 9068 §4).
 */
export const isForAnotherApi = (token: Token): boolean => audienceOf(token) !== undefined

/** The live access token, of a user or of a server, with this value, that is for this server's own APIs. */
export async function findAccessToken(
  storage: TokenStore,
  value: string,
  now: number
): Promise<Token | undefined> {
  const token = await storage.findToken(hashSecret(value), now)
  return token && accessKinds.includes(token.kind) && !isForAnotherApi(token) ? token : undefined
}

/** The live access or refresh token with this value. A refresh token that was rotated still names its grant. */
export async function findRevocable(
  storage: TokenStore,
  value: string,
  now: number
): Promise<Token | undefined> {
  const token = await storage.findToken(hashSecret(value), now)
  if (!token) return undefined
  return accessKinds.includes(token.kind) || token.kind === 'RefreshToken' ? token : undefined
}
