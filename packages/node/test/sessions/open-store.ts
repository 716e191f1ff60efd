import { Pool } from 'pg'
import { createClient } from 'redis'
import { memorySessions } from '../../src/sessions/memory.ts'
import { postgresSessions } from '../../src/sessions/postgres.ts'
import { redisSessions } from '../../src/sessions/redis.ts'
import { sqliteSessions } from '../../src/sessions/sqlite.ts'
import type { RpSessionStore } from '../../src/sessions/store.ts'

/** Each kind of store. */
export type Kind = 'memory' | 'sqlite' | 'postgres' | 'redis'

/** A store, and how to close it with all that it was given. */
export interface OpenStore {
  store: RpSessionStore
  close(): Promise<void>
}

/** Opens a store as an application would. @param address a file, or where the server's socket is */
export const openStore: Record<Kind, (address: string) => Promise<OpenStore>> = {
  async memory() {
    const store = memorySessions()
    return { store, close: () => store.close() }
  },

  async sqlite(path) {
    const store = sqliteSessions({ path })
    return { store, close: () => store.close() }
  },

  async postgres(host) {
    const pool = new Pool({ host, user: 'app', database: 'postgres' })
    // An idle connection that is lost; without a listener it would end the process.
    pool.on('error', () => {})
    const store = postgresSessions({ pool })
    return {
      store,
      async close() {
        await store.close()
        await pool.end()
      }
    }
  },

  async redis(path) {
    const client = createClient({ socket: { path, tls: false } })
    client.on('error', () => {})
    await client.connect()
    const store = redisSessions({ client })
    return {
      store,
      async close() {
        await store.close()
        client.destroy()
      }
    }
  }
}
