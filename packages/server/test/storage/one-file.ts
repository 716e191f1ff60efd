import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { onTestFinished } from 'vitest'
import { openSqlite } from '../../src/storage/sqlite/sqlite.ts'
import type { Storage } from '../../src/storage/storage.ts'

/** The path of a database that is not there yet, in a folder that goes with the test. */
export function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'one.db')
}

/** A storage on a file, until the test is over. */
export function open(file: string): Storage {
  const storage = openSqlite(file)
  onTestFinished(() => storage.close())
  return storage
}

/** The same file past the storage. */
export function raw(file: string): DatabaseSync {
  const db = new DatabaseSync(file)
  onTestFinished(() => db.close())
  return db
}
