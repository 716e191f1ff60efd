import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config/schema.ts'
import { type BrowserStates, stateCookie } from '../sessions/browser-state.ts'
import { sessionCookie } from '../sessions/session-cookie.ts'
import { cookieLine, hasCookie, readCookie } from './cookies.ts'

/** What of a system sets the state cookie. */
interface StateParts {
  config: Config
  sdkNames: { states: BrowserStates }
}

/**
 * The `Set-Cookie` value that gives a browser this state; `undefined` where it has it already. Kept as long as the
 * session's own cookie: one that is gone while it could be seen tells the framed page that the session is over.
 */
export function stateLine(
  headers: IncomingHttpHeaders,
  state: string,
  { lifetimes }: Config,
  lasting: boolean
): string | undefined {
  if (readCookie(headers.cookie, stateCookie) === state) return undefined
  return cookieLine(stateCookie, state, {
    sameSite: 'None',
    forScripts: true,
    maxAge: lasting ? lifetimes.remembered_max_seconds : undefined
  })
}

/**
 * A new state for a browser whose session is over, unless its state says so already. Only where this cookie or the
 * session's came: otherwise browsers that give each site a jar of its own would keep it there.
 */
export function renewState(request: FastifyRequest, reply: FastifyReply, parts: StateParts): void {
  const { cookie } = request.headers
  const { states } = parts.sdkNames
  if (!hasCookie(cookie, stateCookie) && !hasCookie(cookie, sessionCookie)) return
  if (states.isSignedOut(readCookie(cookie, stateCookie) ?? '')) return
  const line = stateLine(request.headers, states.signedOut(), parts.config, true)
  if (line !== undefined) reply.header('set-cookie', line)
}
