import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import type { StatusPlace } from '../storage/records.ts'
import type { SigningKeys } from './signing-keys.ts'
import { statusListUri } from './status-list-uri.ts'

/** The algorithm of JWT access tokens and status lists: the one that every API has to know (RFC 9068 §2.1). */
export const accessTokenAlgorithm = 'RS256'

/** What a JWT access token says. Instants are UTC seconds. */
export interface AccessTokenFacts {
  issuer: string
  /** The user; a token of no user is the client's own. */
  sub: string | undefined
  clientId: string
  /** The API that it is for; without one this server's. */
  audience: string | undefined
  scope: string | undefined
  sid: string | undefined
  /** When the person proved who they are. */
  authTime: number | undefined
  issuedAt: number
  expiresAt: number
  place: StatusPlace
}

/**
 * A signed access token (RFC 9068 §2) with its place in a status list (Token Status List, "Referenced Token in JOSE").
 * Every one is another one: its `jti` is random.
 */
export async function jwtAccessToken(
  facts: AccessTokenFacts,
  { signers }: Pick<SigningKeys, 'signers'>
): Promise<{ jwt: string; jti: string }> {
  const signer = signers.get(accessTokenAlgorithm)
  if (!signer) throw new TypeError(`no signing key for ${accessTokenAlgorithm}`)
  const { issuer, sub, clientId, audience, scope, sid, authTime, place } = facts
  const jti = randomUUID()
  const claims = {
    client_id: clientId,
    ...(scope ? { scope } : {}),
    ...(sid === undefined ? {} : { sid }),
    ...(authTime === undefined ? {} : { auth_time: authTime }),
    status: { status_list: { idx: place.index, uri: statusListUri(issuer, place.list) } }
  }
  const jwt = await new SignJWT(claims)
    .setProtectedHeader({ alg: accessTokenAlgorithm, kid: signer.kid, typ: 'at+jwt' })
    .setIssuer(issuer)
    .setSubject(sub ?? clientId)
    .setAudience(audience ?? issuer)
    .setIssuedAt(facts.issuedAt)
    .setExpirationTime(facts.expiresAt)
    .setJti(jti)
    .sign(signer.key)
  return { jwt, jti }
}
