import { hash } from 'node:crypto'
import { RateLimiterMemory } from 'rate-limiter-flexible'

/** Slows down bad attempts under a key. */
export interface Throttle {
  /**
   * Takes an attempt, or says how many seconds it has to wait; 0 for taken. One that was taken counts as bad until
   * {@link succeeded} says otherwise, so that many at the same moment are no way around.
   */
  attempt(key: string): Promise<number>
  /** Forgets the bad attempts of a key after a good one. */
  succeeded(key: string): Promise<void>
}

/** Wrong passwords that cost nothing. */
const freeAttempts = 5
/** Longest that anybody ever has to wait, in seconds: an attempt is slowed, nobody is locked out. */
const longestWaitSeconds = 30
/** How long bad attempts are remembered, in seconds. */
const memorySeconds = 15 * 60
/** How many keys are remembered; beyond that the ones longest at rest are forgotten. */
const mostKeys = 100_000

/**
 * Slows sign-in by account and address together: after {@link freeAttempts} wrong passwords each further one doubles
 * the wait, up to {@link longestWaitSeconds}. The owner of the account, elsewhere, notices nothing. Counted in this
 * process.
 */
export function loginThrottle(now: () => number): Throttle {
  // In the order of their last attempt: a Map keeps the order in which keys were set.
  const bad = new Map<string, { count: number; last: number }>()
  return {
    async attempt(key) {
      const id = hash('sha256', key)
      const known = bad.get(id)
      const before = known && known.last + memorySeconds > now() ? known : { count: 0, last: 0 }
      const wait =
        before.count < freeAttempts ? 0 : Math.min(2 ** (before.count - freeAttempts), longestWaitSeconds)
      const left = before.last + wait - now()
      if (left > 0) return left
      bad.delete(id)
      bad.set(id, { count: before.count + 1, last: now() })
      const [oldest] = bad.keys()
      if (bad.size > mostKeys && oldest !== undefined) bad.delete(oldest)
      return 0
    },
    async succeeded(key) {
      bad.delete(hash('sha256', key))
    }
  }
}

/** Takes so many requests per minute under a key, no more. */
export interface RateLimit {
  /** Counts one; seconds to wait when there were too many, else 0. */
  take(key: string): Promise<number>
  /** Seconds to wait without counting, else 0. */
  look(key: string): Promise<number>
  /** Takes back one that was counted; no more than were. */
  giveBack(key: string): Promise<void>
}

/** A limit of `perMinute` requests under each key, counted in this process. */
export function rateLimit(perMinute: number): RateLimit {
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 })
  return {
    async take(key) {
      try {
        await limiter.consume(key)
        return 0
      } catch (refused) {
        return Math.ceil((refused as { msBeforeNext: number }).msBeforeNext / 1000)
      }
    },
    async look(key) {
      const found = await limiter.get(key)
      return found && found.remainingPoints <= 0 ? Math.ceil(found.msBeforeNext / 1000) : 0
    },
    async giveBack(key) {
      const found = await limiter.get(key)
      if (found && found.consumedPoints > 0) await limiter.reward(key)
    }
  }
}
