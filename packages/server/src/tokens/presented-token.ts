import type { Token } from '../storage/records.ts'
import { hashSecret } from '../storage/secrets.ts'
import type { TokenStore } from '../storage/storage.ts'

/** The kinds of tokens that a request to an API can carry. */
const accessKinds: readonly string[] = ['AccessToken', 'ClientCredentials']

/** The live access token, of a user or of a server, with this value. */
export async function findAccessToken(
  storage: TokenStore,
  value: string,
  now: number
): Promise<Token | undefined> {
  const token = await storage.findToken(hashSecret(value), now)
  return token && accessKinds.includes(token.kind) ? token : undefined
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
