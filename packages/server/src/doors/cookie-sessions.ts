import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Client } from '../clients/client.ts'
import { isConnected } from '../sessions/find-session.ts'
import { sessionCookie } from '../sessions/session-cookie.ts'
import type { Session } from '../storage/records.ts'
import { hashSecret } from '../storage/secrets.ts'
import { expireCookie, hasCookie, readCookie } from '../web/cookies.ts'
import { markSignedOut } from '../web/sdk-cookie.ts'
import { renewState } from '../web/state-cookie.ts'
import type { DoorParts } from './door.ts'
import { sessionKeys } from './sdk-caller.ts'

/** The sessions that this browser's cookies name: one, alive or ended, unless somebody meddled with them. */
export async function namedSessions(
  request: FastifyRequest,
  { storage, clock }: DoorParts
): Promise<Session[]> {
  const now = clock.now()
  const found = await Promise.all(
    sessionKeys(request).map(key =>
      'handleHash' in key
        ? storage.findSessionByHandle(key.handleHash, now)
        : storage.findSessionByCookie(key.cookieHash, now)
    )
  )
  return found.flatMap(session => session ?? [])
}

/** Those of some sessions that a client is connected to. */
export async function connectedOf(
  sessions: Session[],
  client: Client,
  { storage }: DoorParts
): Promise<Session[]> {
  const connected = await Promise.all(sessions.map(session => isConnected(storage, client, session)))
  return sessions.filter((_session, i) => connected[i])
}

/** How long a browser may still hold a cookie because the answer that drops it got lost, in seconds. A copied one opens nothing later. */
const unheardSeconds = 30

/**
 * The session that this browser's cookie names, and that a logout by redirect has ended a moment ago. Of other ends the
 * browser reads no receipt: it may be one of many people.
 */
export async function leftBefore(
  request: FastifyRequest,
  { storage, clock }: Pick<DoorParts, 'storage' | 'clock'>
): Promise<Session | undefined> {
  const cookie = readCookie(request.headers.cookie, sessionCookie)
  if (cookie === undefined) return undefined
  const now = clock.now()
  const session = await storage.findSessionRowByCookie(hashSecret(cookie), now)
  if (!session?.endedBy || now - (session.endedAt ?? 0) > unheardSeconds) return undefined
  const { cause } = (await storage.findReceipt(session.endedBy)) ?? {}
  return cause === 'redirect' || cause === 'rp_initiated' ? session : undefined
}

/** Tells a browser, in the answer to a page's logout, that its session is over; and by which receipt, if there is one. */
export function forgetSession(
  request: FastifyRequest,
  reply: FastifyReply,
  receipt: string | null,
  parts: DoorParts
): void {
  markSignedOut(request, reply, parts.config)
  renewState(request, reply, parts)
  reply.header('set-login', 'logged-out')
  // A cookie came, so this browser lets pages of that site set ours.
  if (hasCookie(request.headers.cookie, sessionCookie)) {
    expireCookie(reply, sessionCookie)
    if (receipt !== null) parts.receiptCookie.set(reply, receipt)
  }
  if (receipt !== null) reply.header('utgang-receipt', receipt)
}
