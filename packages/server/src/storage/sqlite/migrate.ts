import { readdirSync, readFileSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { UtgangError } from '../../errors.ts'

const folder = new URL('./migrations/', import.meta.url)

/**
 * Applies the numbered SQL files that this database has not seen, in order, each in a transaction of its own.
 * Two processes that start at once apply each file once: the write lock decides, and the second looks again.
 * @returns the names of the files applied now
 * @throws UtgangError `bad_config` when the database was made by a newer version; nothing is applied then
 */
export function migrate(db: DatabaseSync): string[] {
  db.exec('CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT')
  return pendingMigrations(db).filter(name => applyOnce(db, name))
}

/**
 * Names of the files that this database has not seen; it is only read.
 * @throws UtgangError `bad_config` when the database was made by a newer version
 */
export function pendingMigrations(db: DatabaseSync): string[] {
  const files = migrationFiles()
  const started = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").get()
  const rows = started ? db.prepare('SELECT name FROM migrations ORDER BY name').all() : []
  const seen = rows.map(row => String(row.name))
  const unknown = seen.filter(name => !files.includes(name))
  if (unknown.length === 0) return files.filter(name => !seen.includes(name))
  throw new UtgangError(
    'bad_config',
    `storage: the database has ${unknown.join(', ')}, which this version does not know; start the version that made it`
  )
}

const migrationFiles = (): string[] =>
  readdirSync(folder)
    .filter(name => name.endsWith('.sql'))
    .sort()

function applyOnce(db: DatabaseSync, name: string): boolean {
  db.exec('BEGIN IMMEDIATE')
  try {
    const seen = db.prepare('SELECT 1 FROM migrations WHERE name = ?').get(name)
    if (!seen) {
      db.exec(readFileSync(new URL(name, folder), 'utf8'))
      db.prepare('INSERT INTO migrations (name, applied_at) VALUES (?, ?)').run(
        name,
        Math.floor(Date.now() / 1000)
      )
    }
    db.exec('COMMIT')
    return !seen
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}
