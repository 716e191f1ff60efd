import { Worker } from 'node:worker_threads'

/** Moves the write-ahead log into the database file beside the event loop. */
export interface Checkpointer {
  /** Stops after the checkpoint that is running. */
  stop(): Promise<void>
}

/** How often a checkpoint is tried, in milliseconds. Often enough that the log stays small under load. */
const everyMs = 200

// A checkpoint on the main connection would hold the event loop for tens of milliseconds; a second connection
// in a worker thread does not. The main connection therefore has wal_autocheckpoint = 0.
const workerSource = `
const { DatabaseSync } = require('node:sqlite')
const { workerData, parentPort } = require('node:worker_threads')
const db = new DatabaseSync(workerData.path)
db.exec('PRAGMA busy_timeout = 5000; PRAGMA wal_autocheckpoint = 0')
const checkpoint = db.prepare('PRAGMA wal_checkpoint(PASSIVE)')
const timer = setInterval(() => { try { checkpoint.get() } catch {} }, ${everyMs})
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
