import { Worker } from 'node:worker_threads'

/** Moves the write-ahead log into the database file beside the event loop. */
export interface Checkpointer {
  /** Stops after the checkpoint that is running. */
  stop(): Promise<void>
}

/** How often a checkpoint is tried, in milliseconds. Often enough that the log stays small under load. */
const everyMs = 200

/**
 * From how many pages of 4 KiB on the log must start anew. While one write follows the other without a pause, a
 * checkpoint beside them never catches up with the end of the log, and the log would grow for as long as the load lasts.
 */
const longestLogPages = 16_384

/** How often the moment between two writes is tried for, before the next turn. */
const mostTries = 500

// A checkpoint on the main connection would hold the event loop for tens of milliseconds; a second connection
// in a worker thread does not. The main connection therefore has wal_autocheckpoint = 0.
// Starting the log anew needs the write lock for a moment. It is tried for, not waited for: SQLite's waiting sleeps
// through the short pauses of a busy writer. A try that comes too late does the work of an ordinary checkpoint, so
// that the one which succeeds finds next to nothing left to do under the lock.
const workerSource = `
const { DatabaseSync } = require('node:sqlite')
const { workerData, parentPort } = require('node:worker_threads')
const db = new DatabaseSync(workerData.path)
db.exec('PRAGMA busy_timeout = 0; PRAGMA wal_autocheckpoint = 0')
const beside = db.prepare('PRAGMA wal_checkpoint(PASSIVE)')
const anew = db.prepare('PRAGMA wal_checkpoint(RESTART)')
function checkpoint() {
  if (beside.get().log < ${longestLogPages}) return
  for (let tries = 0; tries < ${mostTries} && anew.get().busy === 1; tries++);
}
const timer = setInterval(() => { try { checkpoint() } catch {} }, ${everyMs})
parentPort.on('message', () => { clearInterval(timer); db.close(); parentPort.close() })
`

/** Starts the checkpoint thread for a database file. */
export function startCheckpoints(path: string): Checkpointer {
  const worker = new Worker(workerSource, { eval: true, workerData: { path } })
  worker.unref()
  // Without the thread the log grows until the database is closed; nothing is lost by that.
  worker.on('error', () => {})
  const exited = new Promise<void>(resolve => worker.once('exit', () => resolve()))
  return {
    stop: () => {
      worker.ref()
      worker.postMessage('stop')
      return exited
    }
  }
}
