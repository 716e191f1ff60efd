import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { HeardEnd } from './heard.ts'

/** A Security Event Token that has been found good (RFC 8417). */
export interface EventToken {
  issuedAt: number
  /** Whom or what it is about (RFC 9493). */
  subject: unknown
  /** Its events by their types. */
  events: Record<string, unknown>
}

/** What is said about a stream itself, which ends nothing. */
const ofStream = /^https:\/\/schemas\.openid\.net\/secevent\/ssf\/event-type\//

const algorithms = ['RS256', 'ES256', 'PS256']

/**
 * Validates an event as SSF 1.0 §4.1 profiles it. The type is demanded, so that no other token of the issuer is taken for one.
 * @throws errors.JOSEError for what will never count, and what fetching the keys throws
 */
export async function readEventToken(
  jwt: string,
  key: JWTVerifyGetKey,
  { issuer, audience, now }: { issuer: string; audience: string; now: number }
): Promise<EventToken> {
  const { payload } = await jwtVerify(jwt, key, {
    ...{ issuer, audience, algorithms, typ: 'secevent+jwt' },
    currentDate: new Date(now * 1000),
    requiredClaims: ['iss', 'aud', 'iat', 'jti', 'events']
  })
  const { events, iat } = payload
  if (!isObject(events) || typeof iat !== 'number') throw new errors.JWTInvalid('events is no object')
  return { issuedAt: iat, subject: payload.sub_id ?? subjectInside(events), events }
}

/**
 * What a receiver of events has to take for ended. About a subject that is not understood, or by an event that is not
 * known, anything may have ended: it is better to ask once more.
 */
export function endsIn({ issuedAt, subject, events }: EventToken, issuer: string): HeardEnd[] {
  return Object.entries(events)
    .filter(([type]) => !ofStream.test(type))
    .map(([, event]) => ({ ...subjectOf(subject, issuer), at: instantOf(event) ?? issuedAt }))
}

function subjectOf(subject: unknown, issuer: string): Omit<HeardEnd, 'at'> {
  if (!isObject(subject)) return {}
  const { format, iss, sub, id, session, user } = subject
  if (format === 'iss_sub') return iss === issuer && typeof sub === 'string' ? { sub } : {}
  if (format === 'opaque' && typeof id === 'string') return { sub: id, sid: id }
  if (format !== 'complex') return {}
  const { sub: ofUser } = subjectOf(user, issuer)
  const { sid } = subjectOf(session, issuer)
  return { ...(ofUser === undefined ? {} : { sub: ofUser }), ...(sid === undefined ? {} : { sid }) }
}

/** When it happened; some write milliseconds. */
function instantOf(event: unknown): number | undefined {
  const { event_timestamp: at } = isObject(event) ? event : {}
  if (typeof at !== 'number') return undefined
  return at > 100_000_000_000 ? at / 1000 : at
}

function subjectInside(events: Record<string, unknown>): unknown {
  return Object.values(events).find(isObject)?.subject
}

const isObject = (value: unknown): value is JWTPayload =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
