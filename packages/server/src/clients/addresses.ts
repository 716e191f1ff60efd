import type { Client } from './client.ts'

/** The two names under which a logout can carry an address. */
export type AddressParameter = 'redirect_uri' | 'post_logout_redirect_uri'

/**
 * Whether this client has registered this very address. Compared character for character (RFC 9700 §2.1): no prefix,
 * no other case, no added query. SPiD's `redirect_uri` may be any address of the client; OIDC's own parameter has a
 * list of its own (RP-Initiated Logout 1.0 §2).
 */
export function isRegistered(client: Client, parameter: AddressParameter, address: string): boolean {
  if (client.postLogoutRedirectUris.includes(address)) return true
  return parameter === 'redirect_uri' && client.redirectUris.includes(address)
}
