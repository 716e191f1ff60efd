import type { AuthenticationParts } from '../clients/credentials.ts'
import type { OpParts } from '../oidc/parts.ts'
import type { ReceiptCookie } from '../web/receipt-cookie.ts'
import type { Signal } from '../web/signal.ts'

/** What the doors are built from. */
export interface DoorParts extends OpParts {
  authentication: AuthenticationParts
  receiptCookie: ReceiptCookie
  /** Told whenever something may have been queued for a receiver that polls. */
  events: Signal
  /** Waits until each application that a logout owes a notice was tried once, for as long as the config allows. */
  firstAttempts(receiptId: string): Promise<void>
}
