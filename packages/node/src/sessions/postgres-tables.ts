/** What a query came to, as `pg` has it. */
export interface PgResult {
  rows: Array<Record<string, unknown>>
  rowCount: number | null
}

/** A connection of `pg`, as far as sessions need it. */
export interface PgConnection {
  query(text: string, values?: unknown[]): Promise<PgResult>
  release(error?: Error | boolean): void
  on(event: 'notification' | 'error' | 'end', listener: () => void): unknown
}

/** A `Pool` of `pg`, as far as sessions need it. */
export interface PgPool {
  query(text: string, values?: unknown[]): Promise<PgResult>
  connect(): Promise<PgConnection>
  options: { max: number }
}

/** Asks the database one thing. */
export type Query = (text: string, values?: unknown[]) => Promise<PgResult>

/** The tables of sessions. Each way in makes them first, if they are not there. */
export interface Tables {
  query: Query
  /** Does all or nothing. Each statement sees what was committed before it, not before the transaction. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>
}

/** See {@link Tables}. It asks the database nothing yet. */
export function openTables(pool: PgPool, prefix: string): Tables {
  let made: Promise<void> | undefined

  /** Tried again when it failed, as while the database is down. */
  function ready(): Promise<void> {
    made ??= make().catch(error => {
      made = undefined
      throw error
    })
    return made
  }

  async function make(): Promise<void> {
    // Asked first: whoever may not make tables may still use those that somebody made.
    const { rows } = await pool.query('select to_regclass($1) as found', [`${prefix}ended`])
    // One text is one transaction, and the lock lets one process at a time make them.
    if (!rows[0]?.found) await pool.query(schema(prefix))
  }

  return {
    async query(text, values) {
      await ready()
      return pool.query(text, values)
    },
    async transaction(work) {
      await ready()
      const connection = await pool.connect()
      try {
        await connection.query('begin isolation level read committed')
        const result = await work((text, values) => connection.query(text, values))
        await connection.query('commit')
        connection.release()
        return result
      } catch (error) {
        // Closed rather than rolled back: nobody knows in what state it is, and the server rolls back what it was in.
        connection.release(true)
        throw error
      }
    }
  }
}

const schema = (prefix: string): string => `
  select pg_advisory_xact_lock(hashtextextended('${prefix}', 0));
  create table if not exists ${prefix}sessions (
    key text primary key, iss text not null, sid text not null, sub text not null,
    began bigint not null, expires_at bigint not null, session text not null
  );
  create index if not exists ${prefix}sessions_by_sid on ${prefix}sessions (iss, sid);
  create index if not exists ${prefix}sessions_by_sub on ${prefix}sessions (iss, sub);
  create index if not exists ${prefix}sessions_by_expiry on ${prefix}sessions (expires_at);
  create table if not exists ${prefix}ended_sids (iss text, sid text, until bigint not null, primary key (iss, sid));
  create table if not exists ${prefix}ended_subs (
    iss text, sub text, ended_at bigint not null, until bigint not null, primary key (iss, sub)
  );
  create table if not exists ${prefix}jtis (iss text, jti text, until bigint not null, primary key (iss, jti));
  create index if not exists ${prefix}ended_sids_by_expiry on ${prefix}ended_sids (until);
  create index if not exists ${prefix}ended_subs_by_expiry on ${prefix}ended_subs (until);
  create index if not exists ${prefix}jtis_by_expiry on ${prefix}jtis (until);
  create table if not exists ${prefix}ended (
    id bigint generated always as identity primary key,
    origin text not null, keys text not null, by text not null, at bigint not null
  );
  create index if not exists ${prefix}ended_by_time on ${prefix}ended (at);
`
