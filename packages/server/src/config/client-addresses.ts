import { isLoopback } from './schema.ts'
import { badUri, badWebUri } from './uri.ts'

/** Notes a broken rule at a path inside what is checked. */
export type Complain = (path: (string | number)[], rule: string) => void

/** The addresses of a client, by their registered names; of one that registers itself they may be anything. */
export interface Addresses {
  application_type?: unknown
  redirect_uris?: readonly string[]
  post_logout_redirect_uris?: readonly string[]
  jwks_uri?: string
  backchannel_logout_uri?: string
  frontchannel_logout_uri?: string
  webhook_uri?: string
  client_uri?: string
  logo_uri?: string
  policy_uri?: string
  tos_uri?: string
}

/** The server that a client's addresses are judged for, and where it takes plain http. */
export interface Server {
  issuer: string | undefined
  /** For web clients on loopback hosts. */
  onLoopback: boolean
  /** For a `backchannel_logout_uri` or `webhook_uri` anywhere. */
  forBackchannel: boolean
  /** For a `jwks_uri` on loopback hosts: it is fetched, and not from there without `allow_private_addresses`. */
  forKeys: boolean
}

/** What holds for the addresses of a client, whether the config names it or it registers itself. */
export function addressRules(client: Addresses, server: Server, complain: Complain): void {
  for (const list of ['redirect_uris', 'post_logout_redirect_uris'] as const) {
    for (const [index, value] of (client[list] ?? []).entries()) {
      const form = badUri(value)
      const rule =
        form !== undefined
          ? `expected: ${form}`
          : isOurs(value, server)
            ? ownRule
            : badReturnAddress(client, value, server)
      if (rule !== undefined) complain([list, index], rule)
    }
  }
  function isUnsafe(key: keyof Addresses, value: string): boolean {
    if (new URL(value).protocol !== 'http:') return false
    if ((key === 'backchannel_logout_uri' || key === 'webhook_uri') && server.forBackchannel) return false
    return !(isLoopback(value) && (key === 'jwks_uri' ? server.forKeys : server.onLoopback))
  }
  for (const [key, rule] of singles) {
    const value = client[key]
    if (value === undefined) continue
    const form = badWebUri(value)
    if (form !== undefined) complain([key], `expected: ${form}`)
    else if (isOurs(value, server)) complain([key], ownRule)
    else if (rule !== undefined && isUnsafe(key, value)) complain([key], rule)
  }
  checkFrame(client, complain)
}

/** Which rule an address breaks that a confidential client names later on, to be told at. */
export function badNoticeAddress(
  value: string,
  config: { issuer: string; allow_private_addresses: boolean }
): string | undefined {
  const form = badWebUri(value)
  if (form !== undefined) return `must be ${form}`
  const server = { issuer: config.issuer, onLoopback: true, forBackchannel: true, forKeys: true }
  if (isOurs(value, server)) return ownRule
  const plain = new URL(value).protocol === 'http:'
  return plain && !isLoopback(value) && !config.allow_private_addresses ? noticeRule : undefined
}

const ownRule = 'must not be an address of this server: its pages would do there what a client says'

/** Whether an address is on the server's own origin, however it is written. */
function isOurs(value: string, { issuer }: Server): boolean {
  return issuer !== undefined && URL.canParse(issuer) && placeOf(value) === placeOf(issuer)
}

/** Host and port, without the final dot of a name; browsers make https of http here (HSTS), so the two are one. */
function placeOf(address: string): string | undefined {
  const { protocol, hostname, port } = new URL(address)
  if (protocol !== 'https:' && protocol !== 'http:') return undefined
  return `${hostname.replace(/\.$/, '')}:${port === '80' || port === '443' ? '' : port}`
}

const noticeRule =
  'must be https: http is for loopback hosts, and for confidential clients with allow_private_addresses'

/** Addresses that stand alone, with the rule that one on plain http breaks. */
const singles = [
  [
    'jwks_uri',
    'must be https (http for loopback hosts with allow_private_addresses): whoever changes the keys on the way is this client'
  ],
  ['backchannel_logout_uri', noticeRule],
  ['webhook_uri', noticeRule],
  ['frontchannel_logout_uri', undefined],
  ['client_uri', undefined],
  ['logo_uri', undefined],
  ['policy_uri', undefined],
  ['tos_uri', undefined]
] as const

/**
 * Where a browser is sent with a code or after a logout: https; http on the own machine; a scheme of its own for an app
 * (RFC 9700 §2.6, RFC 8252 §7, RP-Initiated Logout 1.0 §3.1).
 */
function badReturnAddress(client: Addresses, value: string, server: Server): string | undefined {
  const { protocol, hostname } = new URL(value)
  const native = client.application_type === 'native'
  if (protocol === 'https:')
    return native && isLoopback(value) ? 'an app has no certificate for its own machine: use http' : undefined
  if (protocol === 'http:') {
    if (native)
      return ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
        ? undefined
        : 'http is for 127.0.0.1, [::1] and localhost only'
    return server.onLoopback && isLoopback(value)
      ? undefined
      : 'must be https: http is for loopback hosts only'
  }
  return native ? undefined : `scheme ${protocol} is for a native client (application_type)`
}

/** A frame of a client is on an origin of its own (Front-Channel Logout 1.0 §2). */
function checkFrame(
  { frontchannel_logout_uri: framed, redirect_uris = [] }: Addresses,
  complain: Complain
): void {
  if (framed === undefined || !URL.canParse(framed)) return
  const origins = redirect_uris.filter(value => URL.canParse(value)).map(value => new URL(value).origin)
  if (!origins.includes(new URL(framed).origin))
    complain(
      ['frontchannel_logout_uri'],
      'must have the scheme, host and port of one of redirect_uris (Front-Channel Logout 1.0 §2)'
    )
}
