import { createHash, randomBytes } from 'node:crypto'
import { cookieLine, type HasCookies, readCookies } from './cookies.ts'
import type { Settings } from './options.ts'
import type { RpSession } from './sessions/store.ts'

/** An RP session and the key under which the store has it. */
export interface Found {
  key: string
  session: RpSession
}

/** The RP sessions of browsers, by their cookie. */
export interface RpSessions {
  /** The session of a browser, also one that a logout is asking about. */
  find(request: HasCookies): Promise<Found | undefined>
  /** The session by which a browser is signed in. */
  live(request: HasCookies): Promise<Found | undefined>
  /**
   * Opens one after a sign-in, under a new id whoever was there (session fixation), and ends the one that this browser had.
   * @returns the `Set-Cookie` line; undefined when a logout has overtaken the sign-in
   */
  open(request: HasCookies, session: RpSession): Promise<string | undefined>
  /** Whether a browser sent a session cookie at all. */
  hasCookie(request: HasCookies): boolean
  /** The `Set-Cookie` line that takes the cookie away. */
  dropLine(): string
}

/** How long a session may be kept from its person by a logout whose process died, in seconds. Asking takes three. */
const endingSeconds = 10

/** See {@link RpSessions}. @param now UTC seconds */
export function rpSessions(settings: Settings, now: () => number): RpSessions {
  const { store, cookieName, isSecure, sessionSeconds } = settings

  const cookieOf = (request: HasCookies): string | undefined => readCookies(request).get(cookieName)

  async function find(request: HasCookies): Promise<Found | undefined> {
    const cookie = cookieOf(request)
    if (cookie === undefined || !/^[\w-]{43}$/.test(cookie)) return undefined
    const key = keyOf(cookie)
    const session = await store.find(key)
    return session && { key, session }
  }

  return {
    find,
    async live(request) {
      const found = await find(request)
      return found && isLive(found.session, now()) ? found : undefined
    },
    async open(request, session) {
      const before = await find(request)
      const cookie = randomBytes(32).toString('base64url')
      if (!(await store.create(keyOf(cookie), session))) return undefined
      if (before) await store.end(before.key, 'switched')
      return cookieLine(cookieName, cookie, sessionSeconds, isSecure)
    },
    hasCookie: request => cookieOf(request) !== undefined,
    dropLine: () => cookieLine(cookieName, '', 0, isSecure)
  }
}

const isLive = ({ endingAt }: RpSession, now: number): boolean =>
  endingAt === undefined || now - endingAt >= endingSeconds

const keyOf = (cookie: string): string => createHash('sha256').update(cookie).digest('base64url')
