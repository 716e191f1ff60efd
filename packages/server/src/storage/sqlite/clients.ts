import type { DatabaseSync } from 'node:sqlite'
import type { ClientRow, Json } from '../records.ts'
import type { ClientStore } from '../storage.ts'
import type { Write } from './group-commit.ts'
import type { Turn } from './turn.ts'

const columns = `client_id AS clientId, source, metadata, backchannel_logout_uri AS backchannelLogoutUri, webhook_uri AS webhookUri,
  enabled, version`

type FoundRow = Omit<ClientRow, 'metadata' | 'enabled'> & { metadata: string; enabled: number }

/** {@link ClientStore} on SQLite. */
export function sqliteClients(db: DatabaseSync, write: Write, turn: Turn): ClientStore {
  const save =
    db.prepare(`INSERT INTO clients AS c (client_id, source, metadata, backchannel_logout_uri, webhook_uri, created_at)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (client_id) DO UPDATE SET source = excluded.source, metadata = excluded.metadata,
      backchannel_logout_uri = excluded.backchannel_logout_uri, webhook_uri = excluded.webhook_uri, enabled = 1, version = c.version + 1
    WHERE c.enabled = 0 OR c.metadata <> excluded.metadata OR c.source <> excluded.source
      OR c.backchannel_logout_uri IS NOT excluded.backchannel_logout_uri
      OR c.webhook_uri IS NOT excluded.webhook_uri`)
  const find = db.prepare(`SELECT ${columns} FROM clients WHERE client_id = ? AND enabled = 1`)
  const versionOf = db.prepare('SELECT version FROM clients WHERE client_id = ? AND enabled = 1')
  const list = db.prepare(`SELECT ${columns} FROM clients ORDER BY client_id`)

  // Clients are read with nearly every request and seldom change: the parsed metadata is kept for as long as the
  // row has the same version. That is read each time, so a change made elsewhere is seen at once.
  const parsed = new Map<string, ClientRow>()

  function toClient(found: unknown): ClientRow | undefined {
    if (!found) return undefined
    const row = found as FoundRow
    const known = parsed.get(row.clientId)
    if (known?.version === row.version) return known
    const client = { ...row, enabled: row.enabled === 1, metadata: JSON.parse(row.metadata) as Json }
    parsed.set(row.clientId, client)
    return client
  }

  return {
    saveClient: (it, now) =>
      write(
        () =>
          void save.run(
            it.clientId,
            it.source,
            JSON.stringify(it.metadata),
            it.backchannelLogoutUri,
            it.webhookUri ?? null,
            now
          )
      ),
    findClient: async clientId => {
      const known = parsed.get(clientId)
      if (known && turn.has(clientId)) return known
      const isCurrent = known && versionOf.get(clientId)?.version === known.version
      const client = isCurrent ? known : toClient(find.get(clientId))
      if (client) turn.add(clientId)
      return client
    },
    listClients: async () => list.all().flatMap(row => toClient(row) ?? [])
  }
}
