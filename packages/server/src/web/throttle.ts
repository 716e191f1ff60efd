import { RateLimiterMemory } from 'rate-limiter-flexible'

/** Counts bad attempts under a key and says how long the next one has to wait. */
export interface Throttle {
  /** Seconds until the next attempt is taken; 0 for at once. */
  waitSeconds(key: string): Promise<number>
  /** Notes a bad attempt. */
  failed(key: string): Promise<void>
  /** Forgets the key after a good one. */
  succeeded(key: string): Promise<void>
}

/** Wrong passwords that cost nothing. */
const freeAttempts = 5
/** Longest that anybody ever has to wait, in seconds: an attempt is slowed, nobody is locked out. */
const longestWaitSeconds = 30
/** How long bad attempts are remembered, in seconds. */
const memorySeconds = 15 * 60

/**
 * Slows sign-in by account and address together: after {@link freeAttempts} wrong passwords each further one doubles
 * the wait, up to {@link longestWaitSeconds}. The owner of the account, elsewhere, notices nothing. Counted in this
 * process.
 */
export function loginThrottle(now: () => number): Throttle {
  const failures = new RateLimiterMemory({
    points: Number.MAX_SAFE_INTEGER,
    duration: memorySeconds,
    keyPrefix: 'login'
  })
  const lastFailure = new Map<string, number>()
  return {
    async waitSeconds(key) {
      const count = (await failures.get(key))?.consumedPoints ?? 0
      const last = lastFailure.get(key)
      if (count === 0) lastFailure.delete(key)
      if (count < freeAttempts || last === undefined) return 0
      const wait = Math.min(2 ** (count - freeAttempts), longestWaitSeconds)
      return Math.max(0, last + wait - now())
    },
    async failed(key) {
      await failures.consume(key)
      if (lastFailure.size > 100_000) lastFailure.clear()
      lastFailure.set(key, now())
    },
    async succeeded(key) {
      await failures.delete(key)
      lastFailure.delete(key)
    }
  }
}

/** Takes so many requests per minute under a key, no more. */
export interface RateLimit {
  /** Counts one; seconds to wait when there were too many, else 0. */
  take(key: string, cost?: number): Promise<number>
  /** Seconds to wait without counting, else 0. */
  look(key: string): Promise<number>
}

/** A limit of `perMinute` requests under each key, counted in this process. */
export function rateLimit(perMinute: number): RateLimit {
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 })
  return {
    async take(key, cost = 1) {
      try {
        await limiter.consume(key, cost)
        return 0
      } catch (refused) {
        return Math.ceil((refused as { msBeforeNext: number }).msBeforeNext / 1000)
      }
    },
    async look(key) {
      const found = await limiter.get(key)
      return found && found.remainingPoints <= 0 ? Math.ceil(found.msBeforeNext / 1000) : 0
    }
  }
}
