import { SdkError } from './sdk-error.ts'
import type { InitOptions } from './types.ts'

/** Options that have been checked, with defaults. */
export interface Settings {
  clientId: string
  /** Origin of the server. */
  server: string
  redirectUri: string | undefined
  scope: string
  /** Absolute address, without a slash at its end. */
  backend: string | undefined
  fallback: 'redirect' | 'none'
  /** 0: not at all. */
  watchSeconds: number
  timeoutMs: number
}

/** Checks the options of `init()`. @throws SdkError `invalid_options`, naming the option and its value */
export function readOptions(options: InitOptions): Settings {
  const {
    client_id,
    redirect_uri,
    scope = 'openid',
    backend,
    fallback = 'redirect',
    timeout = 5000
  } = options
  const watch = options.watch === true ? 60 : options.watch || 0
  check('client_id', client_id, client_id && isText(client_id), 'the id of the client at the server')
  check(
    'redirect_uri',
    redirect_uri,
    redirect_uri === undefined || parse(redirect_uri),
    'an absolute address'
  )
  check('scope', scope, isText(scope), 'scopes with spaces between them')
  check('fallback', fallback, fallback === 'redirect' || fallback === 'none', '"redirect" or "none"')
  check('watch', watch, watch === 0 || isPositive(watch), 'true, false or seconds')
  check('timeout', timeout, isPositive(timeout), 'milliseconds')
  return {
    clientId: client_id,
    server: originOf(options),
    redirectUri: redirect_uri,
    scope,
    backend: backend === undefined ? undefined : backendOf(backend),
    fallback,
    watchSeconds: watch,
    timeoutMs: timeout
  }
}

/** The server's origin. @throws SdkError `invalid_options` */
function originOf({ server, https = true }: Pick<InitOptions, 'server' | 'https'>): string {
  const url = isText(server) && parse(server.includes('://') ? server : `http${https ? 's' : ''}://${server}`)
  const isOrigin = url && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`
  check('server', server, isOrigin, 'an origin such as https://id.example.com, or host[:port]')
  return (url as URL).origin
}

function backendOf(backend: string): string {
  const url = isText(backend) && parse(backend, location.href)
  const isOurs = url && url.origin === location.origin && !url.search && !url.hash
  check('backend', backend, isOurs, 'a path on this origin, such as /auth')
  return (url as URL).href.replace(/\/$/, '')
}

function check(option: string, value: unknown, isRight: unknown, expected: string): void {
  if (!isRight)
    throw new SdkError('invalid_options', `${option} is ${JSON.stringify(value)}: give ${expected}`)
}

const isText = (value: unknown): value is string => typeof value === 'string'

const isPositive = (value: unknown): boolean => typeof value === 'number' && value > 0 && value < Infinity

function parse(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base)
  } catch {
    return undefined
  }
}
