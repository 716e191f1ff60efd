import type { DatabaseSync } from 'node:sqlite'
import { newSecret } from '../secrets.ts'
import { scattered, statusListPlaces } from '../status-places.ts'
import type { StatusListStore } from '../storage.ts'
import type { Write } from './group-commit.ts'
import { tokenJoin, tokenLive } from './liveness.ts'

interface ListRow {
  number: number
  scatter_key: string
  given: number
}

/** {@link StatusListStore} on SQLite. */
export function sqliteStatusLists(db: DatabaseSync, write: Write): StatusListStore {
  const newest = db.prepare(
    'SELECT number, scatter_key, given FROM status_lists ORDER BY number DESC LIMIT 1'
  )
  const open = db.prepare(
    'INSERT INTO status_lists (number, scatter_key, given, expires_at) VALUES (?, ?, 0, 0)'
  )
  const give = db.prepare(
    'UPDATE status_lists SET given = given + 1, expires_at = max(expires_at, ?) WHERE number = ?'
  )
  const inUse = db.prepare('SELECT 1 FROM status_lists WHERE number = ? AND expires_at > ?')
  const allInUse = db.prepare('SELECT number FROM status_lists WHERE expires_at > ? ORDER BY number')
  const dead = db.prepare(`SELECT t.status_index AS place FROM ${tokenJoin}
    WHERE t.status_list = ?2 AND t.status_index >= ?3 AND t.status_index < ?4 AND NOT ${tokenLive}`)

  function listWithRoom(): ListRow {
    const last = newest.get() as unknown as ListRow | undefined
    if (last && last.given < statusListPlaces) return last
    const next = { number: (last?.number ?? 0) + 1, scatter_key: newSecret(), given: 0 }
    open.run(next.number, next.scatter_key)
    return next
  }

  return {
    takeStatusPlace: tokenExpiresAt =>
      write(() => {
        const { number, scatter_key, given } = listWithRoom()
        give.run(tokenExpiresAt, number)
        return { list: number, index: scattered(scatter_key, given) }
      }),
    hasStatusList: async (list, now) => inUse.get(list, now) !== undefined,
    statusLists: async now => allInUse.all(now).map(row => Number(row.number)),
    deadPlaces: async (list, from, to, now) => dead.all(now, list, from, to).map(row => Number(row.place))
  }
}
