import { AuthError } from '../auth-error.ts'
import type { Fetch } from '../options.ts'

/** Options of `requireToken`. At least one of `introspection` and `jwt`. */
export interface TokenOptions {
  /** The sign-in server, exactly as it calls itself: `https://id.example.com`. */
  issuer: string
  /**
   * The names of this API in the `aud` of its tokens; a token for somebody else is refused. JWTs need it. Where it is given,
   * introspected tokens are held against it too.
   */
  audience?: string | string[]
  /** Asks the issuer about each token (RFC 7662). Takes tokens of every form. */
  introspection?: IntrospectionOptions
  /** Checks JWTs here (RFC 9068), by the issuer's keys and status lists. Other tokens are left to `introspection`. */
  jwt?: JwtOptions
  /** Scopes that every request needs, with spaces between. */
  scope?: string
  /** Calls to the issuer. Default: undici's, which takes `*.localhost` to this machine. */
  fetch?: Fetch
  /** Allows http, for `*.localhost` alone. Default `false`. */
  allow_http?: boolean
  /** UTC seconds. Default: the machine's clock. */
  now?: () => number
  /** Called with what kept a token from being checked. Default: `console.error`. No token is in it. */
  on_error?: (error: unknown) => void
}

/** How tokens are asked about. */
export interface IntrospectionOptions {
  /** This API, as it is registered at the issuer. */
  client_id: string
  client_secret: string
  /** How long an answer is gone by, in seconds, and so how long a dead token may still be taken. 0 asks each time. Default 5. */
  cache_seconds?: number
  /** Most answers that are kept. Default 10000. */
  cache_entries?: number
}

/** How JWTs are checked. */
export interface JwtOptions {
  /** Algorithms that count. Default `['RS256', 'ES256', 'PS256']`. Only such with public keys. */
  algorithms?: string[]
  /**
   * Oldest status list that is gone by when a newer one cannot be had, in seconds. More than the issuer's
   * `status_list_seconds`, or no list is ever new enough. Default 30.
   */
  max_staleness_seconds?: number
  /** What happens when no such list can be had: the request is refused with 503, or the issuer is asked. Default `refuse`. */
  on_unavailable?: 'refuse' | 'introspect'
}

/** Options that have been checked, with defaults. */
export interface TokenSettings {
  issuer: string
  audience: string[] | undefined
  introspection: Required<IntrospectionOptions> | undefined
  jwt: Required<JwtOptions> | undefined
  scope: string[]
  fetch: Fetch | undefined
  now: () => number
  onError: (error: unknown) => void
}

const introspectionDefaults = { cache_seconds: 5, cache_entries: 10_000 }
const jwtDefaults = {
  algorithms: ['RS256', 'ES256', 'PS256'],
  max_staleness_seconds: 30,
  on_unavailable: 'refuse' as const
}

const known = [
  'issuer',
  'audience',
  'introspection',
  'jwt',
  'scope',
  'fetch',
  'allow_http',
  'now',
  'on_error'
]
const knownOfIntrospection = ['client_id', 'client_secret', ...Object.keys(introspectionDefaults)]

/** Checks the options of `requireToken`. @throws AuthError `invalid_options`: every problem, with option and what is expected */
export function readTokenOptions(options: TokenOptions): TokenSettings {
  const problems: string[] = []
  const check = (option: string, isRight: boolean, expected: string): void => {
    if (!isRight) problems.push(`${option}: give ${expected}`)
  }
  const names = (of: string, given: object | undefined, mayBe: string[]): void => {
    for (const name of Object.keys(given ?? {}))
      if (!mayBe.includes(name)) problems.push(`${of}${name} is no option`)
  }
  names('', options, known)
  names('introspection.', options.introspection, knownOfIntrospection)
  names('jwt.', options.jwt, Object.keys(jwtDefaults))
  const introspection = options.introspection && {
    ...introspectionDefaults,
    ...withoutUndefined(options.introspection)
  }
  const jwt = options.jwt && { ...jwtDefaults, ...withoutUndefined(options.jwt) }
  const audience = options.audience === undefined ? undefined : [options.audience].flat()
  check(
    'issuer',
    isIssuer(options.issuer, options.allow_http === true),
    'an https address without query or fragment, or with allow_http: true an http one at *.localhost'
  )
  check(
    'audience',
    audience === undefined || (audience.length > 0 && audience.every(isText)),
    'one or more names'
  )
  check('introspection, jwt', introspection !== undefined || jwt !== undefined, 'one of them, or both')
  if (introspection) {
    check('introspection.client_id', isText(introspection.client_id), 'the id of this API at the issuer')
    check('introspection.client_secret', isText(introspection.client_secret), 'its secret')
    check('introspection.cache_seconds', isCount(introspection.cache_seconds, 0), 'seconds, 0 or more')
    check('introspection.cache_entries', isCount(introspection.cache_entries, 1), 'a whole number, 1 or more')
  }
  if (jwt) {
    check('audience', audience !== undefined, 'the name of this API in its JWTs')
    check('jwt.algorithms', isAlgorithms(jwt.algorithms), 'algorithms with public keys, such as RS256')
    check('jwt.max_staleness_seconds', isCount(jwt.max_staleness_seconds, 1), 'seconds, 1 or more')
    const { on_unavailable: what } = jwt
    check(
      'jwt.on_unavailable',
      what === 'refuse' || (what === 'introspect' && introspection !== undefined),
      '"refuse", or "introspect" where there is introspection'
    )
  }
  check('scope', options.scope === undefined || isText(options.scope), 'scopes with spaces between')
  for (const name of ['fetch', 'now', 'on_error'] as const)
    check(name, options[name] === undefined || typeof options[name] === 'function', 'a function')
  if (problems.length > 0) throw new AuthError('invalid_options', problems.join('; '))
  return {
    issuer: options.issuer,
    audience,
    introspection,
    jwt,
    scope: scopesIn(options.scope),
    fetch: options.fetch,
    now: options.now ?? (() => Date.now() / 1000),
    onError: options.on_error ?? (error => console.error(error))
  }
}

/** The values of a `scope`. */
export const scopesIn = (scope: unknown): string[] =>
  typeof scope === 'string' ? scope.split(' ').filter(Boolean) : []

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

const isCount = (value: unknown, least: number): boolean =>
  Number.isSafeInteger(value) && (value as number) >= least

const isAlgorithms = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every(it => /^((RS|PS|ES)(256|384|512)|Ed(DSA|25519))$/.test(String(it)))

function isIssuer(given: unknown, mayHttp: boolean): boolean {
  if (!isText(given) || !URL.canParse(given) || /[?#]/.test(given)) return false
  const { protocol, hostname, username, password } = new URL(given)
  if (username || password) return false
  return protocol === 'https:' || (mayHttp && protocol === 'http:' && /(^|\.)localhost$/.test(hostname))
}

const withoutUndefined = <Given extends object>(given: Given): Given =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Given
