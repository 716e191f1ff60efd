import { type JWTPayload, jwtVerify } from 'jose'
import type { Fetch } from '../options.ts'
import { issuerKeys, judgesJwt } from './issuer-keys.ts'
import type { IssuerMetadata } from './issuer-metadata.ts'
import { scopesIn, type TokenSettings } from './options.ts'
import type { StatusList } from './status-list.ts'
import { statusLists } from './status-lists.ts'
import { type AccessToken, dead, unknown, type Verdict } from './verdict.ts'

/** What is known of a JWT here, and as of when, by the issuer's clock. */
export interface JwtVerdict {
  verdict: Verdict
  /** Of a live one: the instant that its status is of. */
  asOf: number
}

/**
 * Checks a JWT access token (RFC 9068 §4) by the issuer's keys, and then its place in the issuer's status list. Without a
 * place it is refused: nobody could end it.
 */
export function jwtCheck(
  settings: TokenSettings,
  options: NonNullable<TokenSettings['jwt']>,
  { fetch, metadata }: { fetch: Fetch; metadata: () => Promise<IssuerMetadata> }
): (value: string) => Promise<JwtVerdict> {
  const { issuer, now, onError } = settings
  const { algorithms, max_staleness_seconds: maxStalenessSeconds } = options
  const keys = issuerKeys(metadata, fetch)
  const lists = statusLists({ fetch, keys, algorithms, maxStalenessSeconds, now, onError })

  /** Apart from each other: a claim may be called as anything of a verdict is. */
  async function verified(value: string): Promise<{ payload: JWTPayload } | { refused: Verdict }> {
    try {
      const { payload } = await jwtVerify(value, await keys(), {
        typ: 'at+jwt',
        issuer,
        audience: settings.audience,
        algorithms,
        currentDate: new Date(now() * 1000),
        requiredClaims: ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti']
      })
      return { payload }
    } catch (error) {
      if (judgesJwt(error)) return { refused: dead(error.message) }
      onError(error)
      return { refused: unknown('the keys of the issuer cannot be had') }
    }
  }

  return async value => {
    const found = await verified(value)
    if ('refused' in found) return { verdict: found.refused, asOf: 0 }
    const { payload } = found
    const place = placeIn(payload, issuer)
    if (!place) return { verdict: dead('the token has no place in a status list of its issuer'), asOf: 0 }
    const list = await lists(place.uri)
    return { verdict: judged(payload, place.idx, list, now()), asOf: list?.asOf ?? 0 }
  }
}

function judged(payload: JWTPayload, idx: number, list: StatusList | undefined, now: number): Verdict {
  if (!list) return unknown('no status list that is new enough can be had')
  const status = list.at(idx)
  // A place beyond its end tells nothing good either.
  if (status !== 0) return dead('the token has been revoked, or its session has ended')
  // The list may have taken a while.
  return Number(payload.exp) > now ? { state: 'live', token: tokenOf(payload) } : dead('it has expired')
}

function placeIn({ status }: JWTPayload, issuer: string): { idx: number; uri: string } | undefined {
  const { idx, uri } = (status as { status_list?: { idx?: unknown; uri?: unknown } })?.status_list ?? {}
  if (!Number.isSafeInteger(idx) || (idx as number) < 0 || typeof uri !== 'string') return undefined
  // Only the issuer's own word counts, and it is kept at its own address.
  if (!URL.canParse(uri) || new URL(uri).origin !== new URL(issuer).origin) return undefined
  return { idx: idx as number, uri }
}

function tokenOf(payload: JWTPayload): AccessToken {
  const { sub, client_id, scope, sid, aud, jti, iat, exp } = payload
  return {
    sub: String(sub),
    client_id: String(client_id),
    scope: scopesIn(scope),
    sid: typeof sid === 'string' ? sid : undefined,
    aud: [aud ?? []].flat(),
    jti,
    iat,
    exp: Number(exp),
    claims: payload
  }
}
