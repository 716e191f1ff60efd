import { compactVerify, decodeProtectedHeader } from 'jose'
import type { SigningKeys } from './signing-keys.ts'

/** What a valid `id_token_hint` says. Expired ones are valid hints (RP-Initiated Logout 1.0 §2). */
export interface IdTokenHint {
  /** The client that it was issued to: `azp`, else the only `aud`. */
  clientId: string
  sub: string
  sid: string | undefined
}

/**
 * Checks that we issued this ID Token: signature by one of our keys, current or retired, under that key's own
 * algorithm, and our `iss` (RP-Initiated Logout 1.0 §2).
 * @returns `undefined` for everything that is not such a token
 */
export async function readHint(
  value: string,
  keys: SigningKeys,
  issuer: string
): Promise<IdTokenHint | undefined> {
  try {
    const { kid, typ } = decodeProtectedHeader(value)
    const verifier = kid === undefined ? undefined : keys.verifiers.get(kid)
    if (!verifier || !isIdTokenType(typ)) return undefined
    const { payload } = await compactVerify(value, verifier.key, { algorithms: [verifier.alg] })
    return fromClaims(JSON.parse(new TextDecoder().decode(payload)), issuer)
  } catch {
    return undefined
  }
}

/** Whether a JWT's `typ` may be that of an ID Token: a Logout Token or a JWT access token of ours has a type of its own. */
export const isIdTokenType = (typ: unknown): boolean => typ === undefined || typ === 'JWT'

function fromClaims(claims: Record<string, unknown>, issuer: string): IdTokenHint | undefined {
  const { iss, sub, aud, azp, sid, events } = claims
  // Whatever its type says, a token with events tells of something that happened; no ID Token has any.
  if (events !== undefined) return undefined
  const clientId = azp ?? (Array.isArray(aud) ? (aud.length === 1 ? aud[0] : undefined) : aud)
  if (iss !== issuer || typeof sub !== 'string' || typeof clientId !== 'string') return undefined
  return { clientId, sub, sid: typeof sid === 'string' ? sid : undefined }
}
