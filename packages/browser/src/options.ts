import { SdkError } from './sdk-error.ts'
import type { InitOptions } from './types.ts'

/** Options that have been checked, with their defaults. */
export interface Settings {
  client_id: string
  /** Origin of the identity server. */
  server: string
  redirect_uri: string | undefined
  scope: string
  /** Path without a slash at its end. */
  backend: string | undefined
  fallback: 'redirect' | 'none'
  /** Seconds between two looks; 0 for never. */
  watch: number
  timeout: number
}

/** @throws SdkError `invalid_options` with the name and the value of the first that is wrong */
export function readOptions(options: InitOptions): Settings {
  const {
    client_id,
    redirect_uri,
    scope = 'openid profile',
    backend,
    fallback = 'redirect',
    timeout = 5000
  } = options
  const watch = options.watch === true ? 60 : options.watch || 0
  need(
    typeof client_id === 'string' && client_id !== '',
    'client_id',
    client_id,
    'the id of a registered client'
  )
  need(
    redirect_uri === undefined || URL.canParse(redirect_uri),
    'redirect_uri',
    redirect_uri,
    'an absolute address'
  )
  need(
    backend === undefined || /^\/(?!\/)/.test(backend),
    'backend',
    backend,
    'a path of this origin, such as /auth'
  )
  need(fallback === 'redirect' || fallback === 'none', 'fallback', fallback, '"redirect" or "none"')
  need(watch === 0 || watch >= 10, 'watch', watch, 'true, or at least 10 seconds')
  need(timeout > 0, 'timeout', timeout, 'milliseconds')
  return {
    client_id,
    server: originOf(options),
    redirect_uri,
    scope,
    backend: backend?.replace(/\/$/, ''),
    fallback,
    watch,
    timeout
  }
}

function originOf({ server, https = true }: InitOptions): string {
  const address = /^https?:\/\//.test(server) ? server : `${https ? 'https' : 'http'}://${server}`
  need(
    typeof server === 'string' && server !== '' && URL.canParse(address),
    'server',
    server,
    'an origin or a host'
  )
  return new URL(address).origin
}

function need(holds: boolean, name: string, value: unknown, expected: string): void {
  if (!holds)
    throw new SdkError('invalid_options', `${name} is ${JSON.stringify(value)}; it has to be ${expected}`)
}
