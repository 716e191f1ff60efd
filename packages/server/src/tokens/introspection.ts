import type { Token } from '../storage/records.ts'

/** What introspection says of a token (RFC 7662 §2.2), `sid` added. */
export type Introspection = { active: false } | ActiveToken

/** An active token. */
export interface ActiveToken {
  active: true
  token_type: string
  client_id: string
  scope?: string
  sub: string
  username?: string
  aud: string[]
  iss: string
  iat: number
  nbf: number
  exp: number
  jti: string
  sid?: string
}

/** The one answer for every token that is not active, or not the caller's business (RFC 7662 §2.2). */
export const inactive = { active: false } as const

/**
 * Describes a live token to a caller who may see it.
 * @param username the user's address, where the token was granted it
 */
export function describeToken(token: Token, issuer: string, username: string | undefined): Introspection {
  if (token.clientId === null || (token.kind === 'RefreshToken' && token.consumedAt !== null)) return inactive
  return {
    active: true,
    token_type: token.kind === 'RefreshToken' ? 'refresh_token' : 'Bearer',
    client_id: token.clientId,
    scope: token.scope ?? undefined,
    sub: token.sub ?? token.clientId,
    username,
    // Always a list: SPiD's clients read one.
    aud: audienceOf(token) ?? [isJwt(token) ? issuer : token.clientId],
    iss: issuer,
    iat: token.createdAt,
    nbf: token.createdAt,
    exp: token.expiresAt,
    // The value itself must not appear, so the identifier of one that has none is made from what we keep.
    jti: isJwt(token) ? token.payload.jwt_id : token.hash.slice(0, 22),
    sid: token.sid ?? undefined
  }
}

type JwtToken = Token & { payload: { jwt_id: string } }

/** Whether its holder has it as a JWT. */
const isJwt = (token: Token): token is JwtToken => typeof token.payload.jwt_id === 'string'

/** The resource servers that a token was issued for; `undefined` when it was issued for none in particular. */
export function audienceOf(token: Token): string[] | undefined {
  const { aud } = token.payload
  if (typeof aud === 'string') return [aud]
  return Array.isArray(aud) ? aud.map(String) : undefined
}
