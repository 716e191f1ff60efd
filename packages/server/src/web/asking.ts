import type { FastifyRequest } from 'fastify'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/schema.ts'
import type { AskedBy } from '../logout/causes.ts'
import { findSession } from '../sessions/find-session.ts'
import { moveIdleLimit } from '../sessions/lifetime.ts'
import { sessionCookie } from '../sessions/session-cookie.ts'
import type { Session } from '../storage/records.ts'
import type { SessionStore } from '../storage/storage.ts'
import { readCookie } from './cookies.ts'
import { provenance } from './fetch-metadata.ts'

/** Who asks, for the audit trail. */
export const askedBy = (request: FastifyRequest): AskedBy => ({ ip: request.ip, requestId: request.id })

/** The token that a request carries as its bearer (RFC 6750 §2.1). */
export const bearerOf = ({ headers }: FastifyRequest): string | undefined =>
  /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]

/** The live session of this browser. */
export function sessionOf(
  { storage, clock }: { storage: SessionStore; clock: Clock },
  request: FastifyRequest
): Promise<Session | undefined> {
  return findSession(storage, readCookie(request.headers.cookie, sessionCookie), clock.now())
}

/** Counts the opening of a page of ours as activity in its session; a page fetched ahead of a click has not been opened. */
export async function countVisit(
  parts: { storage: SessionStore; clock: Clock; config: Config },
  request: FastifyRequest,
  session: Session
): Promise<void> {
  if (request.method === 'GET' && !provenance(request.headers).prefetch) await moveIdleLimit(parts, session)
}
