import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Config } from './config/schema.ts'
import { UtgangError } from './errors.ts'
import { newSecret, type Sealer, sealer } from './storage/secrets.ts'
import { backupOf } from './storage/sqlite/backup.ts'
import { pendingIn } from './storage/sqlite/pending.ts'
import { openSqlite } from './storage/sqlite/sqlite.ts'
import type { Storage } from './storage/storage.ts'

type Where = Pick<Config, 'storage' | 'secret_keys'>

/**
 * The storage that a config names, brought up to date, and what seals in it. When one of them cannot be had, nothing is
 * left open, and no key is made for a database that is not there.
 * @throws UtgangError `bad_config`
 */
export async function openStorage(config: Where): Promise<{ storage: Storage; sealer: Sealer }> {
  const storage = openSqlite(databaseFile(config))
  try {
    return { storage, sealer: sealerFor(config) }
  } catch (error) {
    await storage.close()
    throw error
  }
}

/** The sealer of a config. A loopback server without `secret_keys` makes a key of its own, kept beside its database. */
export function sealerFor(config: Where): Sealer {
  if (config.secret_keys.length > 0) return sealer(config.secret_keys)
  if (databaseFile(config) === ':memory:') return sealer([newSecret()])
  const file = keyFile(config)
  if (!existsSync(file)) makeKeyOnce(file)
  return sealer([readFileSync(file, 'utf8').trim()])
}

/** The file of the database, or `:memory:`. */
export function databaseFile({ storage }: Pick<Config, 'storage'>): string {
  return storage.replace(/^sqlite:/, '')
}

/** Where a loopback server without `secret_keys` keeps its key. */
export const keyFile = (config: Pick<Config, 'storage'>): string => `${databaseFile(config)}.key`

/** Names of the migrations that the database of a config has still to see; nothing is changed. @throws UtgangError `bad_config` */
export const pendingMigrations = (config: Pick<Config, 'storage'>): string[] =>
  pendingIn(databaseFile(config))

/**
 * Copies the database of a config, as it is at this moment, into one file; nothing else is changed.
 * @throws UtgangError `bad_config` when one cannot be read, or the other cannot be written
 */
export async function backupDatabase(config: Pick<Config, 'storage'>, path: string): Promise<void> {
  const source = databaseFile(config)
  if (source === ':memory:')
    throw new UtgangError('bad_config', 'backup: a database in memory is in its own process alone')
  await backupOf(source, path)
}

/** Of several processes that start at once the first makes the key, and none reads one that is half written. */
function makeKeyOnce(file: string): void {
  const whole = `${file}.${process.pid}`
  writeFileSync(whole, randomBytes(32).toString('base64url'), { mode: 0o600 })
  try {
    linkSync(whole, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(whole)
  }
}
