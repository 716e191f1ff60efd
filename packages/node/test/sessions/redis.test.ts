import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { redisSessions } from '../../src/sessions/redis.ts'
import { now } from '../../src/sessions/rules.ts'
import type { RpSessionStore, RpSessionsEnded } from '../../src/sessions/store.ts'
import { asHeard, iss, session, sessionsContract, until } from './contract.ts'
import { hasRedis, type Server, startRedis } from './servers.ts'

describe.skipIf(!hasRedis)('sessions in Redis', () => {
  let server: Server
  const toClose: Array<() => unknown> = []
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.close())
  afterEach(async () => {
    vi.useRealTimers()
    for (const close of toClose.splice(0)) await close()
  })

  async function open(prefix: string, RESP: 2 | 3 = 3) {
    // The client gives up by itself too, some of its versions never.
    const commandOptions = { timeout: 60_000 }
    const client = createClient({ socket: { path: server.address, tls: false }, RESP, commandOptions })
    client.on('error', () => {})
    await client.connect()
    const store = redisSessions({ client, prefix })
    toClose.push(async () => {
      await store.close()
      client.destroy()
    })
    return { store, client }
  }

  function hear(store: RpSessionStore): RpSessionsEnded[] {
    const heard: RpSessionsEnded[] = []
    store.onEnded(ended => heard.push(asHeard(ended)))
    return heard
  }

  sessionsContract('redis', () => server.address)

  test('applications with prefixes of their own know nothing of each other', async () => {
    const [{ store: one }, { store: two }] = [await open('one:'), await open('two:')]
    await one.create('a', session())
    expect(await two.find('a')).toBeUndefined()
    expect(await two.endBySid(iss, 'sid-1', 'back_channel')).toEqual([])
    expect(await one.find('a')).toBeDefined()
  })

  test('both versions of the protocol', async () => {
    const [{ store: one }, { store: two }] = [await open('both:', 2), await open('both:', 3)]
    const [here, there] = [hear(one), hear(two)]
    await Promise.all([one.find('nobody'), two.find('nobody')])
    await one.create('a', session())
    await two.create('b', session())
    expect((await one.endBySid(iss, 'sid-1', 'back_channel')).toSorted()).toEqual(['a', 'b'])
    await two.create('c', session({ sid: 'sid-2' }))
    expect(await two.end('c', 'logout')).toBe(true)
    await until(() => here.length > 1 && there.length > 1)
    expect(here).toEqual(there)
  })

  test('every key goes by itself in the end, and nothing is left of what has ended but what is remembered', async () => {
    const { store, client } = await open('gone:')
    await store.create('a', session())
    await store.create('b', session({ expiresAt: now() + 1 }))
    await store.takeJti(iss, 'jti', now() + 60)
    await until(async () => !(await client.exists('gone:session:b')))
    for (const key of await client.keys('gone:*'))
      if (key !== 'gone:expiry') expect(await client.ttl(key), key).toBeGreaterThan(0)
    expect(await client.zRange('gone:expiry', 0, -1)).toEqual(['a'])
    await store.endBySid(iss, 'sid-1', 'back_channel')
    await store.endBySub(iss, 'ola', now(), 'back_channel')
    const left = (await client.keys('gone:*')).map(key => key.split(':')[1])
    expect(left.toSorted()).toEqual(['ended', 'ended-sid', 'ended-sub', 'jti'])
  })

  test('a notification is enough to hear of an end', async () => {
    // Nothing looks by itself.
    vi.useFakeTimers({ toFake: ['setInterval'] })
    const [{ store: one }, { store: two, client }] = [await open('quick:'), await open('quick:')]
    await until(async () => (await client.pubSubNumSub('quick:ended'))['quick:ended'] === 2)
    await one.create('a', session())
    await two.find('a')
    const heard = Promise.withResolvers<RpSessionsEnded>()
    two.onEnded(heard.resolve)
    const from = performance.now()
    await one.end('a', 'logout')
    await heard.promise
    console.info(`an end was heard in another process after ${Math.round(performance.now() - from)} ms`)
  })

  test('connections that the server cuts, the one that listens too: what ends meanwhile and afterwards is heard', async () => {
    const [{ store: one }, { store: two, client }] = [await open('cut:'), await open('cut:')]
    const heard = hear(two)
    await two.find('nobody')
    await one.create('a', session())
    await one.create('b', session({ sid: 'sid-2' }))
    const subscribers = async (): Promise<number> =>
      (await client.pubSubNumSub('cut:ended'))['cut:ended'] ?? 0
    await until(async () => (await subscribers()) === 2)
    await client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub'])
    await one.end('a', 'logout')
    await until(() => heard.length > 0)
    await until(async () => (await subscribers()) === 2)
    await one.end('b', 'logout')
    await until(() => heard.length > 1)
    expect(heard).toEqual([
      { keys: ['a'], by: 'logout' },
      { keys: ['b'], by: 'logout' }
    ])
  })

  test('a server that is gone: each call is refused; when it is back, sessions are there and ends are heard', async () => {
    const [{ store: one, client }, { store: two }] = [await open('down:'), await open('down:')]
    const heard = hear(two)
    await two.find('nobody')
    await one.create('a', session())
    await server.kill()
    // From here on the client keeps what it is given until it is connected again.
    await until(() => !client.isReady)
    const calls = [
      one.find('a'),
      one.create('b', session({ sid: 'sid-2' })),
      one.endBySid(iss, 'sid-1', 'back_channel'),
      one.takeJti(iss, 'jti', now() + 60)
    ]
    for (const call of await Promise.allSettled(calls))
      expect(call).toMatchObject({
        status: 'rejected',
        reason: { message: expect.stringMatching(/Redis has not answered|closed/) }
      })
    await server.start()
    await until(() => one.find('a').catch(() => false))
    // What was refused has not happened later.
    expect(await one.find('b')).toBeUndefined()
    expect(await one.takeJti(iss, 'jti', now() + 60)).toBe(true)
    expect(await one.endBySid(iss, 'sid-1', 'back_channel')).toEqual(['a'])
    await until(() => heard.length > 0)
    expect(heard).toEqual([{ keys: ['a'], by: 'back_channel' }])
  })

  test('a server that stands still: refused after five seconds', async () => {
    const { store } = await open('still:')
    await store.create('a', session())
    server.pause()
    try {
      await expect(store.find('a')).rejects.toThrow('Redis has not answered for 5 seconds')
    } finally {
      server.resume()
    }
    expect(await store.find('a')).toBeDefined()
  })
})
