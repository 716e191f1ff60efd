import type { RpSession } from './store.ts'

/** How long a logout is remembered, in seconds, so that a sign-in which it overtook finds it. A code lives for a minute. */
export const rememberSeconds = 3600

/** How often a store looks for what has expired and for what it was not told, in milliseconds. */
export const tickMs = 1000

/** UTC seconds. */
export const now = (): number => Math.floor(Date.now() / 1000)

/** Since when a sign-in counts against a logout of its subject, in UTC seconds of the issuer's clock where it said so. */
export const beganAt = ({ claims, createdAt }: RpSession): number =>
  typeof claims.iat === 'number' ? claims.iat : createdAt
