import type { Issuer } from './issuer.ts'
import type { Settings } from './options.ts'
import type { PendingSignIns } from './pending-sign-ins.ts'
import type { RpSessions } from './rp-sessions.ts'

/** What the addresses of the kit work with. */
export interface Parts {
  settings: Settings
  issuer: Issuer
  sessions: RpSessions
  pending: PendingSignIns
}

/** UTC seconds. */
export const now = (): number => Math.floor(Date.now() / 1000)
