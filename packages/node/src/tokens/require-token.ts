import { decodeProtectedHeader } from 'jose'
import { outgoing } from '../outgoing.ts'
import { type HeardEnd, newMarks } from './heard.ts'
import { introspection } from './introspection.ts'
import { issuerMetadata } from './issuer-metadata.ts'
import { jwtCheck } from './jwt.ts'
import { readTokenOptions, scopesIn, type TokenOptions } from './options.ts'
import { badRequest, badToken, cannotTell, tooLittle, wantsToken } from './refusals.ts'
import { type AccessToken, dead, type Verdict } from './verdict.ts'

/** What a token is read from: a web `Request`, or one of Node's, Express's or Fastify's. */
export interface HasAuthorization {
  headers: Headers | { authorization?: string }
}

/** A token that is good for this request, or the answer that refuses the request. */
export type Checked = { token: AccessToken; refusal?: undefined } | { token?: undefined; refusal: Response }

/** Watches an API. */
export interface TokenGuard {
  /**
   * Checks the bearer token of a request, which is taken from the `Authorization` header alone (RFC 6750 §2.1). Never throws for
   * what a request holds or an issuer does. Refusals: 401 without a token or with a dead one, 403 for one that allows too
   * little, 400 for a header that makes no sense, 503 while nobody can tell.
   * @param wants scopes that this request needs besides those of the options
   */
  check(request: HasAuthorization, wants?: { scope?: string }): Promise<Checked>
  /** Something has ended: nothing that was known of its tokens before counts any more, from now on. */
  heard(end?: HeardEnd): void
  /** Lets go of open connections. */
  close(): Promise<void>
}

/** Longest token, in characters. */
const longestToken = 16 * 1024

/** How much longer than anything may be known without being asked for a mark is kept, in seconds: clocks differ. */
const marginSeconds = 120

/**
 * Makes an API's guard. Nothing is asked of the issuer before the first token comes.
 * @throws AuthError `invalid_options`
 */
export function requireToken(options: TokenOptions): TokenGuard {
  const settings = readTokenOptions(options)
  const { now, jwt } = settings
  const own = settings.fetch ? undefined : outgoing()
  const fetch = settings.fetch ?? (own as NonNullable<typeof own>).fetch
  const metadata = issuerMetadata(settings, fetch)
  const longestKnown = Math.max(settings.introspection?.cache_seconds ?? 0, jwt?.max_staleness_seconds ?? 0)
  const marks = newMarks(longestKnown + marginSeconds, now)
  const ask =
    settings.introspection && introspection(settings, settings.introspection, { fetch, metadata, marks })
  const look = jwt && jwtCheck(settings, jwt, { fetch, metadata })

  async function verdictOn(value: string): Promise<Verdict> {
    if (!look || !isAccessJwt(value)) return ask ? ask(value) : dead('it is no JWT access token')
    const { verdict, asOf } = await look(value)
    if (verdict.state === 'unknown') return ask && jwt.on_unavailable === 'introspect' ? ask(value) : verdict
    if (verdict.state === 'dead') return verdict
    const mark = marks.about(verdict.token)
    // A list of the very second in which something ended may be from before it.
    if (!mark || asOf > mark.at) return verdict
    return ask ? ask(value) : dead('its session has ended, or something else that it hangs on')
  }

  return {
    async check(request, wants = {}) {
      const scope = [...settings.scope, ...scopesIn(wants.scope)]
      const header = headerOf(request)
      if (header === undefined || !/^bearer\b/i.test(header)) return { refusal: wantsToken(scope) }
      const value = /^bearer +([\w\-.~+/]+=*)$/i.exec(header)?.[1]
      if (value === undefined) return { refusal: badRequest('Authorization is not one Bearer token') }
      if (value.length > longestToken) return { refusal: badToken('it is too long') }
      const verdict = await verdictOn(value)
      if (verdict.state === 'unknown') return { refusal: cannotTell(verdict.why) }
      if (verdict.state === 'dead') return { refusal: badToken(verdict.why) }
      const { token } = verdict
      if (scope.some(it => !token.scope.includes(it))) return { refusal: tooLittle(scope) }
      return { token }
    },
    heard: (end = {}) => marks.hear(end),
    close: async () => own?.close()
  }
}

function headerOf({ headers }: HasAuthorization): string | undefined {
  const value = headers instanceof Headers ? headers.get('authorization') : headers.authorization
  return value || undefined
}

/** Whether a value calls itself a JWT access token; whether it is one is for its signature to say. */
function isAccessJwt(value: string): boolean {
  try {
    return /^(application\/)?at\+jwt$/i.test(String(decodeProtectedHeader(value).typ))
  } catch {
    return false
  }
}
