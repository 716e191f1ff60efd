import { DatabaseSync } from 'node:sqlite'
import { UtgangError } from '../../errors.ts'
import { pendingMigrations } from './migrate.ts'

/**
 * Names of the migrations that a database file has still to see. It is only read.
 * @throws UtgangError `bad_config` when it cannot be read or is of a newer version
 */
export function pendingIn(path: string): string[] {
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(path, { readOnly: true })
    return pendingMigrations(db)
  } catch (cause) {
    if (cause instanceof UtgangError) throw cause
    throw new UtgangError('bad_config', `storage: cannot read the database ${path}`, { cause })
  } finally {
    db?.close()
  }
}
