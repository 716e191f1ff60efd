import { closeSync, existsSync, openSync, realpathSync, renameSync, rmSync } from 'node:fs'
import { backup, DatabaseSync } from 'node:sqlite'
import { UtgangError } from '../../errors.ts'

/**
 * Copies a database file, of a running server too, as it is at this moment, into one file that its owner alone can read.
 * It is only read, so one of an older version stays as it is, and so is its copy. An earlier copy gives way only to a
 * whole new one.
 * @throws UtgangError `bad_config` when the database cannot be read, or the copy cannot be written; nothing is left of it
 */
export async function backupOf(source: string, path: string): Promise<void> {
  const reader = momentOf(source)
  try {
    if (existsSync(path) && realpathSync(path) === realpathSync(source))
      throw new UtgangError('bad_config', `backup: ${path} is the database itself; name another file`)
    await copy(reader, path)
  } finally {
    reader.close()
  }
}

/** Reads a database as it is now: otherwise each write of a server would have SQLite begin the copy anew. */
function momentOf(source: string): DatabaseSync {
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(source, { readOnly: true })
    db.exec('PRAGMA busy_timeout = 5000; BEGIN')
    db.prepare('SELECT 1 FROM sqlite_schema').get()
    return db
  } catch (cause) {
    db?.close()
    throw new UtgangError('bad_config', `storage: cannot read the database ${source}`, { cause })
  }
}

async function copy(reader: DatabaseSync, path: string): Promise<void> {
  const part = `${path}.part`
  try {
    rmSync(part, { force: true })
    closeSync(openSync(part, 'wx', 0o600))
    await backup(reader, part)
    renameSync(part, path)
  } catch (error) {
    if (existsSync(part)) rmSync(part)
    const { message } = error as Error
    // Without a cause: what is wrong here is nothing of the database.
    throw new UtgangError(
      'bad_config',
      `backup: ${path} cannot be written (${message}). Name a file in a folder that this user may write, on a disk with room.`
    )
  }
}
