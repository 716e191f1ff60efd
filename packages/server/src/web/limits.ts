import { networkOf } from './network.ts'
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
  /** Users left out of a stream and taken back, known or not, for each receiver: every one costs a commit. */
  streamSubjects: RateLimit
  /** Logout posts kept for a moment, and what is kept of logouts where nobody is signed in, for each address. */
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
    hashes: perAddress(60),
    wrongSecrets: perAddress(30),
    interactions: perAddress(1000),
    registrations: perAddress(20),
    tokenGuesses: rateLimit(600),
    subjectGuesses: rateLimit(600),
    streamSubjects: rateLimit(600),
    keptPosts: perAddress(120),
    refusals: perAddress(300),
    sdkMisses: perAddress(1200),
    sdkLogouts: perAddress(300)
  }
}

/** A limit under addresses, each alone or with a space and more behind it: see {@link networkOf}. */
function perAddress(perMinute: number): RateLimit {
  const { take, look, giveBack } = rateLimit(perMinute)
  const counted = (key: string): string => key.replace(/^\S+/, networkOf)
  return {
    take: key => take(counted(key)),
    look: key => look(counted(key)),
    giveBack: key => giveBack(counted(key))
  }
}
