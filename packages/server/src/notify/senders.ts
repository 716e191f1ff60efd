import type { ClaimedDelivery, DeliveryKind } from '../storage/records.ts'
import { sendLogoutToken } from './back-channel.ts'
import type { Attempted } from './post.ts'
import { pushSecurityEvent } from './security-event.ts'
import type { SenderParts } from './sender-parts.ts'
import { sendWebhook } from './webhook.ts'

/** One attempt of each kind of delivery. */
export type Senders = Record<DeliveryKind, (delivery: ClaimedDelivery) => Promise<Attempted>>

/** The senders of this system. */
export function senders(parts: SenderParts): Senders {
  return {
    back_channel: it => sendLogoutToken(it, parts),
    webhook: it => sendWebhook(it, parts),
    security_event: it => pushSecurityEvent(it, parts),
    stream_notice: it => pushSecurityEvent(it, parts)
  }
}
