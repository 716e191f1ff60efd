import { initiatorOf } from '../logout/initiators.ts'
import type { OwedEvent, StreamEvent } from '../storage/stream-store.ts'
import { eventTypes, type SecurityEvent, type SubjectId, securityEventToken } from './security-event-token.ts'
import type { SigningKeys } from './signing-keys.ts'

/** The token that tells one event of a stream. The same one each time, but for the key that signs. */
export function eventToken(
  event: OwedEvent,
  issuer: string,
  keys: Pick<SigningKeys, 'signers'>
): Promise<string> {
  const about = event.event === null ? sessionRevoked(event, issuer) : streamEvent(event)
  const { id, clientId, createdAt, logoutId } = event
  return securityEventToken(
    { issuer, audience: clientId, jti: id, issuedAt: createdAt, txn: logoutId, ...about },
    keys
  )
}

type About = Pick<SecurityEvent, 'type' | 'subject' | 'claims'>

/** CAEP 1.0 §3.1: one session, by the receiver's own `sid`, or all of a user's. */
function sessionRevoked({ sub, sid, createdAt, cause }: OwedEvent, issuer: string): About {
  const user: SubjectId = { format: 'iss_sub', iss: issuer, sub: sub ?? '' }
  const { entity, reason } = initiatorOf(cause)
  return {
    type: eventTypes.sessionRevoked,
    subject: sid === null ? user : { format: 'complex', session: { format: 'opaque', id: sid }, user },
    claims: { event_timestamp: createdAt, initiating_entity: entity, reason_admin: { en: reason } }
  }
}

/** SSF 1.0 §8.1.4, §8.1.5: about the stream itself. */
function streamEvent({ event, streamId }: OwedEvent): About {
  const { type, ...claims } = event as unknown as StreamEvent
  const known = { verification: eventTypes.verification, 'stream-updated': eventTypes.streamUpdated }
  return { type: known[type], subject: { format: 'opaque', id: streamId ?? '' }, claims }
}
