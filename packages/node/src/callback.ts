import * as openid from 'openid-client'
import { page, redirect, withCookies } from './answers.ts'
import { AuthError } from './auth-error.ts'
import { linksTo, resourceOf } from './login.ts'
import { now, type Parts } from './parts.ts'
import type { PendingSignIn } from './pending-sign-ins.ts'
import type { RpSession } from './sessions/store.ts'

/** Takes in what the issuer answered to a sign-in, once, and opens the RP session. */
export async function callback(parts: Parts, request: Request): Promise<Response> {
  const { settings, pending, sessions } = parts
  const { pathname, search, searchParams } = new URL(request.url)
  const state = searchParams.get('state') ?? ''
  const attempt = await pending.find(request, state)
  if (!attempt) {
    // The back button, mostly.
    if (await sessions.live(request)) return redirect(settings.origin + settings.afterLogin)
    return failed(parts, settings.afterLogin, 'unknown_sign_in')
  }
  const used = [pending.dropLine(state)]
  const answer = await outcome(parts, request, attempt, new URL(settings.origin + pathname + search))
  return withCookies(answer, used)
}

async function outcome(
  parts: Parts,
  request: Request,
  attempt: PendingSignIn,
  address: URL
): Promise<Response> {
  const { settings, sessions } = parts
  const { returnTo, isSilent } = attempt
  let session: RpSession
  try {
    session = await redeem(parts, attempt, address)
  } catch (error) {
    const code = refusalOf(error)
    // The silent question was answered with no: whoever asked goes on as before.
    if (isSilent && code.endsWith('_required')) return redirect(settings.origin + returnTo)
    if (!reasons.has(code)) settings.onError(error)
    return failed(parts, returnTo, code)
  }
  const cookie = await sessions.open(request, session)
  // The logout came in before its sign-in was finished, and it wins.
  if (cookie === undefined) return failed(parts, returnTo, 'invalid_grant')
  return redirect(settings.origin + returnTo, [cookie])
}

/**
 * Exchanges the code. `openid-client` checks `state` and `iss` of the answer, then signature, `iss`, `aud`, `exp` and `nonce` of
 * the ID Token, and that the claims of userinfo are of the same person.
 */
async function redeem({ settings, issuer }: Parts, attempt: PendingSignIn, address: URL): Promise<RpSession> {
  const server = await issuer.openid()
  const checks = {
    expectedState: attempt.state,
    expectedNonce: attempt.nonce,
    pkceCodeVerifier: attempt.verifier,
    idTokenExpected: true
  }
  const tokens = await openid.authorizationCodeGrant(server, address, checks, resourceOf(settings))
  const claims = tokens.claims()
  if (!claims || tokens.id_token === undefined || typeof claims.sid !== 'string')
    throw new AuthError('issuer_refused', 'the ID Token has no sid, by which a logout could be recognised')
  // A token for an API opens no userinfo. What there is to know of the person stands in the ID Token then.
  const more =
    server.serverMetadata().userinfo_endpoint && settings.resource === undefined
      ? await openid.fetchUserInfo(server, tokens.access_token, claims.sub)
      : {}
  const at = now()
  return {
    iss: claims.iss,
    sub: claims.sub,
    sid: claims.sid,
    claims: { ...more, ...claims },
    idToken: tokens.id_token,
    accessToken: tokens.access_token,
    accessTokenExpiresAt: at + (tokens.expiresIn() ?? 300),
    ...(tokens.refresh_token === undefined ? {} : { refreshToken: tokens.refresh_token }),
    createdAt: at,
    expiresAt: at + settings.sessionSeconds
  }
}

/** What a sign-in failed with: the issuer's code, or a word of ours. */
function refusalOf(error: unknown): string {
  if (error instanceof openid.AuthorizationResponseError) return error.error
  if (error instanceof openid.ResponseBodyError && error.error === 'invalid_grant') return error.error
  // Userinfo: the session was ended while the code was being exchanged.
  if (error instanceof openid.WWWAuthenticateChallengeError && error.status === 401) return 'invalid_grant'
  return 'sign_in_failed'
}

/** By code. A map, since the code may be any text. */
const reasons = new Map([
  ['access_denied', 'You chose not to sign in.'],
  ['invalid_grant', 'You were signed out before this sign-in was finished.'],
  ['unknown_sign_in', 'This sign-in is too old, was used already, or began in another browser.']
])

function failed(parts: Parts, returnTo: string, code: string): Response {
  return page(400, {
    title: 'You are not signed in',
    text: reasons.get(code) ?? 'The sign-in server did not answer as it should.',
    code,
    links: linksTo(parts, returnTo)
  })
}
