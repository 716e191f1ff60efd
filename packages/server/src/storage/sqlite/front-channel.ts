import type { DatabaseSync } from 'node:sqlite'
import type { AskedClient } from '../records.ts'
import type { FrontChannelStore } from '../storage.ts'
import type { Write } from './group-commit.ts'

/** {@link FrontChannelStore} on SQLite. The rows of a logout go with it. */
export function sqliteFrontChannel(db: DatabaseSync, write: Write): FrontChannelStore {
  const add = db.prepare(`INSERT INTO front_channel (logout_id, client_id, sid, at)
    SELECT id, ?2, ?3, ?4 FROM logouts WHERE id = ?1 ON CONFLICT DO NOTHING`)
  const list = db.prepare(`SELECT client_id AS clientId, sid, at FROM front_channel
    WHERE logout_id = ? ORDER BY client_id, sid`)
  return {
    noteAsked: (logoutId, applications, now) =>
      write(() => {
        for (const { clientId, sid } of applications) add.run(logoutId, clientId, sid, now)
      }),
    listAsked: async logoutId => list.all(logoutId).map(row => ({ ...row }) as unknown as AskedClient)
  }
}
