import type { DatabaseSync } from 'node:sqlite'
import type { AskedClient, SessionClient } from '../records.ts'
import type { FrontChannelStore } from '../storage.ts'
import type { Write } from './group-commit.ts'

/** Of a client `c`: only a browser can tell it, since it has no address for servers (Front-Channel Logout 1.0 §2). */
export const isFramed = `c.enabled = 1 AND c.backchannel_logout_uri IS NULL
  AND json_extract(c.metadata, '$.frontchannel_logout_uri') IS NOT NULL`

/** {@link FrontChannelStore} on SQLite. The rows of a logout go with it. */
export function sqliteFrontChannel(db: DatabaseSync, write: Write): FrontChannelStore {
  const framed = db.prepare(`SELECT sc.client_id AS clientId, sc.sid FROM session_clients sc
    CROSS JOIN clients c ON c.client_id = sc.client_id WHERE sc.session_uid = ? AND ${isFramed}
    ORDER BY sc.joined_at, sc.client_id LIMIT ?`)
  const add = db.prepare(`INSERT INTO front_channel (logout_id, client_id, sid, at)
    SELECT id, ?2, ?3, ?4 FROM logouts WHERE id = ?1 ON CONFLICT DO NOTHING`)
  const list = db.prepare(`SELECT client_id AS clientId, sid, at FROM front_channel
    WHERE logout_id = ? ORDER BY client_id, sid`)
  return {
    listFramed: async (uid, limit) =>
      framed.all(uid, limit).map(row => ({ ...row }) as unknown as SessionClient),
    noteAsked: (logoutId, applications, now) =>
      write(() => {
        for (const { clientId, sid } of applications) add.run(logoutId, clientId, sid, now)
      }),
    listAsked: async logoutId => list.all(logoutId).map(row => ({ ...row }) as unknown as AskedClient)
  }
}
