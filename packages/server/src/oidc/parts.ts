import type { Logger } from 'pino'
import type { Clients } from '../clients/client.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../config/schema.ts'
import type { Heart } from '../logout/end.ts'
import type { SdkNames } from '../sessions/sdk-handle.ts'
import type { Sealer } from '../storage/secrets.ts'
import type { Storage } from '../storage/storage.ts'
import type { SigningKeys } from '../tokens/signing-keys.ts'
import type { Limits } from '../web/limits.ts'

/** What the OpenID Provider is built from. */
export interface OpParts {
  config: Config
  clock: Clock
  storage: Storage
  clients: Clients
  heart: Heart
  sealer: Sealer
  log: Logger
  limits: Limits
  /** What pages know sessions and users by. */
  sdkNames: SdkNames
  /** The signing keys of this moment. */
  keys(): SigningKeys
}
