import { closeSync, openSync } from 'node:fs'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'

/** One SQLite file of sessions, open. */
export interface SessionDatabase {
  run(sql: string, ...values: SQLInputValue[]): { changes: number }
  all<Row = unknown>(sql: string, ...values: SQLInputValue[]): Row[]
  /** Does all or nothing. No other process writes meanwhile. */
  transaction<T>(work: () => T): T
  /** A number that changes when another connection has written. */
  version(): number
  close(): void
}

/** How long a write waits for another process's, in milliseconds. Nothing else happens in this process meanwhile. */
const busyMs = 3000

/** Marks the file as ours (`PRAGMA application_id`). */
const applicationId = 0x7574_7270
const schemaVersion = 1

/**
 * Opens, and if need be makes, the file.
 * @throws Error of `node:sqlite`; Error when the file is another program's, or a later version's
 */
export function openDatabase(path: string): SessionDatabase {
  // Nobody else on this machine may read tokens. SQLite gives its other two files the same mode.
  if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600))
  const database = new DatabaseSync(path, { timeout: busyMs })
  const statements = new Map<string, StatementSync>()

  function prepared(sql: string): StatementSync {
    const statement = statements.get(sql) ?? database.prepare(sql)
    statements.set(sql, statement)
    return statement
  }

  function transaction<T>(work: () => T): T {
    database.exec('begin immediate')
    try {
      const result = work()
      database.exec('commit')
      return result
    } catch (error) {
      if (database.isTransaction) database.exec('rollback')
      throw error
    }
  }

  const it: SessionDatabase = {
    run: (sql, ...values) => ({ changes: Number(prepared(sql).run(...values).changes) }),
    all: <Row>(sql: string, ...values: SQLInputValue[]) => prepared(sql).all(...values) as Row[],
    transaction,
    version: () => numberOf(prepared('pragma data_version').get()),
    close: () => database.close()
  }
  try {
    setUp(database, transaction)
  } catch (error) {
    database.close()
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error })
  }
  return it
}

function setUp(database: DatabaseSync, transaction: SessionDatabase['transaction']): void {
  const pragma = (name: string): number => numberOf(database.prepare(`pragma ${name}`).get())
  database.exec('pragma journal_mode = wal; pragma synchronous = full')
  transaction(() => {
    const version = pragma('user_version')
    const isNew =
      version === 0 && numberOf(database.prepare('select count(*) from sqlite_schema').get()) === 0
    if (!isNew && pragma('application_id') !== applicationId)
      throw new Error('this is a database, but not one of sessions')
    if (version > schemaVersion) throw new Error(`these sessions are of a later version (${version})`)
    if (isNew) database.exec(schema)
  })
}

const numberOf = (row: unknown): number => Number(Object.values(row as object)[0])

const schema = `
  create table sessions (
    key text primary key, iss text not null, sid text not null, sub text not null,
    began integer not null, expires_at integer not null, session text not null
  ) strict;
  create index sessions_by_sid on sessions (iss, sid);
  create index sessions_by_sub on sessions (iss, sub);
  create index sessions_by_expiry on sessions (expires_at);
  create table ended_sids (iss text, sid text, until integer not null, primary key (iss, sid)) strict, without rowid;
  create table ended_subs (
    iss text, sub text, ended_at integer not null, until integer not null, primary key (iss, sub)
  ) strict, without rowid;
  create table jtis (iss text, jti text, until integer not null, primary key (iss, jti)) strict, without rowid;
  create index ended_sids_by_expiry on ended_sids (until);
  create index ended_subs_by_expiry on ended_subs (until);
  create index jtis_by_expiry on jtis (until);
  -- What has ended, for the other processes. An id is never used again, and grows in the order of commits.
  create table ended (
    id integer primary key autoincrement, origin text not null, keys text not null, by text not null, at integer not null
  ) strict;
  create index ended_by_time on ended (at);
  pragma application_id = ${applicationId};
  pragma user_version = ${schemaVersion};
`
