import type { DatabaseSync } from 'node:sqlite'
import type { KeyRow } from '../records.ts'
import type { UpkeepStore } from '../storage.ts'
import type { Write } from './group-commit.ts'
import { sqliteRetention } from './retention.ts'

/** {@link UpkeepStore} on SQLite, but for closing, which belongs to the whole. */
export function sqliteUpkeep(db: DatabaseSync, write: Write): Omit<UpkeepStore, 'close'> {
  const keys = db.prepare(`SELECT kid, alg, sealed_jwk AS sealedJwk, created_at AS createdAt,
    signs_from AS signsFrom FROM signing_keys ORDER BY signs_from DESC, kid`)
  const saveKey = db.prepare(`INSERT INTO signing_keys (kid, alg, sealed_jwk, created_at, signs_from)
    VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
  const secret = db.prepare('SELECT sealed FROM secrets WHERE name = ?')
  const addSecret = db.prepare('INSERT INTO secrets (name, sealed) VALUES (?, ?) ON CONFLICT DO NOTHING')
  const ping = db.prepare('SELECT epoch FROM system WHERE id = 1')
  // SQLite writes nothing where nothing changes, and a full disk would go unnoticed.
  const touch = db.prepare('UPDATE system SET pings = pings + 1 WHERE id = 1')

  return {
    listKeys: async () => keys.all().map(row => ({ ...row }) as unknown as KeyRow),
    saveKey: it => write(() => void saveKey.run(it.kid, it.alg, it.sealedJwk, it.createdAt, it.signsFrom)),
    findOrMakeSecret: (name, make) =>
      write(() => {
        const found = secret.get(name)
        if (found) return String(found.sealed)
        addSecret.run(name, make())
        return String(secret.get(name)?.sealed)
      }),
    sweep: sqliteRetention(db, write),
    ping: async () => {
      ping.get()
      await write(() => void touch.run())
    }
  }
}
