import { loginThrottle, type RateLimit, rateLimit, type Throttle } from './throttle.ts'

/** How much of what may be asked for in a minute. Counted in this process. */
export interface Limits {
  /** Passwords, by account and address together. */
  passwords: Throttle
  /** Wrong passwords and sign-ups, for each address: every one costs a hash. */
  hashes: RateLimit
  /** Wrong secrets of one client from one address. */
  wrongSecrets: RateLimit
  /** Sign-ins that were begun and not finished, each of which is stored, for each address: many people may share one. */
  interactions: RateLimit
  /** Clients that register themselves, each of which is kept for good, for each address. */
  registrations: RateLimit
  /**
   * Unknown tokens shown to introspection, for each caller (RFC 7662 §4). Revocation needs no such limit: it answers
   * the same to every token, so a guess teaches nothing, and whoever wants to revoke must never have to wait.
   */
  tokenGuesses: RateLimit
  /** Users whom nobody knows, named for a global revocation, for each caller. */
  subjectGuesses: RateLimit
  /** Logout posts kept for a moment, for each address. */
  keptPosts: RateLimit
  /** Logouts that are refused, each of which is written down, for each address. */
  refusals: RateLimit
  /** Questions of pages about a session that there is none for, each of which may be a guess, for each address. */
  sdkMisses: RateLimit
  /** Logouts by the SDK, for each address: many people may share one. */
  sdkLogouts: RateLimit
}

/** The limits of one server, with nothing counted yet. */
export function newLimits(now: () => number): Limits {
  return {
    passwords: loginThrottle(now),
    hashes: rateLimit(60),
    wrongSecrets: rateLimit(30),
    interactions: rateLimit(1000),
    registrations: rateLimit(20),
    tokenGuesses: rateLimit(600),
    subjectGuesses: rateLimit(600),
    keptPosts: rateLimit(120),
    refusals: rateLimit(300),
    sdkMisses: rateLimit(1200),
    sdkLogouts: rateLimit(300)
  }
}
