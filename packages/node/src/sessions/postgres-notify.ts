import type { PgConnection, PgPool } from './postgres-tables.ts'

/** A connection on which the database says that something has ended. */
export interface Notifications {
  /** Opens the connection if there is none. Called again and again, which is how a lost one comes back. */
  listen(): void
  /** Gives the connection back to nobody: it is closed. */
  close(): Promise<void>
}

/**
 * Calls `wake` when another process notifies `channel`, and when the connection has just been made, for what was missed without it.
 * A pool of one connection is left alone: then whoever calls looks for himself, every second.
 */
export function wakeOnNotify(pool: PgPool, channel: string, wake: () => void): Notifications {
  let connecting: Promise<void> | undefined
  let connection: PgConnection | undefined
  let isClosed = false

  async function connect(): Promise<void> {
    const opened = await pool.connect()
    const lose = (): void => {
      if (connection !== opened) return
      connection = undefined
      opened.release(true)
    }
    connection = opened
    opened.on('error', lose)
    opened.on('end', lose)
    opened.on('notification', wake)
    try {
      await opened.query(`listen ${channel}`)
    } catch {
      lose()
    }
    if (isClosed) lose()
    else wake()
  }

  return {
    listen() {
      if (connection || connecting || isClosed || pool.options.max < 2) return
      connecting = connect()
        .catch(() => {})
        .finally(() => {
          connecting = undefined
        })
    },
    async close() {
      isClosed = true
      await connecting
      const opened = connection
      connection = undefined
      opened?.release(true)
    }
  }
}
