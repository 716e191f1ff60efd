import type { Adapter, AdapterPayload } from 'oidc-provider'
import { secretMark } from '../clients/client.ts'
import type { Json } from '../storage/records.ts'
import { hashSecret } from '../storage/secrets.ts'
import { adapter } from './adapter-base.ts'
import type { OpParts } from './parts.ts'

/** Clients for oidc-provider: those of the config are only read; those that register themselves are written here. */
export function clientAdapter({ storage, clock, heart }: OpParts): Adapter {
  return adapter({
    async upsert(id, payload) {
      const { client_secret, ...metadata } = payload as Json & { client_secret?: string }
      await storage.saveClient(
        {
          clientId: id,
          source: 'registered',
          metadata:
            client_secret === undefined ? metadata : { ...metadata, client_secret: marked(client_secret) },
          backchannelLogoutUri: (metadata.backchannel_logout_uri as string | undefined) ?? null
        },
        clock.now()
      )
    },
    async find(id) {
      const row = await storage.findClient(id)
      if (!row) return undefined
      const { grant_types, legacy_password_grant, ...metadata } = row.metadata as Json & {
        grant_types?: string[]
      }
      const types =
        row.source === 'config' && legacy_password_grant === true
          ? [...(grant_types ?? []), 'password']
          : grant_types
      // Without a browser's sign-in there is no response to send anywhere; oidc-provider would ask for redirect URIs.
      const responses = types && !types.includes('authorization_code') ? { response_types: [] } : {}
      return { ...metadata, grant_types: types, ...responses } as AdapterPayload
    },
    destroy: async id => void (await heart.end({ name: 'client_disabled', clientId: id }))
  })
}

function marked(secret: string): string {
  return secret.startsWith(secretMark) ? secret : secretMark + hashSecret(secret)
}
