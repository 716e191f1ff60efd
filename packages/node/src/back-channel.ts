import { errors } from 'jose'
import { refusal } from './answers.ts'
import { AuthError } from './auth-error.ts'
import type { IssuerKeys } from './issuer.ts'
import { type LogoutToken, skewSeconds, validateLogoutToken } from './logout-token.ts'
import { now, type Parts } from './parts.ts'
import { mediaType, readText } from './request-body.ts'

/** Largest body, in bytes. A Logout Token has one or two thousand. */
const mostBytes = 32 * 1024

/**
 * Back-Channel Logout 1.0 §2.5 to §2.8. 200 only after the RP sessions are gone; 400 for a token that can never count; 5xx for what
 * may work the next time (the store, the issuer's keys), so that the issuer tries again.
 */
export async function backChannelLogout(parts: Parts, request: Request): Promise<Response> {
  const token = await readToken(request)
  if (token instanceof Response) return token
  let logout: LogoutToken
  try {
    logout = await validate(parts, token)
  } catch (error) {
    if (error instanceof AuthError && error.code === 'invalid_logout_token') return invalid(error.message)
    // Nothing for a log that strangers could fill: the issuer tries again, and then it is known or nobody's.
    if (error instanceof errors.JWKSNoMatchingKey)
      return refusal(503, 'temporarily_unavailable', 'the key is not known yet')
    parts.settings.onError(error)
    return refusal(503, 'temporarily_unavailable', 'the keys of the issuer cannot be had')
  }
  return end(parts, logout)
}

async function end({ settings: { store, onError } }: Parts, logout: LogoutToken): Promise<Response> {
  const { iss, jti, iat, exp, sid, sub } = logout
  try {
    if (!(await store.takeJti(iss, jti, exp + skewSeconds))) return invalid('jti has been used already')
    try {
      if (sid !== undefined) await store.endBySid(iss, sid, 'back_channel')
      else if (sub !== undefined) await store.endBySub(iss, sub, iat, 'back_channel')
    } catch (error) {
      await store.returnJti(iss, jti)
      throw error
    }
    return new Response(null, { status: 200, headers: { 'cache-control': 'no-store' } })
  } catch (error) {
    onError(error)
    return refusal(500, 'server_error', 'the session could not be ended')
  }
}

async function validate({ settings, issuer }: Parts, token: string): Promise<LogoutToken> {
  const keys = await issuer.keys()
  const at = now()
  try {
    return await validateLogoutToken(token, keys.find, {
      issuer: settings.issuer,
      clientId: settings.clientId,
      algorithms: keys.algorithms,
      now: at
    })
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey && isForeign(keys, token, at))
      throw new AuthError('invalid_logout_token', error.message)
    throw error
  }
}

/**
 * Whether an unknown key is nobody's: an issuer publishes a key before it signs with it, so one that was not there when the keys
 * were read after the token was signed will never be. Otherwise it may be new, and the keys were read a moment too early. No token
 * is signed after it came in, whatever it says.
 * @param at when the token came in, in UTC seconds
 */
function isForeign(keys: IssuerKeys, token: string, at: number): boolean {
  try {
    const { iat } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    return !(Math.min(iat, at) > keys.readAt())
  } catch {
    return true
  }
}

/** The one `logout_token` of a form, or the refusal. */
async function readToken(request: Request): Promise<string | Response> {
  if (mediaType(request) !== 'application/x-www-form-urlencoded')
    return invalid('send application/x-www-form-urlencoded')
  const text = await readText(request, mostBytes)
  if (text === undefined) return invalid(`the body is larger than ${mostBytes} bytes`)
  const [token, second] = new URLSearchParams(text).getAll('logout_token')
  if (!token || second !== undefined) return invalid('exactly one logout_token is needed')
  return token
}

const invalid = (why: string): Response => refusal(400, 'invalid_request', why)
