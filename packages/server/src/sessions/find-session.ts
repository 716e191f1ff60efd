import type { Client } from '../clients/client.ts'
import type { Session } from '../storage/records.ts'
import { hashSecret } from '../storage/secrets.ts'
import type { PeopleStore, SessionStore } from '../storage/storage.ts'

/** The live session that a cookie value names. */
export async function findSession(
  storage: SessionStore,
  cookie: string | undefined,
  now: number
): Promise<Session | undefined> {
  return cookie === undefined ? undefined : storage.findSessionByCookie(hashSecret(cookie), now)
}

/**
 * Whether a client is connected to a session: it is an RP of it, or the user's consent for it is on record, or it
 * comes from the config and needs no consent.
 */
export async function isConnected(
  storage: SessionStore & PeopleStore,
  client: Client,
  session: Pick<Session, 'uid' | 'sub'>
): Promise<boolean> {
  if (client.source === 'config' && client.consent === 'skip') return true
  if (await storage.isJoined(session.uid, client.clientId)) return true
  return (await storage.findConsent(session.sub, client.clientId)) !== undefined
}
