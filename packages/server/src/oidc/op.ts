import type { IncomingMessage, ServerResponse } from 'node:http'
import type Provider from 'oidc-provider'
import { readSigningKeys, type SigningKeys } from '../tokens/signing-keys.ts'
import type { OpParts } from './parts.ts'
import { buildProvider } from './provider.ts'

/** The OpenID Provider, always with the keys of the moment. */
export interface Op {
  provider(): Provider
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  keys(): SigningKeys
  /** Reads the keys again and, when the set has changed, goes on with the new one. */
  refreshKeys(): Promise<void>
}

/**
 * Starts the provider. Its keys are fixed when it is built, so a changed set builds another one; requests under way
 * finish on the old one. Building takes a few milliseconds and keeps no state.
 */
export async function openOp(parts: Omit<OpParts, 'keys'>): Promise<Op> {
  const { storage, sealer, clock, config } = parts
  const keptSeconds = Math.max(config.lifetimes.remembered_max_seconds, config.lifetimes.session_max_seconds)
  let keys = await readSigningKeys(storage, sealer, clock.now(), keptSeconds)
  let current = build()

  function build(): { provider: Provider; callback: ReturnType<Provider['callback']> } {
    const provider = buildProvider({ ...parts, keys: () => keys })
    return { provider, callback: provider.callback() }
  }

  return {
    provider: () => current.provider,
    handle: (request, response) => current.callback(request, response),
    keys: () => keys,
    async refreshKeys() {
      const fresh = await readSigningKeys(storage, sealer, clock.now(), keptSeconds)
      if (fresh.fingerprint === keys.fingerprint) return
      keys = fresh
      current = build()
    }
  }
}
