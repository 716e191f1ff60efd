import { randomUUID } from 'node:crypto'
import { compactJws } from './compact-jws.ts'
import type { SigningKeys } from './signing-keys.ts'

/** How long a Logout Token is good for, in seconds (Back-Channel Logout 1.0 §4: at most two minutes). */
const goodForSeconds = 120

/** The one event of a Logout Token (Back-Channel Logout 1.0 §2.4). */
const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'

/** Whom a Logout Token is for, and which session it says has ended; without `sid` all of the user's there. */
interface LogoutTokenClaims {
  issuer: string
  clientId: string
  sub: string | null
  sid: string | null
}

/**
 * A fresh Logout Token (Back-Channel Logout 1.0 §2.4): explicitly typed, never with a nonce, signed as the client's ID
 * Tokens are.
 * @param alg the client's `id_token_signed_response_alg`
 */
export function logoutToken(
  { issuer, clientId, sub, sid }: LogoutTokenClaims,
  alg: string,
  { signers }: Pick<SigningKeys, 'signers'>,
  now: number
): Promise<string> {
  const signer = signers.get(alg)
  if (!signer) throw new TypeError(`no signing key for ${alg}`)
  const claims = {
    iss: issuer,
    aud: clientId,
    iat: now,
    exp: now + goodForSeconds,
    jti: randomUUID(),
    events: { [logoutEvent]: {} },
    ...(sub === null ? {} : { sub }),
    ...(sid === null ? {} : { sid })
  }
  return compactJws({ alg, typ: 'logout+jwt' }, claims, signer)
}
