import dns, { type LookupAddress, type LookupOptions } from 'node:dns'
import { readFileSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import { TransformStream } from 'node:stream/web'
import { rootCertificates } from 'node:tls'
import { Agent, fetch, Request, Response } from 'undici'
import type { Config } from '../config/schema.ts'
import { UtgangError } from '../errors.ts'

type LookupDone = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number
) => void

/** A `lookup` that takes `.localhost` to loopback by itself (RFC 6761 §6.3), which the system's resolver does not. */
function lookup(hostname: string, options: LookupOptions, done: LookupDone): void {
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) {
    if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }])
    else done(null, '127.0.0.1', 4)
    return
  }
  dns.lookup(hostname, options, done as never)
}

/** Networks that are nobody's on the internet (IANA's special-purpose registries): this machine, its neighbours, a cloud's metadata. */
const privateNetworks = new BlockList()
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3]
] as const)
  privateNetworks.addSubnet(network, bits, 'ipv4')
for (const [network, bits] of [
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 32],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8]
] as const)
  privateNetworks.addSubnet(network, bits, 'ipv6')

/** Whether an address is on {@link privateNetworks}; IPv4 inside IPv6 counts as what it is. */
export const isPrivate = (address: string): boolean =>
  privateNetworks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** {@link lookup}, but a name that leads into a private network leads nowhere: also one that did not a moment ago. */
function publicLookup(hostname: string, options: LookupOptions, done: LookupDone): void {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    if (error) return done(error, [])
    const addresses = (found as LookupAddress[]).filter(({ address }) => !isPrivate(address))
    const [first] = addresses
    if (!first) return done(refusal(hostname), [])
    return options.all ? done(null, addresses) : done(null, first.address, first.family)
  })
}

const refusal = (hostname: string): Error =>
  Object.assign(new Error(`${hostname} is on a private network`), { code: 'EACCES' })

/** Most of one answer, in bytes, as it comes and when it has been unpacked. */
const mostBytes = 512 * 1024

/** What calling out needs to know. */
type Outgoing = Pick<Config, 'extra_ca_file' | 'allow_private_addresses'>

/** A way out of this server. */
export interface WayOut {
  dispatcher: Agent
  /** @throws an error with code `EACCES` for an address that is written out and on a private network */
  check(address: URL): void
}

/**
 * The connections by which this server calls elsewhere. Unless `allow_private_addresses` says so, they go to no private
 * network; what a name leads to is judged at each connect.
 * @throws UtgangError `bad_config` when `extra_ca_file` cannot be read or holds no certificate
 */
export function wayOut(config: Outgoing, limits: Agent.Options = {}): WayOut {
  const { extra_ca_file: file, allow_private_addresses: anywhere } = config
  const ca = file === undefined ? undefined : [...rootCertificates, authoritiesIn(file)]
  return {
    dispatcher: new Agent({
      connect: { lookup: (anywhere ? lookup : publicLookup) as never, ca, timeout: 5000 },
      headersTimeout: 5000,
      bodyTimeout: 5000,
      maxResponseSize: mostBytes,
      ...limits
    }),
    check({ hostname }) {
      // An address that is written out is not looked up.
      const host = hostname.replace(/^\[|\]$/g, '')
      if (!anywhere && isIP(host) !== 0 && isPrivate(host)) throw refusal(host)
    }
  }
}

/**
 * `fetch` for everything that this server reads elsewhere: undici's own, since Node's built-in one refuses an agent of
 * another version. It follows no redirect; see {@link wayOut}.
 * @throws UtgangError `bad_config` as {@link wayOut}
 */
export function outgoingFetch(config: Outgoing): typeof fetch {
  const { dispatcher, check } = wayOut(config)
  return async (input, init) => {
    check(new URL(input instanceof Request ? input.url : input))
    return unpacked(await fetch(input, { ...init, redirect: 'error', dispatcher }))
  }
}

/** An answer whose body fails where it unpacks to too much: what came was small, a few hundred bytes can be gigabytes. */
function unpacked(answer: Response): Response {
  if (!answer.body || !answer.headers.has('content-encoding')) return answer
  let left = mostBytes
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform(part, controller) {
      left -= part.length
      if (left >= 0) controller.enqueue(part)
      else controller.error(new Error(`the answer unpacks to more than ${mostBytes} bytes`))
    }
  })
  return new Response(answer.body.pipeThrough(counting), answer)
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
