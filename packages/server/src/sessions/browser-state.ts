import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto'

/** The cookie that holds the OP browser state, for the page that pages of other sites frame to read (Session Management 1.0 §3.2). */
export const stateCookie = '__Host-utgang-state'

/**
 * The OP browser state: a value that changes with each sign-in and each logout in a browser, and with nothing else.
 * Each looks random to everybody but this server, and holds nothing of anybody.
 */
export interface BrowserStates {
  /** While this sign-in lasts. The same each time, so that nothing is kept for it. */
  of(session: { uid: string; loginAt: number }): string
  /** While nobody is signed in; another one each time. */
  signedOut(): string
  /** Whether a value is one of {@link BrowserStates.signedOut}, so that it need not change. */
  isSignedOut(value: string): boolean
}

const halfBytes = 16

/** @param secret of this server, the same in every process; without it nobody works out the state of a browser */
export function browserStates(secret: string): BrowserStates {
  const mac = (text: string): Buffer => createHmac('sha256', secret).update(text).digest()
  const seal = (half: Buffer): Buffer =>
    mac(`signed out ${half.toString('base64url')}`).subarray(0, halfBytes)
  return {
    of: ({ uid, loginAt }) => mac(`state ${loginAt} ${uid}`).toString('base64url'),
    signedOut() {
      const half = randomBytes(halfBytes)
      return Buffer.concat([half, seal(half)]).toString('base64url')
    },
    isSignedOut(value) {
      const bytes = Buffer.from(value, 'base64url')
      if (bytes.length !== 2 * halfBytes) return false
      return timingSafeEqual(bytes.subarray(halfBytes), seal(bytes.subarray(0, halfBytes)))
    }
  }
}

/** What a `session_state` is made of (Session Management 1.0 §2, §3.2). */
export interface SessionStateParts {
  clientId: string
  /** Of the redirect URI that was used, and so of the pages that will ask. */
  origin: string
  browserState: string
  /** Random for each answer, so that two answers about one browser cannot be told to be such. Without a dot or a space. */
  salt: string
}

/** A new salt: 128 random bits in hexadecimal. */
export const newSalt = (): string => randomBytes(16).toString('hex')

/** SHA-256 over the parts, joined by spaces, in hexadecimal; a dot, and the salt. The framed page works out the same. */
export function sessionState({ clientId, origin, browserState, salt }: SessionStateParts): string {
  return `${hash('sha256', [clientId, origin, browserState, salt].join(' '))}.${salt}`
}
