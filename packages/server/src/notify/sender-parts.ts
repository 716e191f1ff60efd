import type { Clock } from '../clock.ts'
import type { Sealer } from '../storage/secrets.ts'
import type { StreamStore } from '../storage/stream-store.ts'
import type { SigningKeys } from '../tokens/signing-keys.ts'
import type { WayOut } from '../web/outgoing.ts'

/** What the senders work with. */
export interface SenderParts {
  clock: Clock
  issuer: string
  keys(): SigningKeys
  sealer: Sealer
  streams: Pick<StreamStore, 'findStream'>
  out: WayOut
}
