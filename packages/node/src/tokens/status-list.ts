import { promisify } from 'node:util'
import { inflate } from 'node:zlib'
import { type JWTVerifyGetKey, jwtVerify } from 'jose'

const decompress = promisify(inflate)

/** Largest list, decompressed, in bytes: more than sixteen million places of one bit. */
const mostBytes = 2 * 1024 * 1024

/** How far the issuer's clock may be ahead of ours, in seconds. */
const skewSeconds = 30

/** A status list that has been found good. */
export interface StatusList {
  /** What it says was so at this instant or later, by the issuer's clock; UTC seconds. */
  asOf: number
  /** How long the issuer wants it to be gone by, in seconds. */
  ttlSeconds: number
  /** Nobody may go by it from then on. */
  expiresAt: number
  /** The status in a place: 0 is good, everything else is not. `undefined` for a place that the list does not have. */
  at(place: number): number | undefined
}

/**
 * Validates a status list by the rules of "Token Status List": type, signature, whose it is, when it is from.
 * @param uri its address, which its `sub` must be
 * @throws Error what is wrong with it, and what jose throws
 */
export async function readStatusList(
  jwt: string,
  key: JWTVerifyGetKey,
  { uri, algorithms, now }: { uri: string; algorithms: string[]; now: number }
): Promise<StatusList> {
  const { payload } = await jwtVerify(jwt, key, {
    typ: 'statuslist+jwt',
    subject: uri,
    algorithms,
    currentDate: new Date(now * 1000),
    requiredClaims: ['sub', 'iat', 'status_list']
  })
  const { iat = 0, exp = Number.POSITIVE_INFINITY, ttl } = payload
  if (iat > now + skewSeconds) throw new Error('the status list is from the future')
  const { bits, lst } = payload.status_list as { bits?: unknown; lst?: unknown }
  if (bits !== 1 && bits !== 2 && bits !== 4 && bits !== 8) throw new Error('bits is none of 1, 2, 4 and 8')
  if (typeof lst !== 'string') throw new Error('the status list has no lst')
  const bytes = await decompress(Buffer.from(lst, 'base64url'), { maxOutputLength: mostBytes })
  return {
    asOf: iat,
    ttlSeconds: typeof ttl === 'number' && ttl > 0 ? ttl : Number.POSITIVE_INFINITY,
    expiresAt: exp,
    at(place) {
      const byte = bytes[Math.floor((place * bits) / 8)]
      return byte === undefined ? undefined : (byte >> ((place * bits) % 8)) & (2 ** bits - 1)
    }
  }
}
