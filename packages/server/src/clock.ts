/** Tells the time to everything that stores or judges an instant. UTC, whole seconds since 1970. */
export interface Clock {
  /** Now, in seconds since 1970-01-01T00:00:00Z. */
  now(): number
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Math.floor(Date.now() / 1000) }
