import type { FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { AuthenticationParts } from '../clients/authenticate.ts'
import type { Clients } from '../clients/client.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/schema.ts'
import type { AskedBy } from '../logout/causes.ts'
import type { Heart } from '../logout/end.ts'
import { findSession } from '../sessions/find-session.ts'
import { sessionCookie } from '../sessions/session-cookie.ts'
import type { Session } from '../storage/records.ts'
import type { Storage } from '../storage/storage.ts'
import type { SigningKeys } from '../tokens/signing-keys.ts'
import { readCookie } from '../web/cookies.ts'
import type { ReceiptCookie } from '../web/receipt-cookie.ts'
import type { RateLimit } from '../web/throttle.ts'

/** What the doors are built from. */
export interface DoorParts {
  config: Config
  clock: Clock
  storage: Storage
  heart: Heart
  clients: Clients
  log: Logger
  authentication: AuthenticationParts
  receiptCookie: ReceiptCookie
  limits: Limits
  /** The signing keys of this moment, for hints. */
  keys(): SigningKeys
}

/** How much of what may be asked for in a minute. */
export interface Limits {
  /**
   * Unknown tokens shown to introspection, for each caller (RFC 7662 §4). Revocation needs no such limit: it answers
   * the same to every token, so a guess teaches nothing, and whoever wants to revoke must never have to wait.
   */
  tokenGuesses: RateLimit
  /** Logout posts kept for a moment, for each address. */
  keptPosts: RateLimit
}

/** Who asks, for the audit trail. */
export const askedBy = (request: FastifyRequest): AskedBy => ({ ip: request.ip, requestId: request.id })

/** The live session of this browser. */
export function sessionOf(
  parts: Pick<DoorParts, 'storage' | 'clock'>,
  request: FastifyRequest
): Promise<Session | undefined> {
  return findSession(parts.storage, readCookie(request.headers.cookie, sessionCookie), parts.clock.now())
}
