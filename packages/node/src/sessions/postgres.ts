import { randomUUID } from 'node:crypto'
import { newListeners } from './listeners.ts'
import { wakeOnNotify } from './postgres-notify.ts'
import { openTables, type PgPool, type Query } from './postgres-tables.ts'
import { beganAt, now, rememberSeconds } from './rules.ts'
import type { RpSession, RpSessionStore, RpSessionsEnded } from './store.ts'
import { newTicker } from './ticker.ts'

/** Options of `postgresSessions`. */
export interface PostgresSessionsOptions {
  /** A `Pool` of the package `pg`. One of its connections is kept to listen, if it may have more than one. */
  pool: PgPool
  /** What the names of the tables begin with: small letters, digits and `_`. Default `utgang_rp_`. */
  prefix?: string
}

type By = RpSessionsEnded['by']

/** How often a process clears away what need not be remembered any more, in seconds. */
const forgetSeconds = 60

/**
 * RP sessions in PostgreSQL, 12 or later, which all processes on all machines share. Its tables are made when they are not there.
 * Every method rejects with what `pg` throws. Close it before the pool: `pool.end()` waits for the connection that listens.
 * @throws Error when the prefix cannot be part of a name
 */
export function postgresSessions({ pool, prefix = 'utgang_rp_' }: PostgresSessionsOptions): RpSessionStore {
  if (!/^[a-z_][a-z0-9_]{0,30}$/.test(prefix))
    throw new Error(`prefix: ${prefix} cannot begin a table’s name`)
  const { query, transaction } = openTables(pool, prefix)
  const listeners = newListeners()
  const us = randomUUID()
  let lastEnd: string | undefined
  let nextForgetting = 0
  const table = (name: string): string => prefix + name
  const notify = wakeOnNotify(pool, table('ended'), () => ticker.wake())
  const ticker = newTicker(async () => {
    await readEnds()
    notify.listen()
    await sweep()
  })
  ticker.wake()

  /** Everything begins here, so that whatever a caller reads was read after the place from which ends are told. */
  async function ready(): Promise<void> {
    if (lastEnd !== undefined) return
    const { rows } = await query(`select coalesce(max(id), 0) as id from ${table('ended')}`)
    lastEnd ??= String(rows[0]?.id)
  }

  async function readEnds(): Promise<void> {
    await ready()
    const { rows } = await query(
      `select id, origin, keys, by from ${table('ended')} where id > $1 order by id`,
      [lastEnd]
    )
    for (const { id, origin, keys, by } of rows) {
      lastEnd = String(id)
      if (origin !== us) listeners.tell({ keys: JSON.parse(String(keys)), by: by as By })
    }
  }

  /** Takes sessions out in a transaction, which other things may be part of, then tells this process; a notification wakes the others. */
  async function remove(
    by: By,
    which: string,
    values: unknown[],
    before?: (query: Query) => Promise<void>
  ): Promise<string[]> {
    await ready()
    const keys = await transaction(async query => {
      await before?.(query)
      // In one order, so that two that end the same sessions never wait for each other.
      const { rows } = await query(
        `delete from ${table('sessions')} where key in
           (select key from ${table('sessions')} where ${which} order by key for update) returning key`,
        values
      )
      const taken = rows.map(({ key }) => String(key))
      if (taken.length > 0) await writeEnd(query, taken, by)
      return taken
    })
    listeners.tell({ keys, by })
    return keys
  }

  async function writeEnd(query: Query, keys: string[], by: By): Promise<void> {
    // One after another until each is committed: ids are read in order, so none may appear behind a later one.
    await lock(query, 'ended')
    await query(`insert into ${table('ended')} (origin, keys, by, at) values ($1, $2, $3, $4)`, [
      us,
      JSON.stringify(keys),
      by,
      now()
    ])
    await query('select pg_notify($1, $2)', [table('ended'), ''])
  }

  async function sweep(): Promise<void> {
    const at = now()
    const { rows } = await query(`select 1 from ${table('sessions')} where expires_at <= $1 limit 1`, [at])
    if (rows.length > 0) await remove('expired', 'expires_at <= $1', [at])
    if (at < nextForgetting) return
    nextForgetting = at + forgetSeconds
    for (const name of ['ended_sids', 'ended_subs', 'jtis'])
      await query(`delete from ${table(name)} where until <= $1`, [at])
    await query(`delete from ${table('ended')} where at <= $1`, [at - rememberSeconds])
  }

  /** A lock until the transaction is over; sign-ins share it, a logout has it alone, and each sees what the other did before it. */
  async function lock(query: Query, name: string, how: '' | '_shared' = ''): Promise<void> {
    await query(`select pg_advisory_xact_lock${how}(hashtextextended($1, 0))`, [table(name)])
  }

  return {
    async create(key, session) {
      await ready()
      const { iss, sid, sub, expiresAt } = session
      const began = beganAt(session)
      return transaction(async query => {
        await lock(query, `sid ${iss} ${sid}`, '_shared')
        await lock(query, `sub ${iss} ${sub}`, '_shared')
        const { rowCount } = await query(
          `insert into ${table('sessions')} (key, iss, sid, sub, began, expires_at, session)
           select $1, $2, $3, $4, $5, $6, $7
           where not exists (select 1 from ${table('ended_sids')} where iss = $2 and sid = $3)
             and not exists (select 1 from ${table('ended_subs')} where iss = $2 and sub = $4 and ended_at >= $5)`,
          [key, iss, sid, sub, began, expiresAt, JSON.stringify(session)]
        )
        return rowCount === 1
      })
    },
    async find(key) {
      await ready()
      const { rows } = await query(
        `select session from ${table('sessions')} where key = $1 and expires_at > $2`,
        [key, now()]
      )
      const [found] = rows
      return found && (JSON.parse(String(found.session)) as RpSession)
    },
    async replace(key, session) {
      const { rowCount } = await query(
        `update ${table('sessions')} set session = $2, expires_at = $3 where key = $1 and expires_at > $4`,
        [key, JSON.stringify(session), session.expiresAt, now()]
      )
      return rowCount === 1
    },
    end: async (key, by) => (await remove(by, 'key = $1 and expires_at > $2', [key, now()])).length === 1,
    endBySid: (iss, sid, by) =>
      remove(by, 'iss = $1 and sid = $2 and expires_at > $3', [iss, sid, now()], async query => {
        await lock(query, `sid ${iss} ${sid}`)
        if (by === 'front_channel') return
        await query(
          `insert into ${table('ended_sids')} values ($1, $2, $3) on conflict (iss, sid) do update set until = excluded.until`,
          [iss, sid, now() + rememberSeconds]
        )
      }),
    endBySub: (iss, sub, endedAt, by) =>
      remove(
        by,
        'iss = $1 and sub = $2 and began <= $3 and expires_at > $4',
        [iss, sub, endedAt, now()],
        async query => {
          await lock(query, `sub ${iss} ${sub}`)
          await query(
            `insert into ${table('ended_subs')} as mark values ($1, $2, $3, $4) on conflict (iss, sub) do update
           set ended_at = greatest(mark.ended_at, excluded.ended_at), until = excluded.until`,
            [iss, sub, endedAt, now() + rememberSeconds]
          )
        }
      ),
    async takeJti(iss, jti, expiresAt) {
      const { rowCount } = await query(
        `insert into ${table('jtis')} as taken values ($1, $2, $3) on conflict (iss, jti) do update set until = excluded.until
         where taken.until <= $4`,
        [iss, jti, expiresAt, now()]
      )
      return rowCount === 1
    },
    async returnJti(iss, jti) {
      await query(`delete from ${table('jtis')} where iss = $1 and jti = $2`, [iss, jti])
    },
    onEnded: listeners.add,
    async close() {
      listeners.clear()
      await ticker.close()
      await notify.close()
    }
  }
}
