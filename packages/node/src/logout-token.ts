import { type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { AuthError } from './auth-error.ts'
import { isVerdict } from './jwt-verdict.ts'

/** What a Logout Token said, once it has been found good (Back-Channel Logout 1.0 §2.4). */
export interface LogoutToken {
  iss: string
  jti: string
  /** When it was issued and when it expires, in UTC seconds. */
  iat: number
  exp: number
  /** One of them is always there. Without `sid` all sessions of `sub` have ended. */
  sid: string | undefined
  sub: string | undefined
}

/** What a Logout Token is held against. */
export interface ExpectedLogoutToken {
  issuer: string
  clientId: string
  /** Algorithms that count. */
  algorithms: string[]
  /** UTC seconds. */
  now: number
}

/** How far the issuer's clock may be from ours, in seconds. */
export const skewSeconds = 30

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'

/**
 * Validates a Logout Token by the steps of Back-Channel Logout 1.0 §2.6, but for the `jti`: whether that was seen before, the
 * store knows. The type `logout+jwt` is demanded, so that no other token of the issuer is ever taken for one.
 * @throws AuthError `invalid_logout_token` that says which step failed
 * @throws jose's own `JWKSNoMatchingKey`, and what fetching the keys throws
 */
export async function validateLogoutToken(
  token: string,
  key: JWTVerifyGetKey,
  { issuer, clientId, algorithms, now }: ExpectedLogoutToken
): Promise<LogoutToken> {
  const claims = await verified(token, key, {
    issuer,
    audience: clientId,
    algorithms,
    typ: 'logout+jwt',
    clockTolerance: skewSeconds,
    currentDate: new Date(now * 1000),
    requiredClaims: ['iss', 'aud', 'iat', 'exp', 'jti', 'events']
  })
  const { iss, jti, iat, exp, sid, sub, events } = claims
  must(typeof jti === 'string' && jti !== '' && jti.length <= 512, 'jti is no text, or too long')
  must(typeof iat === 'number' && iat <= now + skewSeconds, 'iat is in the future')
  must(isObject(events) && isObject(events[logoutEvent]), `events has no ${logoutEvent}`)
  must(!('nonce' in claims), 'there is a nonce, so it is no Logout Token')
  for (const [name, value] of Object.entries({ sid, sub }))
    must(value === undefined || (typeof value === 'string' && value !== ''), `${name} is no text`)
  must(sid !== undefined || sub !== undefined, 'there is neither sid nor sub')
  return { iss, jti, iat, exp, sid, sub } as LogoutToken
}

async function verified(
  token: string,
  key: JWTVerifyGetKey,
  options: Parameters<typeof jwtVerify>[2]
): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, key, options)).payload
  } catch (error) {
    if (!isVerdict(error)) throw error
    throw new AuthError('invalid_logout_token', error.message, { cause: error })
  }
}

function must(isRight: boolean, otherwise: string): void {
  if (!isRight) throw new AuthError('invalid_logout_token', otherwise)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
