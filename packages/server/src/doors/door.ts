import type { AuthenticationParts } from '../clients/credentials.ts'
import type { OpParts } from '../oidc/parts.ts'
import type { ReceiptCookie } from '../web/receipt-cookie.ts'

/** What the doors are built from. */
export interface DoorParts extends OpParts {
  authentication: AuthenticationParts
  receiptCookie: ReceiptCookie
}
