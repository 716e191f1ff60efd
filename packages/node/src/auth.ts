import { accessTokens } from './access-token.ts'
import { refusal } from './answers.ts'
import { backChannelLogout } from './back-channel.ts'
import { callback } from './callback.ts'
import type { HasCookies } from './cookies.ts'
import { eventStreams } from './events.ts'
import { frontChannelLogout } from './front-channel.ts'
import { issuerOf } from './issuer.ts'
import { login } from './login.ts'
import { logout } from './logout.ts'
import { type AuthOptions, readOptions } from './options.ts'
import { outgoing } from './outgoing.ts'
import { now, type Parts } from './parts.ts'
import { pendingSignIns } from './pending-sign-ins.ts'
import { rpSessions } from './rp-sessions.ts'
import { session } from './session.ts'
import type { RpSession } from './sessions/store.ts'

/** Sign-in, session and logout of one application. */
export interface Auth {
  /** Under which its addresses stand. */
  readonly basePath: string
  /** Answers a request to one of its addresses. Undefined: it is none. Never rejects. */
  handle(request: Request): Promise<Response | undefined>
  /** Who is signed in. @throws what the store throws */
  session(request: HasCookies): Promise<RpSession | undefined>
  /**
   * An access token that is good for half a minute at least, refreshed if need be. Undefined: nobody is signed in, or there is
   * none to be had any more.
   * @throws AuthError `issuer_unreachable`; what the store throws
   */
  accessToken(request: HasCookies): Promise<string | undefined>
  /**
   * Ends the RP session of a browser and nothing else: the sign-on session lives, and the next sign-in asks for no password.
   * @returns the session, for what else goes with it (its tokens, say); undefined: nobody is signed in
   * @throws what the store throws
   */
  end(request: HasCookies): Promise<RpSession | undefined>
  /** Ends what it runs: streams to pages, connections. The store is whoever's made it. */
  close(): Promise<void>
}

/**
 * Sets up sign-in for one application. It asks the issuer nothing until the first sign-in.
 * @throws AuthError `invalid_options`, naming every option that is wrong and its value
 */
export function createAuth(options: AuthOptions): Auth {
  const settings = readOptions(options)
  const out = settings.fetch ? undefined : outgoing()
  const parts: Parts = {
    settings,
    issuer: issuerOf(settings, settings.fetch ?? (out?.fetch as typeof fetch)),
    sessions: rpSessions(settings, now),
    pending: pendingSignIns(settings)
  }
  const streams = eventStreams(parts)
  const stopListening = settings.store.onEnded(ended => {
    streams.ended(ended)
    settings.onEnded(ended)
  })
  const routes = routesOf(parts, streams.answer)

  return {
    basePath: settings.basePath,
    async handle(request) {
      const { pathname } = new URL(request.url)
      const route = routes.get(pathname)
      if (!route) return undefined
      if (request.method !== route.method) return notAllowed(route.method)
      try {
        return await route.answer(request)
      } catch (error) {
        settings.onError(error)
        return refusal(
          500,
          'server_error',
          'Something failed here; whoever runs this site can find it in the log'
        )
      }
    },
    session: async request => (await parts.sessions.live(request))?.session,
    accessToken: accessTokens(parts),
    async end(request) {
      const found = await parts.sessions.live(request)
      return found && (await settings.store.end(found.key, 'logout')) ? found.session : undefined
    },
    async close() {
      stopListening()
      streams.close()
      await out?.close()
    }
  }
}

interface Route {
  method: 'GET' | 'POST'
  answer(request: Request): Promise<Response>
}

function routesOf(parts: Parts, events: Route['answer']): Map<string, Route> {
  const { basePath } = parts.settings
  const get = (answer: Route['answer']): Route => ({ method: 'GET', answer })
  const post = (answer: Route['answer']): Route => ({ method: 'POST', answer })
  return new Map([
    [`${basePath}/login`, get(request => login(parts, request))],
    [`${basePath}/callback`, get(request => callback(parts, request))],
    [`${basePath}/logout`, post(logout(parts))],
    [`${basePath}/session`, get(session(parts))],
    [`${basePath}/events`, get(events)],
    [`${basePath}/backchannel-logout`, post(request => backChannelLogout(parts, request))],
    [`${basePath}/frontchannel-logout`, get(request => frontChannelLogout(parts, request))]
  ])
}

function notAllowed(allow: string): Response {
  const answer = refusal(405, 'invalid_request', `This address takes ${allow} only`)
  answer.headers.set('allow', allow)
  return answer
}
