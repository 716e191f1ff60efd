import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { UtgangError } from '../../errors.ts'
import type { Storage } from '../storage.ts'
import { startCheckpoints } from './checkpoint.ts'
import { sqliteClients } from './clients.ts'
import { sqliteDeliveries } from './deliveries.ts'
import { sqliteEnding } from './ending.ts'
import { sqliteFrontChannel } from './front-channel.ts'
import { groupCommit } from './group-commit.ts'
import { migrate } from './migrate.ts'
import { sqlitePeople } from './people.ts'
import { sqliteReceipts } from './receipts.ts'
import { sqliteSessions } from './sessions.ts'
import { sqliteStatusLists } from './status-lists.ts'
import { sqliteStreams } from './streams.ts'
import { sqliteTokens } from './tokens.ts'
import { turnOfTheLoop } from './turn.ts'
import { sqliteUpkeep } from './upkeep.ts'

/**
 * Opens, and brings up to date, an embedded database.
 * @param path a file, or `:memory:` for one that is gone with the process
 * @throws UtgangError `bad_config` when the file cannot be opened or is of a newer version
 */
export function openSqlite(path: string): Storage {
  const db = open(path)
  const checkpoints = path === ':memory:' ? undefined : startCheckpoints(path)
  const turn = turnOfTheLoop()
  const { write, writeLoosely, flush } = groupCommit(db, turn.forget)
  let closed: Promise<void> | undefined

  async function close(): Promise<void> {
    await checkpoints?.stop()
    flush()
    db.close()
  }

  return {
    ...sqliteSessions(db, write),
    ...sqliteTokens(db, write),
    ...sqliteStatusLists(db, write),
    ...sqlitePeople(db, write),
    ...sqliteClients(db, write, turn),
    ...sqliteEnding(db, write),
    ...sqliteDeliveries(db, { write, writeLoosely }),
    ...sqliteReceipts(db),
    ...sqliteStreams(db, write),
    ...sqliteFrontChannel(db, write),
    ...sqliteUpkeep(db, write),
    close: () => (closed ??= close())
  }
}

function open(path: string): DatabaseSync {
  let db: DatabaseSync | undefined
  try {
    // Made readable by its owner alone; SQLite gives the files beside it the same mode.
    if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600))
    db = new DatabaseSync(path)
    // busy_timeout first: switching to WAL needs the lock that a second process may hold at this moment.
    db.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    db.exec('PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536')
    if (path !== ':memory:') db.exec('PRAGMA wal_autocheckpoint = 0')
    migrate(db)
    return db
  } catch (cause) {
    db?.close()
    if (cause instanceof UtgangError) throw cause
    throw new UtgangError('bad_config', `storage: cannot open the database ${path}`, { cause })
  }
}
