import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import { SignJWT } from 'jose'
import { accessTokenAlgorithm } from './jwt-access-token.ts'
import type { SigningKeys } from './signing-keys.ts'

const compress = promisify(deflate)

/** What a status list says, and of when. */
export interface StatusListFacts {
  uri: string
  /** One bit for each place, the first in the lowest bit of the first byte; 1 for a token that is dead. */
  bits: Uint8Array
  /** It says nothing that was not so at this instant or later. */
  asOf: number
  /** How long it may be gone by, in seconds. */
  ttlSeconds: number
  /** Nobody may go by it from then on, however hard a new one is to get. */
  expiresAt: number
}

/** The bits of a list. */
export function statusBits(places: number, dead: Iterable<number>): Uint8Array {
  const bits = new Uint8Array(places / 8)
  for (const place of dead) bits[place >> 3] = (bits[place >> 3] ?? 0) | (1 << (place & 7))
  return bits
}

/** A signed status list (Token Status List, "Status List Token in JWT Format"). */
export async function statusListToken(
  { uri, bits, asOf, ttlSeconds, expiresAt }: StatusListFacts,
  { signers }: Pick<SigningKeys, 'signers'>
): Promise<string> {
  const signer = signers.get(accessTokenAlgorithm)
  if (!signer) throw new TypeError(`no signing key for ${accessTokenAlgorithm}`)
  const lst = (await compress(bits, { level: 9 })).toString('base64url')
  return new SignJWT({ status_list: { bits: 1, lst }, ttl: ttlSeconds })
    .setProtectedHeader({ alg: accessTokenAlgorithm, kid: signer.kid, typ: 'statuslist+jwt' })
    .setSubject(uri)
    .setIssuedAt(asOf)
    .setExpirationTime(expiresAt)
    .sign(signer.key)
}
