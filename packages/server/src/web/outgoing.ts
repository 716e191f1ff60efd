import dns, { type LookupAddress, type LookupOptions } from 'node:dns'
import { readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import { Agent, type Dispatcher, fetch } from 'undici'
import type { Config } from '../config/schema.ts'
import { UtgangError } from '../errors.ts'

type LookupDone = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number
) => void

/** A `lookup` that takes `.localhost` to loopback by itself (RFC 6761 §6.3), which the system's resolver does not. */
export function lookup(hostname: string, options: LookupOptions, done: LookupDone): void {
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) {
    if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }])
    else done(null, '127.0.0.1', 4)
    return
  }
  dns.lookup(hostname, options, done as never)
}

/**
 * The one agent through which this server calls out.
 * @throws UtgangError `bad_config` when `extra_ca_file` cannot be read or holds no certificate
 */
export function outgoingAgent(config: Pick<Config, 'extra_ca_file'>): Dispatcher {
  const { extra_ca_file: file } = config
  const ca = file === undefined ? undefined : [...rootCertificates, authoritiesIn(file)]
  return new Agent({
    connect: { lookup: lookup as never, ca },
    headersTimeout: 5000,
    bodyTimeout: 5000,
    maxResponseSize: 512 * 1024
  })
}

/** `fetch` through {@link outgoingAgent}: undici's own, since Node's built-in one refuses an agent of another version. */
export function outgoingFetch(config: Pick<Config, 'extra_ca_file'>): typeof fetch {
  const dispatcher = outgoingAgent(config)
  return (input, init) => fetch(input, { ...init, dispatcher })
}

function authoritiesIn(file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new UtgangError('bad_config', `extra_ca_file: ${file} cannot be read (${code})`, { cause })
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new UtgangError('bad_config', `extra_ca_file: ${file} holds no certificate in PEM form`)
  return text
}
