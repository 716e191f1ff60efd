import { hash } from 'node:crypto'

/**
 * The `sid` by which a client knows a session (Back-Channel Logout 1.0 §2.1). Derived, so that two tabs that sign in
 * at the same moment get the same one; the session's uid holds 256 random bits and never leaves the server, so
 * one client cannot work out another's.
 */
export function sidFor(sessionUid: string, clientId: string): string {
  return hash('sha256', `sid ${sessionUid} ${clientId}`, 'base64url')
}
