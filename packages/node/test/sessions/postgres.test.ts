import { Pool, type PoolConfig } from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { postgresSessions } from '../../src/sessions/postgres.ts'
import type { RpSessionStore, RpSessionsEnded } from '../../src/sessions/store.ts'
import { asHeard, iss, session, sessionsContract, until } from './contract.ts'
import { hasPostgres, type Server, startPostgres } from './servers.ts'

describe.skipIf(!hasPostgres)('sessions in PostgreSQL', () => {
  let server: Server
  const toClose: Array<() => unknown> = []
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.close())
  afterEach(async () => {
    vi.useRealTimers()
    for (const close of toClose.splice(0)) await close()
  })

  function open(prefix: string, config: PoolConfig = {}): { store: RpSessionStore; pool: Pool } {
    const pool = new Pool({ host: server.address, user: 'app', database: 'postgres', ...config })
    pool.on('error', () => {})
    const store = postgresSessions({ pool, prefix })
    toClose.push(async () => {
      await store.close()
      await pool.end()
    })
    return { store, pool }
  }

  function hear(store: RpSessionStore): RpSessionsEnded[] {
    const heard: RpSessionsEnded[] = []
    store.onEnded(ended => heard.push(asHeard(ended)))
    return heard
  }

  sessionsContract('postgres', () => server.address)

  test('processes that start together make the tables once', async () => {
    const stores = Array.from({ length: 6 }, () => open('together_').store)
    expect(await Promise.all(stores.map((store, n) => store.create(`key-${n}`, session())))).not.toContain(
      false
    )
    expect(await stores[0]?.endBySid(iss, 'sid-1', 'back_channel')).toHaveLength(6)
  })

  test('applications with prefixes of their own know nothing of each other', async () => {
    const [one, two] = [open('one_').store, open('two_').store]
    await one.create('a', session())
    expect(await two.find('a')).toBeUndefined()
    expect(await two.endBySid(iss, 'sid-1', 'back_channel')).toEqual([])
    expect(await one.find('a')).toBeDefined()
  })

  test.each(['', 'Big_', 'a-b', 'x; drop table y', 'a'.repeat(40)])('the prefix %j is refused', prefix => {
    expect(() => postgresSessions({ pool: new Pool(), prefix })).toThrow('cannot begin a table’s name')
  })

  test('tables that somebody else made are enough for a user who may make none', async () => {
    const { pool, store: owner } = open('given_')
    await owner.find('nobody')
    await pool.query(
      `create role plain login; revoke create on schema public from public;
       grant select, insert, update, delete on all tables in schema public to plain`
    )
    const { store } = open('given_', { user: 'plain' })
    expect(await store.create('a', session())).toBe(true)
    expect(await store.endBySid(iss, 'sid-1', 'logout')).toEqual(['a'])
    await expect(open('denied_', { user: 'plain' }).store.find('a')).rejects.toThrow('permission denied')
  })

  test('a pool of one connection: none is kept to listen, and ends are heard all the same', async () => {
    const [one, two] = [open('single_', { max: 1 }).store, open('single_', { max: 1 }).store]
    const heard = hear(two)
    await two.find('nobody')
    await one.create('a', session())
    await one.end('a', 'logout')
    await until(() => heard.length > 0)
    expect(heard).toEqual([{ keys: ['a'], by: 'logout' }])
  })

  test('a pool whose sessions are serializable, as some set it: a logout that overtakes its sign-in wins all the same', async () => {
    const options = '-c default_transaction_isolation=serializable'
    const { store } = open('strict_', { options })
    for (let round = 0; round < 10; round++) {
      const of = { sid: `sid-${round}` }
      await Promise.all([
        store.create(`a-${round}`, session(of)),
        store.endBySid(iss, of.sid, 'back_channel'),
        store.create(`b-${round}`, session(of))
      ])
      expect([await store.find(`a-${round}`), await store.find(`b-${round}`)]).toEqual([undefined, undefined])
    }
  })

  test('connections that the server cuts, the one that listens too: what ends afterwards is heard', async () => {
    const [{ store: one }, { store: two }] = [open('cut_'), open('cut_')]
    const heard = hear(two)
    await two.find('nobody')
    await one.create('a', session())
    await one.create('b', session({ sid: 'sid-2' }))
    const { pool } = open('other_')
    const listening = `select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen cut_ended'`
    await until(async () => (await pool.query(listening)).rows.length > 0)
    await one.end('a', 'logout')
    await until(() => heard.length > 0)
    // They listen again.
    await until(async () => (await pool.query(listening)).rows.length > 0)
    await one.end('b', 'logout')
    await until(() => heard.length > 1)
    expect(heard).toEqual([
      { keys: ['a'], by: 'logout' },
      { keys: ['b'], by: 'logout' }
    ])
  })

  test('a notification is enough to hear of an end', async () => {
    // Nothing looks by itself.
    vi.useFakeTimers({ toFake: ['setInterval'] })
    const [{ store: one }, { store: two }] = [open('quick_'), open('quick_')]
    const { pool } = open('other_')
    const listeners = `select 1 from pg_stat_activity where query = 'listen quick_ended'`
    await until(async () => (await pool.query(listeners)).rows.length === 2)
    await one.create('a', session())
    await two.find('a')
    const heard = Promise.withResolvers<RpSessionsEnded>()
    two.onEnded(heard.resolve)
    const from = performance.now()
    await one.end('a', 'logout')
    await heard.promise
    console.info(`an end was heard in another process after ${Math.round(performance.now() - from)} ms`)
  })

  test('an end that is committed after a later one has begun is heard too', async () => {
    const [{ store: fast }, { store: reader, pool }] = [open('order_'), open('order_')]
    const [reached, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let isHeld = false
    // A process whose commit takes its time.
    const slow = postgresSessions({
      prefix: 'order_',
      pool: {
        options: { max: 1 },
        query: (text, values) => pool.query(text, values),
        async connect() {
          const connection = await pool.connect()
          return {
            on: (event, listener) => connection.on(event as 'error', listener),
            release: error => connection.release(error),
            async query(text, values) {
              if (isHeld && text === 'commit') {
                reached.resolve()
                await held.promise
              }
              return connection.query(text, values)
            }
          }
        }
      }
    })
    const heard = hear(reader)
    await slow.create('a', session())
    await fast.create('b', session({ sid: 'sid-2' }))
    await reader.find('a')
    isHeld = true
    const first = slow.end('a', 'logout')
    await reached.promise
    const second = fast.end('b', 'logout')
    const waiting = 'select 1 from pg_locks where not granted'
    await until(async () => heard.length > 0 || (await pool.query(waiting)).rows.length > 0)
    held.resolve()
    expect(await Promise.all([first, second])).toEqual([true, true])
    await until(() => heard.length === 2)
    await slow.close()
  })

  test.each<[string, (store: RpSessionStore) => Promise<string[]>]>([
    ['sid', store => store.endBySid(iss, 'sid-1', 'back_channel')],
    ['sub', store => store.endBySub(iss, 'ola', 2 ** 32, 'back_channel')]
  ])(
    'sessions that end by %s are taken in the order of their keys, so two ends never wait for each other',
    async (by, end) => {
      const { store, pool } = open(`turns_${by}_`)
      // In the table they lie the other way round.
      await store.create('z', session())
      await store.create('a', session())
      const other = await pool.connect()
      const take = (key: string) =>
        other.query(`select 1 from turns_${by}_sessions where key = $1 for update nowait`, [key])
      try {
        await other.query('begin')
        await take('a')
        const ended = end(store)
        await until(
          async () => (await pool.query('select 1 from pg_locks where not granted')).rows.length > 0
        )
        // Who has the first may have the second as well.
        expect((await take('z')).rowCount).toBe(1)
        await other.query('commit')
        expect((await ended).toSorted()).toEqual(['a', 'z'])
      } finally {
        other.release(true)
      }
    }
  )

  test('a server that is gone: each call is refused; when it is back, sessions are there and ends are heard', async () => {
    const [{ store: one }, { store: two }] = [open('down_'), open('down_')]
    const heard = hear(two)
    await two.find('nobody')
    await one.create('a', session())
    await server.kill()
    await expect(one.find('a')).rejects.toThrow()
    await expect(one.create('b', session())).rejects.toThrow()
    await expect(one.endBySid(iss, 'sid-1', 'back_channel')).rejects.toThrow()
    await expect(one.takeJti(iss, 'jti', 2 ** 32)).rejects.toThrow()
    await server.start()
    await until(() => one.find('a').catch(() => false))
    expect(await one.find('b')).toBeUndefined()
    expect(await one.takeJti(iss, 'jti', 2 ** 32)).toBe(true)
    expect(await one.endBySid(iss, 'sid-1', 'back_channel')).toEqual(['a'])
    await until(() => heard.length > 0)
    expect(heard).toEqual([{ keys: ['a'], by: 'back_channel' }])
  })
})
