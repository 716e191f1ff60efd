import type { Tokens } from './types.ts'

/** How far this browser's clock may be off, in seconds. */
const clockToleranceSeconds = 300

/** What an ID Token has to be made for. */
interface Expected {
  /** Origin of the server, which is its issuer. */
  server: string
  clientId: string
  nonce: string
}

/**
 * Whether an ID Token is the right one (OIDC Core §3.1.3.7), but for its signature: it came from the server itself, over
 * TLS (point 6 there).
 */
export function isRight(idToken: string | undefined, { server, clientId, nonce }: Expected): boolean {
  const { iss, aud, azp = clientId, exp, ...claims } = claimsOf(idToken)
  return (
    iss === server &&
    [aud].flat().includes(clientId) &&
    azp === clientId &&
    claims.nonce === nonce &&
    Number(exp) + clockToleranceSeconds > Date.now() / 1000
  )
}

/** Whose tokens these are; undefined when there are none, or none that can be read. */
export const subOf = (tokens: Pick<Tokens, 'id_token'> | undefined): unknown => claimsOf(tokens?.id_token).sub

/** The claims of a JWT, unchecked; none of what is no JWT. */
function claimsOf(jwt: string | undefined): Record<string, unknown> {
  try {
    const bytes = atob((jwt ?? '').split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/') ?? '')
    return Object(JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, it => it.charCodeAt(0)))))
  } catch {
    return {}
  }
}
