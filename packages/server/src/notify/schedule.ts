import type { DeliveryState } from '../storage/records.ts'

/** How long a delivery is tried, in seconds, before it is given up. */
const triedForSeconds = 72 * 3600
/** Time to the second attempt, in seconds, before jitter. */
const firstDelaySeconds = 5
/** Longest time between two attempts, in seconds, before jitter. */
const longestDelaySeconds = 3600
/** Most that an application may ask to wait, in seconds. */
const longestRetryAfterSeconds = 6 * 3600

/** How an answer is understood, which each kind of delivery decides by itself; `failed` may pass. */
export type Verdict = 'heard' | 'refused' | 'failed'

/** What an attempt met. */
export interface Met {
  /** HTTP status; `null` where there was no answer. */
  status: number | null
  verdict: Verdict
  /** The request may have been received all the same: it was sent, and no answer came. */
  heardMaybe: boolean
  /** Seconds that the answer asked to wait. */
  retryAfterSeconds?: number
}

/** What the state of a delivery is after an attempt. */
interface Next {
  state: DeliveryState
  nextAt: number
}

/**
 * What follows from an attempt. A refusal is not repeated; after an attempt that may have been heard it proves nothing.
 * What failed is tried again, each time later.
 * @param random between 0 and 1, so that what failed together does not come back together
 */
export function afterAttempt(
  { attempts, createdAt, heardMaybe }: { attempts: number; createdAt: number; heardMaybe: boolean },
  met: Met,
  now: number,
  random: number
): Next {
  const settled = (state: DeliveryState): Next => ({ state, nextAt: now })
  if (met.verdict === 'heard') return settled('delivered')
  if (met.verdict === 'refused') return settled(heardMaybe ? 'unclear' : 'refused')
  const grown = Math.min(firstDelaySeconds * 2 ** attempts, longestDelaySeconds)
  const jittered = grown * (0.75 + random / 2)
  const asked = Math.min(met.retryAfterSeconds ?? 0, longestRetryAfterSeconds)
  const nextAt = now + Math.ceil(Math.max(jittered, asked))
  return nextAt > createdAt + triedForSeconds ? settled('gave_up') : { state: 'pending', nextAt }
}
