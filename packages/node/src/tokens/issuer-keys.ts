import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose'
import { isVerdict } from '../jwt-verdict.ts'
import type { Fetch } from '../options.ts'
import { type IssuerMetadata, timeoutMs } from './issuer-metadata.ts'

/** The keys that the issuer publishes: read when they are first needed, and anew for an unknown `kid`, at most every ten seconds. */
export function issuerKeys(
  metadata: () => Promise<IssuerMetadata>,
  fetch: Fetch
): () => Promise<JWTVerifyGetKey> {
  let found: JWTVerifyGetKey | undefined
  return async () => {
    const { jwks_uri } = await metadata()
    found ??= createRemoteJWKSet(new URL(jwks_uri), {
      timeoutDuration: timeoutMs,
      cooldownDuration: 10_000,
      [customFetch]: fetch as never
    })
    return found
  }
}

/** Whether an error of jose speaks of the JWT: also of a `kid` that the issuer, asked anew, does not publish. */
export const judgesJwt = (error: unknown): error is errors.JOSEError =>
  isVerdict(error) || error instanceof errors.JWKSNoMatchingKey
