import type { Config } from '../config/schema.ts'
import { UtgangError } from '../errors.ts'

/**
 * Does work that needs the database and the port of a config, and says in plain words what is wrong with either.
 * @throws UtgangError `cannot_listen`, `storage_unavailable`
 */
export async function explained<T>(config: Config, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw refusal(config, error as NodeJS.ErrnoException & { errcode?: number }) ?? error
  }
}

function refusal(
  { listen, storage }: Config,
  error: NodeJS.ErrnoException & { errcode?: number }
): UtgangError | undefined {
  const { code, errcode, syscall, path } = error
  if (syscall === 'listen' || syscall === 'bind' || syscall === 'getaddrinfo') {
    const why = code === undefined ? error.message : (listening[code] ?? code)
    const message = `cannot listen on ${listen.host}, port ${listen.port}: ${why}`
    return new UtgangError('cannot_listen', message, { cause: error })
  }
  const file = storage.replace(/^sqlite:/, '')
  const why =
    errcode === undefined
      ? path?.startsWith(file) && `${path} cannot be used (${code})`
      : (opening[errcode & 0xff] ?? error.message)
  if (!why || (errcode === undefined && code === undefined)) return undefined
  const message = `the database ${storage} cannot be used: ${why}. Check \`storage\` (UTGANG_STORAGE).`
  return new UtgangError('storage_unavailable', message, { cause: error })
}

const listening: Record<string, string> = {
  EADDRINUSE:
    'another process listens there. Stop that one, or set another port in `listen` (UTGANG_LISTEN).',
  EACCES:
    'this user may not. Ports below 1024 need a privilege; set another port in `listen` (UTGANG_LISTEN).',
  EADDRNOTAVAIL: 'this machine has no such address. Set `listen.host` (UTGANG_LISTEN) to one of its own.',
  ENOTFOUND: 'no address is known for that name. Set `listen.host` (UTGANG_LISTEN) to an address.'
}

/** By SQLite's primary result code. */
const opening: Record<number, string> = {
  5: 'another process holds it locked',
  8: 'it may not be written by this user',
  10: 'the disk does not answer',
  11: 'the file is damaged; go back to a backup',
  13: 'the disk is full',
  14: 'it cannot be opened. The folder must exist and be writable for this user',
  26: 'the file is no SQLite database'
}
