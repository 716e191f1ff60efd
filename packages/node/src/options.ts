import { AuthError } from './auth-error.ts'
import { loggable } from './loggable.ts'
import type { RpSessionStore, RpSessionsEnded } from './sessions/store.ts'

/** `fetch`, as far as this kit needs it. */
export type Fetch = (input: string | URL, init?: RequestInit) => Promise<Response>

/** Options of `createAuth`. */
export interface AuthOptions {
  /** The sign-in server, exactly as it calls itself: `https://id.example.com`. */
  issuer: string
  /** This application, as it is registered there. */
  client_id: string
  client_secret: string
  /** Of this site, as browsers see it: `https://news.example`. No `Host` header is ever believed. */
  origin: string
  /** Under which path the addresses of this kit stand. Default `/auth`. */
  base_path?: string
  /** What a sign-in asks for. Default `openid profile`. */
  scope?: string
  /** The API that access tokens are for, by its name at the issuer (RFC 8707). Default: none in particular. */
  resource?: string
  /** Where RP sessions are kept: `memorySessions()`, or one that several processes share. */
  sessions: RpSessionStore
  /** Name of the session cookie, which `__Host-` is put before on https. Default `utgang-rp`. */
  cookie_name?: string
  /** How long an RP session lives at most, in seconds. Default 43200, twelve hours. */
  session_seconds?: number
  /** The one algorithm of its ID Tokens and Logout Tokens. Default: any with a public key that the server names. */
  id_token_signed_response_alg?: string
  /** Calls from server to server. Default: undici's, which takes `*.localhost` to this machine. */
  fetch?: Fetch
  /** Allows http, for `*.localhost` alone. Default `false`. */
  allow_http?: boolean
  /** Called for every end of RP sessions, in each process of the application. */
  on_ended?: (ended: RpSessionsEnded) => void
  /** Called with what went wrong where nobody can be told who could help. Default: `console.error`. */
  on_error?: (error: unknown) => void
  /** Path to which a sign-in leads that was not told where to go. Default `/`. */
  after_login?: string
  /** Path to which a logout by a form leads. Default `/`. */
  after_logout?: string
}

/** Options that have been checked, with defaults. */
export interface Settings {
  issuer: string
  clientId: string
  clientSecret: string
  origin: string
  basePath: string
  scope: string
  resource: string | undefined
  store: RpSessionStore
  cookieName: string
  isSecure: boolean
  sessionSeconds: number
  alg: string | undefined
  fetch: Fetch | undefined
  onEnded: (ended: RpSessionsEnded) => void
  onError: (error: unknown) => void
  afterLogin: string
  afterLogout: string
}

const defaults = {
  base_path: '/auth',
  scope: 'openid profile',
  cookie_name: 'utgang-rp',
  session_seconds: 43_200,
  allow_http: false,
  after_login: '/',
  after_logout: '/',
  on_ended: () => {},
  on_error: (error: unknown) => console.error(error)
}

/** Every name that an option may have; another one is a mistake somebody should hear of. */
const known = new Set([
  ...Object.keys(defaults),
  ...['issuer', 'client_id', 'client_secret', 'origin', 'resource', 'sessions', 'fetch'],
  'id_token_signed_response_alg'
])

/** Checks the options of `createAuth`. @throws AuthError `invalid_options`: every problem, each with option, value and what is expected */
export function readOptions(options: AuthOptions): Settings {
  const given: AuthOptions & Required<Pick<AuthOptions, keyof typeof defaults>> = {
    ...defaults,
    ...withoutUndefined(options)
  }
  const problems: string[] = []
  function check(option: keyof AuthOptions, isRight: boolean, expected: string): void {
    if (!isRight) problems.push(`${option} is ${shown(option, given[option])}: give ${expected}`)
  }
  for (const name of Object.keys(options)) if (!known.has(name)) problems.push(`${name} is no option`)
  const { allow_http: mayHttp } = given
  check('issuer', isAddress(given.issuer, mayHttp), `an https address without query or fragment${forHttp}`)
  check('client_id', isText(given.client_id), 'the id of this application at the issuer')
  check('client_secret', isText(given.client_secret), 'its secret')
  check('origin', isOrigin(given.origin, mayHttp), `an https origin such as https://news.example${forHttp}`)
  check('base_path', /^(\/[\w.~-]+)+$/.test(given.base_path), 'a path such as /auth')
  check(
    'scope',
    isText(given.scope) && given.scope.split(' ').includes('openid'),
    'scopes, openid among them'
  )
  check(
    'resource',
    given.resource === undefined || isResource(given.resource),
    'an absolute URI without fragment, as the issuer knows the API'
  )
  check('sessions', typeof given.sessions?.endBySid === 'function', 'a store, such as memorySessions()')
  check('cookie_name', /^[\w.-]{1,64}$/.test(given.cookie_name), 'letters, digits, "-", "_" and "."')
  check('session_seconds', isSeconds(given.session_seconds), 'whole seconds, 60 or more')
  const { id_token_signed_response_alg: alg } = given
  check('id_token_signed_response_alg', alg === undefined || isPublicKeyAlg(alg), 'RS256, ES256 or alike')
  for (const option of ['on_ended', 'on_error'] as const)
    check(option, isFunction(given[option]), 'a function')
  check('fetch', given.fetch === undefined || isFunction(given.fetch), 'a function like fetch')
  check('allow_http', typeof mayHttp === 'boolean', 'true or false')
  for (const option of ['after_login', 'after_logout'] as const)
    check(option, localPath(given[option], given.origin) !== undefined, 'a path of this site')
  if (problems.length > 0) throw new AuthError('invalid_options', problems.join('; '))
  const isSecure = given.origin.startsWith('https:')
  return {
    issuer: given.issuer,
    clientId: given.client_id,
    clientSecret: given.client_secret,
    origin: given.origin,
    basePath: given.base_path,
    scope: given.scope,
    resource: given.resource,
    store: given.sessions,
    // Safari keeps no Secure cookie that came by http, and the prefix demands one.
    cookieName: (isSecure ? '__Host-' : '') + given.cookie_name.replace(/^__(Host|Secure)-/, ''),
    isSecure,
    sessionSeconds: given.session_seconds,
    alg,
    fetch: given.fetch,
    onEnded: given.on_ended,
    onError: error => given.on_error(loggable(error)),
    afterLogin: given.after_login,
    afterLogout: given.after_logout
  }
}

/** Longest path to go on to, in characters as it is sent: the cookie of a sign-in, which browsers keep up to 4096 bytes, holds it. */
const longestPath = 2000

/**
 * A path of this very site with query and fragment; undefined for whatever a browser may take for an address elsewhere
 * (`//`, backslashes, control characters, dots that lead to `//`).
 */
export function localPath(given: unknown, origin: string): string | undefined {
  if (!isText(given) || given.length > longestPath || !/^\/[^\\\p{Cc}]*$/u.test(given)) return undefined
  if (!URL.canParse(given, origin)) return undefined
  const { origin: found, pathname, search, hash } = new URL(given, origin)
  const path = pathname + search + hash
  return found !== origin || pathname.startsWith('//') || path.length > longestPath ? undefined : path
}

const forHttp = ', or with allow_http: true an http one at *.localhost'

const withoutUndefined = (options: AuthOptions): AuthOptions =>
  Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined)
  ) as unknown as AuthOptions

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

const isFunction = (value: unknown): boolean => typeof value === 'function'

/** RFC 8707 §2. */
const isResource = (value: unknown): boolean => isText(value) && URL.canParse(value) && !value.includes('#')

const isSeconds = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 60

/** Whether an algorithm signs with a private key; a client's secret never signs here, and `none` is none. */
export const isPublicKeyAlg = (alg: unknown): boolean =>
  typeof alg === 'string' && /^((RS|PS|ES)(256|384|512)|Ed(DSA|25519))$/.test(alg)

function isAddress(given: unknown, mayHttp: boolean): boolean {
  if (!isText(given) || !URL.canParse(given) || /[?#]/.test(given)) return false
  const { protocol, hostname, username, password } = new URL(given)
  if (username || password) return false
  return protocol === 'https:' || (mayHttp && protocol === 'http:' && /(^|\.)localhost$/.test(hostname))
}

const isOrigin = (given: unknown, mayHttp: boolean): boolean =>
  isAddress(given, mayHttp) && new URL(given as string).origin === given

/** A value in a message; a secret stays one. */
function shown(option: keyof AuthOptions, value: unknown): string {
  if (value === undefined) return 'missing'
  if (option === 'client_secret')
    return typeof value === 'string' ? `"…" (${value.length} characters)` : typeof value
  return typeof value === 'object' || typeof value === 'function'
    ? String(typeof value)
    : JSON.stringify(value)
}
