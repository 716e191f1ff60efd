import type { Config } from '../config/schema.ts'
import { UtgangError } from '../errors.ts'
import { databaseFile } from '../open-storage.ts'

/** What Node and SQLite tell about a failure, as far as they do. */
type Failure = NodeJS.ErrnoException & { errcode?: number }

/**
 * Does work that needs the database and the port of a config, and says in plain words what is wrong with either.
 * @throws UtgangError `port_in_use`, `bad_config`
 */
export async function explained<T>(config: Config, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw cannotListen(config, error as Failure) ?? cannotOpen(config, error) ?? error
  }
}

function cannotListen({ listen }: Config, error: Failure): UtgangError | undefined {
  const { code = '', syscall = '', message } = error
  if (!['listen', 'bind', 'getaddrinfo'].includes(syscall)) return undefined
  const text = `cannot listen on ${listen.host}, port ${listen.port}: ${listening[code] ?? message}`
  return new UtgangError(code === 'EADDRINUSE' ? 'port_in_use' : 'bad_config', text, { cause: error })
}

const listening: Record<string, string> = {
  EADDRINUSE:
    'another process listens there. Stop that one, or set another port in `listen` (UTGANG_LISTEN).',
  EACCES:
    'this user may not. Ports below 1024 need a privilege; set another port in `listen` (UTGANG_LISTEN).',
  EADDRNOTAVAIL: 'this machine has no such address. Set `listen.host` (UTGANG_LISTEN) to one of its own.',
  ENOTFOUND: 'no address is known for that name. Set `listen.host` (UTGANG_LISTEN) to an address.'
}

function cannotOpen(config: Config, error: unknown): UtgangError | undefined {
  const reason = (error instanceof UtgangError ? error.cause : error) as Failure | undefined
  const why = reason && (byResult(reason) ?? bySystem(reason, databaseFile(config)))
  if (why === undefined) return undefined
  const text = `the database ${config.storage} cannot be used: ${why}. Check \`storage\` (UTGANG_STORAGE).`
  return new UtgangError('bad_config', text, { cause: error })
}

/** By SQLite's result code: the extended one where that says more than its last byte, the primary one. */
function byResult({ errcode, message }: Failure): string | undefined {
  return errcode === undefined ? undefined : (opening[errcode] ?? opening[errcode & 0xff] ?? message)
}

const opening: Record<number, string> = {
  5: 'another process holds it locked',
  8: 'this user may not write it',
  10: 'the disk does not answer',
  11: 'the file is damaged; go back to a backup',
  13: 'the disk is full',
  14: 'it cannot be opened',
  26: 'the file is no SQLite database',
  // No room for the shared memory beside the write-ahead log (SQLITE_IOERR_SHMSIZE).
  4874: 'the disk is full'
}

/** The database's own file, or the key that is made beside it. */
function bySystem({ code = '', path }: Failure, file: string): string | undefined {
  if (!path?.startsWith(file)) return undefined
  return files[code] ?? code
}

const files: Record<string, string> = {
  ENOENT: 'its folder does not exist',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOSPC: 'the disk is full',
  EROFS: 'the disk is read-only',
  EISDIR: 'it is a folder, not a file'
}
