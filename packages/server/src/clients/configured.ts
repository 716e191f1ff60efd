import type { ClientConfig } from '../config/client-schema.ts'
import { isConfidential } from '../config/client-schema.ts'
import type { Json } from '../storage/records.ts'
import { hashSecret, type Sealer } from '../storage/secrets.ts'
import type { ClientStore } from '../storage/storage.ts'
import { secretMark } from './client.ts'

/** What a start changed among the clients. */
export interface ClientChanges {
  /** Client ids that the config no longer holds; each is to be ended with cause `client_disabled`. */
  gone: string[]
}

/**
 * Makes the storage's configured clients those of the config: new and changed ones are saved, and those that the
 * config no longer holds are named, for the caller to disable them through the heart.
 */
export async function saveConfiguredClients(
  storage: ClientStore,
  clients: readonly ClientConfig[],
  sealer: Sealer,
  now: number
): Promise<ClientChanges> {
  for (const client of clients) {
    await storage.saveClient(
      {
        clientId: client.client_id,
        source: 'config',
        metadata: await keptMetadata(storage, client, sealer),
        backchannelLogoutUri: client.backchannel_logout_uri ?? null,
        webhookUri: client.webhook_uri ?? null
      },
      now
    )
  }
  const wanted = new Set(clients.map(client => client.client_id))
  const rows = await storage.listClients()
  return {
    gone: rows
      .filter(row => row.source === 'config' && row.enabled && !wanted.has(row.clientId))
      .map(row => row.clientId)
  }
}

async function keptMetadata(storage: ClientStore, client: ClientConfig, sealer: Sealer): Promise<Json> {
  const { client_secret, sign_secret, webhook_secret, ...rest } = client
  const confidential = isConfidential(client)
  const kept: Json = {
    ...rest,
    token_endpoint_auth_method:
      rest.token_endpoint_auth_method ?? (confidential ? 'client_secret_basic' : 'none')
  }
  if (client_secret !== undefined) kept.client_secret = secretMark + hashSecret(client_secret)
  const before = (await storage.findClient(client.client_id))?.metadata
  for (const [name, secret] of Object.entries({ sign_secret, webhook_secret })) {
    if (secret === undefined) continue
    // Sealing is randomised; an unchanged secret keeps its sealed form, so that the client counts as unchanged.
    const sealed = before?.[`${name}_sealed`]
    kept[`${name}_sealed`] =
      typeof sealed === 'string' && opens(sealed, secret, sealer) ? sealed : sealer.seal(secret)
  }
  return kept
}

function opens(sealed: string, plain: string, sealer: Sealer): boolean {
  try {
    return sealer.open(sealed) === plain
  } catch {
    // Its key is gone. The config has the secret itself, so it is sealed anew.
    return false
  }
}
