import { addressRules, type Complain } from './client-addresses.ts'
import { type ClientConfig, globalRevocationScope, isConfidential, privateKeyParts } from './client-schema.ts'

/** What holds between the keys of one client. Each rule is checked, whichever others are broken. */
export function clientRules(
  client: ClientConfig,
  config: { issuer: string | undefined; allow_private_addresses: boolean },
  complain: Complain
): void {
  checkAuthentication(client, complain)
  if (!isConfidential(client)) checkPublic(client, complain)
  checkGrantTypes(client, complain)
  if (client.legacy_jsonp && !client.redirect_uris.some(it => /^https?:/i.test(it)))
    complain(
      ['legacy_jsonp'],
      'only with a redirect URI on the web: pages on its origin are the ones that may ask'
    )
  checkEvents(client, complain)
  if (client.scope?.split(' ').includes(globalRevocationScope) && client.may_revoke_globally === false)
    complain(['scope'], `${globalRevocationScope} is only for clients with may_revoke_globally`)
  // Back-Channel Logout 1.0 §2.2 allows http for confidential clients; that is for networks nobody else is in.
  const forBackchannel = isConfidential(client) && config.allow_private_addresses
  const { issuer, allow_private_addresses: forKeys } = config
  addressRules(client, { issuer, onLoopback: true, forBackchannel, forKeys }, complain)
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
  for (const [index, key] of (client.jwks?.keys ?? []).entries()) {
    if (key.kty === 'oct') complain(['jwks', 'keys', index, 'kty'], 'a symmetric key is no public key')
    for (const part of privateKeyParts)
      if (part in key) complain(['jwks', 'keys', index, part], 'private: register the public key only')
  }
}

function checkPublic(client: ClientConfig, complain: Complain): void {
  if (!client.require_pkce) complain(['require_pkce'], 'only a confidential client may do without PKCE')
  for (const power of [
    'introspects',
    'may_end_sessions',
    'may_revoke_globally',
    'may_receive_events'
  ] as const)
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

function checkEvents(client: ClientConfig, complain: Complain): void {
  if ((client.webhook_uri === undefined) !== (client.webhook_secret === undefined))
    complain(
      [client.webhook_uri === undefined ? 'webhook_uri' : 'webhook_secret'],
      'webhook_uri and webhook_secret go together'
    )
  if (client.may_receive_events !== false && !client.grant_types.includes('client_credentials'))
    complain(
      ['may_receive_events'],
      'only with the grant type client_credentials: its token manages the stream'
    )
}
