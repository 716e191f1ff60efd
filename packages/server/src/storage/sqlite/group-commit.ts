import type { DatabaseSync } from 'node:sqlite'
import { UtgangError } from '../../errors.ts'

/** Runs a synchronous write inside the next shared transaction; resolves once that transaction is on disk. */
export type Write = <T>(write: () => T) => Promise<T>

/** Writes that arrive together share one commit. */
export interface GroupCommit {
  write: Write
  /** The same for what nobody waits for: it waits a few milliseconds for others to share a commit with. */
  writeSoon: Write
  /** Commits what is queued. */
  flush(): void
}

interface Queued {
  run: () => unknown
  resolve: (value: never) => void
  reject: (reason: unknown) => void
  result?: unknown
  failure?: unknown
}

/** Most writes one commit takes. More wait one turn, so that reads get theirs. */
const largestGroup = 512
/** How long a write that is in no hurry waits for company, in milliseconds. */
const soonMs = 4
/** So many of them wait no longer. */
const enough = 64

/**
 * Gathers the writes of one turn of the event loop into one transaction, each in a savepoint of its own:
 * a write that throws is undone alone, and its caller alone hears of it. When the commit itself fails,
 * every caller of the group hears `storage_unavailable` and nothing of the group is kept.
 * @param flushing called before the writes of a group run
 */
export function groupCommit(db: DatabaseSync, flushing: () => void = () => {}): GroupCommit {
  const queue: Queued[] = []
  let scheduled = false
  let later: NodeJS.Timeout | undefined
  // Prepared once: these run for every group and every write in it.
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const savepoint = db.prepare('SAVEPOINT one')
  const release = db.prepare('RELEASE one')
  const undo = db.prepare('ROLLBACK TO one')

  function flush(): void {
    scheduled = false
    clearTimeout(later)
    later = undefined
    const group = queue.splice(0, largestGroup)
    if (queue.length > 0) schedule()
    if (group.length === 0) return
    flushing()
    try {
      begin.run()
      for (const write of group) runOne(write)
      commit.run()
    } catch (cause) {
      if (db.isOpen && db.isTransaction) db.exec('ROLLBACK')
      for (const write of group) write.reject(unavailable(cause))
      return
    }
    for (const write of group) {
      if ('failure' in write) write.reject(write.failure)
      else write.resolve(write.result as never)
    }
  }

  function runOne(write: Queued): void {
    savepoint.run()
    try {
      write.result = write.run()
    } catch (error) {
      // Some errors (disk full, a busy snapshot) take the whole transaction with them: then all callers must hear.
      if (!db.isTransaction) throw error
      undo.run()
      write.failure = error instanceof UtgangError ? error : unavailable(error)
    }
    release.run()
  }

  function schedule(): void {
    if (scheduled) return
    scheduled = true
    setImmediate(flush)
  }

  return {
    write: run =>
      new Promise((resolve, reject) => {
        queue.push({ run, resolve: resolve as (value: never) => void, reject })
        schedule()
      }),
    writeSoon: run =>
      new Promise((resolve, reject) => {
        queue.push({ run, resolve: resolve as (value: never) => void, reject })
        if (queue.length >= enough) schedule()
        else later ??= setTimeout(flush, soonMs)
      }),
    flush: () => {
      while (queue.length > 0) flush()
    }
  }
}

function unavailable(cause: unknown): UtgangError {
  return new UtgangError('storage_unavailable', undefined, { cause })
}
