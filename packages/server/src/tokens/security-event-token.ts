import { SignJWT } from 'jose'
import type { SigningKeys } from './signing-keys.ts'

/** The event types of this transmitter (CAEP 1.0 §3.1, SSF 1.0 §8.1.4, §8.1.5). */
export const eventTypes = {
  sessionRevoked: 'https://schemas.openid.net/secevent/caep/event-type/session-revoked',
  verification: 'https://schemas.openid.net/secevent/ssf/event-type/verification',
  streamUpdated: 'https://schemas.openid.net/secevent/ssf/event-type/stream-updated'
} as const

/** Whom or what an event is about (RFC 9493, SSF 1.0 §3). */
export type SubjectId =
  | { format: 'opaque'; id: string }
  | { format: 'iss_sub'; iss: string; sub: string }
  | { format: 'complex'; session: SubjectId; user: SubjectId }

/** What one Security Event Token says. */
export interface SecurityEvent {
  issuer: string
  audience: string
  /** The same in every attempt. */
  jti: string
  /** When the event was noted, in UTC seconds. */
  issuedAt: number
  /** The same for all events of one cause. */
  txn: string
  subject: SubjectId
  type: (typeof eventTypes)[keyof typeof eventTypes]
  claims: Record<string, unknown>
}

/**
 * A Security Event Token (RFC 8417) as SSF 1.0 §4.1 profiles it: explicitly typed, exactly one event, its subject in
 * `sub_id`, neither `sub` nor `exp`, so that nothing takes it for another kind of token. Signed by RS256.
 */
export function securityEventToken(
  { issuer, audience, jti, issuedAt, txn, subject, type, claims }: SecurityEvent,
  { signers }: Pick<SigningKeys, 'signers'>
): Promise<string> {
  const signer = signers.get('RS256')
  if (!signer) throw new TypeError('no signing key for RS256')
  return new SignJWT({ txn, sub_id: subject, events: { [type]: claims } })
    .setProtectedHeader({ alg: 'RS256', kid: signer.kid, typ: 'secevent+jwt' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setJti(jti)
    .sign(signer.key)
}
