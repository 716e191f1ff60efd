import { randomUUID } from 'node:crypto'
import { newListeners } from './listeners.ts'
import { beganAt, now, rememberSeconds, tickMs } from './rules.ts'
import { openDatabase } from './sqlite-database.ts'
import type { RpSession, RpSessionStore, RpSessionsEnded } from './store.ts'

/** Options of `sqliteSessions`. */
export interface SqliteSessionsOptions {
  /** The file, made if it is not there, for this user alone. On a local disk: SQLite's locks are not to be had on a network's. */
  path: string
}

type By = RpSessionsEnded['by']
type Keys = Array<{ key: string }>

/** How often a process looks whether another one has written, in milliseconds. It costs a few microseconds. */
const lookMs = 200

/**
 * RP sessions in one SQLite file, which all processes of one machine share. What has been written survives a power cut.
 * `close()` closes the file.
 * @throws Error of `node:sqlite` when the file cannot be opened, or is another program's
 */
export function sqliteSessions({ path }: SqliteSessionsOptions): RpSessionStore {
  const { run, all, transaction, version, close } = openDatabase(path)
  const listeners = newListeners()
  const us = randomUUID()
  let lastEnd = all<{ id: number }>('select coalesce(max(id), 0) as id from ended')[0]?.id ?? 0
  let lastVersion = version()
  const timers = [setInterval(quietly(look), lookMs), setInterval(quietly(sweep), tickMs)]
  for (const timer of timers) timer.unref()

  /** Whether another process wrote, and if it did, what it ended. */
  function look(): void {
    const found = version()
    if (found === lastVersion) return
    const ends = all<{ id: number; origin: string; keys: string; by: By }>(
      'select id, origin, keys, by from ended where id > ? order by id',
      lastEnd
    )
    lastVersion = found
    for (const { id, origin, keys, by } of ends) {
      lastEnd = id
      if (origin !== us) listeners.tell({ keys: JSON.parse(keys), by })
    }
  }

  /** Takes sessions out in a transaction, which other things may be part of, then tells this process; {@link look} tells the others. */
  function remove(by: By, take: () => Keys): string[] {
    const keys = transaction(() => {
      const taken = take().map(({ key }) => key)
      if (taken.length > 0)
        run(
          'insert into ended (origin, keys, by, at) values (?, ?, ?, ?)',
          us,
          JSON.stringify(taken),
          by,
          now()
        )
      return taken
    })
    listeners.tell({ keys, by })
    return keys
  }

  function sweep(): void {
    const at = now()
    const [due] = all('select 1 from sessions where expires_at <= ? limit 1', at)
    if (due) remove('expired', () => all<{ key: string }>(`${taken} expires_at <= ? returning key`, at))
    for (const table of ['ended_sids', 'ended_subs', 'jtis'])
      if (all(`select 1 from ${table} where until <= ? limit 1`, at).length > 0)
        run(`delete from ${table} where until <= ?`, at)
    if (all('select 1 from ended where at <= ? limit 1', at - rememberSeconds).length > 0)
      run('delete from ended where at <= ?', at - rememberSeconds)
  }

  return {
    async create(key, session) {
      const { iss, sid, sub, expiresAt } = session
      const began = beganAt(session)
      const { changes } = run(
        `insert into sessions (key, iss, sid, sub, began, expires_at, session) select ?, ?, ?, ?, ?, ?, ?
         where not exists (select 1 from ended_sids where iss = ? and sid = ?)
           and not exists (select 1 from ended_subs where iss = ? and sub = ? and ended_at >= ?)`,
        ...[key, iss, sid, sub, began, expiresAt, JSON.stringify(session)],
        ...[iss, sid, iss, sub, began]
      )
      return changes === 1
    },
    async find(key) {
      const [found] = all<{ session: string }>(
        'select session from sessions where key = ? and expires_at > ?',
        key,
        now()
      )
      return found && (JSON.parse(found.session) as RpSession)
    },
    async replace(key, session) {
      const { changes } = run(
        'update sessions set session = ?, expires_at = ? where key = ? and expires_at > ?',
        ...[JSON.stringify(session), session.expiresAt, key, now()]
      )
      return changes === 1
    },
    async end(key, by) {
      const keys = remove(by, () => all(`${taken} key = ? and expires_at > ? returning key`, key, now()))
      return keys.length === 1
    },
    endBySid: async (iss, sid, by) =>
      remove(by, () => {
        if (by !== 'front_channel')
          run(
            'insert into ended_sids values (?, ?, ?) on conflict do update set until = excluded.until',
            ...[iss, sid, now() + rememberSeconds]
          )
        return all(`${taken} iss = ? and sid = ? and expires_at > ? returning key`, iss, sid, now())
      }),
    endBySub: async (iss, sub, endedAt, by) =>
      remove(by, () => {
        run(
          `insert into ended_subs values (?, ?, ?, ?)
           on conflict do update set ended_at = max(ended_at, excluded.ended_at), until = excluded.until`,
          ...[iss, sub, endedAt, now() + rememberSeconds]
        )
        return all(
          `${taken} iss = ? and sub = ? and began <= ? and expires_at > ? returning key`,
          ...[iss, sub, endedAt, now()]
        )
      }),
    async takeJti(iss, jti, expiresAt) {
      const { changes } = run(
        'insert into jtis values (?, ?, ?) on conflict do update set until = excluded.until where until <= ?',
        ...[iss, jti, expiresAt, now()]
      )
      return changes === 1
    },
    async returnJti(iss, jti) {
      run('delete from jtis where iss = ? and jti = ?', iss, jti)
    },
    onEnded: listeners.add,
    async close() {
      timers.forEach(clearInterval)
      listeners.clear()
      close()
    }
  }
}

const taken = 'delete from sessions where'

/** What a timer does may fail, as when another process has locked the file: the next time does it, and callers are told. */
function quietly(work: () => void): () => void {
  return () => {
    try {
      work()
    } catch {}
  }
}
