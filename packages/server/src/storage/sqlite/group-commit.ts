import type { DatabaseSync } from 'node:sqlite'
import { UtgangError } from '../../errors.ts'

/** Runs a synchronous write inside the next shared transaction; resolves once that is committed. */
export type Write = <T>(write: () => T) => Promise<T>

/** Writes that arrive together share one commit. */
export interface GroupCommit {
  /** On disk when it resolves. */
  write: Write
  /**
   * The same, but alone it is not worth a wait for the disk: it outlives this process, and is on disk with the next
   * {@link write}. A power cut may take it back.
   */
  writeLoosely: Write
  /** Commits what is queued. */
  flush(): void
}

interface Queued {
  mustLast: boolean
  run: () => unknown
  resolve: (value: never) => void
  reject: (reason: unknown) => void
  result?: unknown
  failure?: unknown
}

/** Most writes one commit takes. More wait one turn, so that reads get theirs. */
const largestGroup = 512

/**
 * Gathers the writes of one turn of the event loop into one transaction, each in a savepoint of its own:
 * a write that throws is undone alone, and its caller alone hears of it. When the commit itself fails,
 * every caller of the group hears `storage_unavailable` and nothing of the group is kept.
 * @param flushing called before the writes of a group run
 */
export function groupCommit(db: DatabaseSync, flushing: () => void = () => {}): GroupCommit {
  const queue: Queued[] = []
  let scheduled = false
  let synchronous: 'FULL' | 'NORMAL' | undefined
  // Prepared once: these run for every group and every write in it.
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const savepoint = db.prepare('SAVEPOINT one')
  const release = db.prepare('RELEASE one')
  const undo = db.prepare('ROLLBACK TO one')

  function flush(): void {
    scheduled = false
    const group = queue.splice(0, largestGroup)
    if (queue.length > 0) schedule()
    if (group.length === 0) return
    flushing()
    try {
      synchronise(group.some(it => it.mustLast) ? 'FULL' : 'NORMAL')
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

  /** With `FULL` a commit waits until the log is on disk, with all that was committed before it. */
  function synchronise(wanted: 'FULL' | 'NORMAL'): void {
    if (synchronous === wanted) return
    // Not prepared: this setting takes effect when it is compiled.
    db.exec(`PRAGMA synchronous = ${wanted}`)
    synchronous = wanted
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

  const enqueue = <T>(mustLast: boolean, run: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      queue.push({ mustLast, run, resolve: resolve as (value: never) => void, reject })
      schedule()
    })

  return {
    write: run => enqueue(true, run),
    writeLoosely: run => enqueue(false, run),
    flush: () => {
      while (queue.length > 0) flush()
    }
  }
}

function unavailable(cause: unknown): UtgangError {
  return new UtgangError('storage_unavailable', undefined, { cause })
}
