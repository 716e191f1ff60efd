import * as openid from 'openid-client'
import type { Fetch } from '../options.ts'
import type { TokenSettings } from './options.ts'

/** What is needed of an issuer's metadata (RFC 8414). */
export interface IssuerMetadata {
  jwks_uri: string
  introspection_endpoint: string | undefined
}

/** Longest that the issuer may take for one answer, in milliseconds. */
export const timeoutMs = 3000

/** Reads the metadata once, when they are first needed; after a failure at the next need. */
export function issuerMetadata(
  { issuer }: Pick<TokenSettings, 'issuer'>,
  fetch: Fetch
): () => Promise<IssuerMetadata> {
  let known: Promise<IssuerMetadata> | undefined
  return () => {
    known ??= read(issuer, fetch).catch(error => {
      known = undefined
      throw error
    })
    return known
  }
}

async function read(issuer: string, fetch: Fetch): Promise<IssuerMetadata> {
  // Nothing is asked in a client's name here, so any will do.
  const found = await openid.discovery(new URL(issuer), 'any', undefined, openid.None(), {
    timeout: timeoutMs / 1000,
    // Whether plain http is allowed has been decided with the options.
    execute: issuer.startsWith('http:') ? [openid.allowInsecureRequests] : [],
    [openid.customFetch]: fetch as unknown as openid.CustomFetch
  })
  const metadata = found.serverMetadata()
  // Discovery overlooks a slash at the end.
  if (metadata.issuer !== issuer) throw new Error(`${issuer} calls itself ${metadata.issuer}`)
  if (metadata.jwks_uri === undefined) throw new Error(`${issuer} names no jwks_uri`)
  return { jwks_uri: metadata.jwks_uri, introspection_endpoint: metadata.introspection_endpoint }
}
