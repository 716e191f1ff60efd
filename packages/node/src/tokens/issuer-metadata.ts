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
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const answer = await fetch(address, { signal: AbortSignal.timeout(timeoutMs), redirect: 'manual' })
  if (answer.status !== 200) {
    await answer.body?.cancel()
    throw new Error(`${address} answered ${answer.status}`)
  }
  const metadata = (await answer.json()) as Record<string, unknown>
  if (metadata.issuer !== issuer) throw new Error(`${address} is of another issuer`)
  const { jwks_uri, introspection_endpoint } = metadata
  if (typeof jwks_uri !== 'string') throw new Error(`${address} names no jwks_uri`)
  return {
    jwks_uri,
    introspection_endpoint: typeof introspection_endpoint === 'string' ? introspection_endpoint : undefined
  }
}
