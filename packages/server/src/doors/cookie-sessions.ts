import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Client } from '../clients/client.ts'
import { isConnected } from '../sessions/find-session.ts'
import { sessionCookie } from '../sessions/session-cookie.ts'
import type { Session } from '../storage/records.ts'
import { expireCookie, hasCookie } from '../web/cookies.ts'
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
