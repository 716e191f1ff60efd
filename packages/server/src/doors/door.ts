import type { AuthenticationParts } from '../clients/credentials.ts'
import type { OpParts } from '../oidc/parts.ts'
import type { ReceiptCookie } from '../web/receipt-cookie.ts'
import type { RateLimit } from '../web/throttle.ts'

/** What the doors are built from. */
export interface DoorParts extends OpParts {
  authentication: AuthenticationParts
  receiptCookie: ReceiptCookie
  limits: Limits
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
  /** Logouts that are refused, each of which is written down, for each address. */
  refusals: RateLimit
}
