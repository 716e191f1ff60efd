import { type ClientConfig, isConfidential, privateKeyParts } from './client-schema.ts'
import { isLoopback } from './schema.ts'

/** Notes a broken rule at a path inside what is checked. */
export type Complain = (path: (string | number)[], rule: string) => void

/** What holds between the keys of one client. Each rule is checked, whichever others are broken. */
export function clientRules(
  client: ClientConfig,
  config: { allow_private_addresses: boolean },
  complain: Complain
): void {
  checkAuthentication(client, complain)
  if (!isConfidential(client)) checkPublic(client, complain)
  checkGrantTypes(client, complain)
  for (const list of ['redirect_uris', 'post_logout_redirect_uris'] as const) {
    for (const [index, value] of client[list].entries()) {
      const rule = badReturnAddress(client, value)
      if (rule !== undefined) complain([list, index], rule)
    }
  }
  checkLogoutAddresses(client, config, complain)
}

function checkAuthentication(client: ClientConfig, complain: Complain): void {
  const method = client.token_endpoint_auth_method
  if (client.client_secret === undefined && method?.startsWith('client_secret_'))
    complain(['client_secret'], `needed for token_endpoint_auth_method ${method}`)
  if (method === 'none' && client.client_secret !== undefined)
    complain(['client_secret'], 'not used with token_endpoint_auth_method none: leave one of them out')
  if (method === 'private_key_jwt' && !client.jwks && !client.jwks_uri)
    complain(['jwks'], 'needed for private_key_jwt (or jwks_uri)')
  if (method !== 'private_key_jwt' && client.token_endpoint_auth_signing_alg !== undefined)
    complain(['token_endpoint_auth_signing_alg'], 'for private_key_jwt only')
  if (client.jwks && client.jwks_uri) complain(['jwks_uri'], 'only one of jwks and jwks_uri')
  if (client.jwks_uri !== undefined && isUnsafe(client.jwks_uri))
    complain(['jwks_uri'], 'must be https: whoever changes the keys on the way is this client')
  for (const [index, key] of (client.jwks?.keys ?? []).entries()) {
    if (key.kty === 'oct') complain(['jwks', 'keys', index, 'kty'], 'a symmetric key is no public key')
    for (const part of privateKeyParts)
      if (part in key) complain(['jwks', 'keys', index, part], 'private: register the public key only')
  }
}

function checkPublic(client: ClientConfig, complain: Complain): void {
  if (!client.require_pkce) complain(['require_pkce'], 'only a confidential client may do without PKCE')
  for (const power of ['introspects', 'may_end_sessions', 'may_revoke_globally'] as const)
    if (client[power]) complain([power], 'only a confidential client may have this power')
  if (client.grant_types.includes('client_credentials'))
    complain(['grant_types'], 'client_credentials is for confidential clients only')
}

function checkGrantTypes(client: ClientConfig, complain: Complain): void {
  const code = client.grant_types.includes('authorization_code')
  if (code && client.redirect_uris.length === 0) {
    complain(
      ['redirect_uris'],
      'at least one for the grant type authorization_code (or leave that out of grant_types)'
    )
  }
  if (client.response_types !== undefined && client.response_types.includes('code') !== code)
    complain(['response_types'], 'code goes with the grant type authorization_code, and only with that')
}

/**
 * Where a browser is sent with a code or after a logout: https; http on the own machine; a scheme of its own for an app
 * (RFC 9700 §2.6, RFC 8252 §7, RP-Initiated Logout 1.0 §3.1).
 */
function badReturnAddress(client: ClientConfig, value: string): string | undefined {
  const { protocol, hostname } = new URL(value)
  const native = client.application_type === 'native'
  if (protocol === 'https:')
    return native && isLoopback(value) ? 'an app has no certificate for its own machine: use http' : undefined
  if (protocol === 'http:') {
    if (native)
      return ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
        ? undefined
        : 'http is for 127.0.0.1, [::1] and localhost only'
    return isLoopback(value) ? undefined : 'must be https: http is for loopback hosts only'
  }
  return native ? undefined : `scheme ${protocol} is for a native client (application_type)`
}

function checkLogoutAddresses(
  client: ClientConfig,
  config: { allow_private_addresses: boolean },
  complain: Complain
): void {
  const { backchannel_logout_uri: told, frontchannel_logout_uri: framed } = client
  // Back-Channel Logout 1.0 §2.2 allows http for confidential clients; that is for networks nobody else is in.
  const insideOurs = isConfidential(client) && config.allow_private_addresses
  if (told !== undefined && isUnsafe(told) && !insideOurs) {
    complain(
      ['backchannel_logout_uri'],
      'must be https: http is for loopback hosts, and for confidential clients with allow_private_addresses'
    )
  }
  if (framed === undefined) return
  const origins = client.redirect_uris.map(value => new URL(value).origin)
  if (!origins.includes(new URL(framed).origin))
    complain(
      ['frontchannel_logout_uri'],
      'must have the scheme, host and port of one of redirect_uris (Front-Channel Logout 1.0 §2)'
    )
}

const isUnsafe = (value: string): boolean => new URL(value).protocol === 'http:' && !isLoopback(value)
