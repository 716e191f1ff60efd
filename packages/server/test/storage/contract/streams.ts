import { expect, test } from 'vitest'
import type { Storage } from '../../../src/storage/storage.ts'
import type { StreamInput } from '../../../src/storage/stream-store.ts'
import { application, now, type OpenStorage, order, type Stage, sidOf, stage } from './stage.ts'

const limits = { most: 100, perClient: 10, busy: new Set<string>(), leaseSeconds: 30 }

/** {@link StreamStore}, and what ends for it. */
export function streamContract(open: OpenStorage): void {
  test('a client has one stream, found by its id and its client', async () => {
    const { storage } = await watched(open)
    const { status, reason, ...kept } = (await storage.findStream('s-news')) ?? {}
    expect(kept).toEqual(streamOf('news'))
    expect([status, reason]).toEqual(['enabled', null])
    expect(await storage.streamOf('news')).toEqual(await storage.findStream('s-news'))
    expect(await storage.addStream({ ...streamOf('news'), id: 'other' }, now)).toBe('exists')
    expect(await storage.findStream('other')).toBeUndefined()
    expect(await storage.saveStream({ ...streamOf('news'), clientId: 'market' })).toBe(false)
  })

  test('the end of a session is owed with it, by the sid of the receiver; another cause, another event', async () => {
    const world = await watched(open)
    const { storage } = world
    const uid = await world.session('ola', ['news'])
    const ending = order({ sub: 'ola', sessions: { uid }, cause: 'admin_session' })
    await storage.end(ending, now)
    await storage.end(order({ sub: 'ola', sessions: { uid } }), now)
    const { events } = await storage.waitingEvents('s-news', 10)
    expect(events).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        logoutId: ending.logoutId,
        clientId: 'news',
        streamId: 's-news',
        sub: 'ola',
        sid: sidOf(uid, 'news'),
        createdAt: now,
        cause: 'admin_session',
        event: null
      }
    ])
    // Everybody's receiver is no RP of the session.
    const { events: all } = await storage.waitingEvents('s-watch', 10)
    expect(all).toMatchObject([{ sub: 'ola', sid: expect.stringMatching(/^[0-9a-f]{32}$/) }])
  })

  test('an end that is refused leaves no event', async () => {
    const world = await watched(open)
    const ended = await world.storage.end(order({ sub: 'ola', sessions: { uid: 'none' } }), now)
    expect(ended.state).toBe('already_ended')
    expect((await world.storage.waitingEvents('s-watch', 10)).events).toEqual([])
  })

  test('the end of a whole user is one event, owed at once, and none when nothing was left', async () => {
    const world = await watched(open)
    const { storage } = world
    for (let n = 0; n < 3; n++) await world.session('ola', ['news'])
    await world.grant('ola', 'news')
    const whole = order({ cause: 'admin_user', sub: 'ola', epoch: { user: 'ola' }, tell: 'job' })
    await storage.end(whole, now)
    await storage.end({ ...whole, logoutId: 'again' }, now)
    await world.finishJobs()
    for (const stream of ['s-news', 's-watch'])
      expect((await storage.waitingEvents(stream, 10)).events).toMatchObject([
        { logoutId: whole.logoutId, sub: 'ola', sid: null }
      ])
  })

  test('the end of everything is one event for each user, by session or grant, in whatever batches', async () => {
    const world = await watched(open)
    const { storage } = world
    await world.user('kari')
    await world.user('liv')
    await world.session('liv', ['news'])
    for (let n = 0; n < 3; n++) await world.session('ola', ['news'])
    await world.grant('ola', 'news')
    await world.grant('kari', 'news')
    await storage.end(order({ cause: 'admin_all', epoch: { system: true }, tell: 'job' }), now)
    await world.finishJobs(2)
    const { events } = await storage.waitingEvents('s-watch', 10)
    expect(events.map(it => [it.sub, it.sid]).sort()).toEqual([
      ['kari', null],
      ['liv', null],
      ['ola', null]
    ])
  })

  test('a receiver of its own users hears of no other, nor of a session in which it is not', async () => {
    const world = await watched(open)
    const { storage } = world
    await world.client('market')
    await world.grant('ola', 'market')
    const uid = await world.session('ola', ['market'])
    await storage.end(order({ sub: 'ola', sessions: { uid } }), now)
    await storage.end(order({ cause: 'admin_user', sub: 'ola', epoch: { user: 'ola' }, tell: 'job' }), now)
    expect((await storage.waitingEvents('s-news', 10)).events).toEqual([])
    expect((await storage.waitingEvents('s-watch', 10)).events).toHaveLength(2)
  })

  test.each([
    ['that hears no ends', { hearsEnds: false }],
    ['whose client has no power', { power: false }],
    ['whose client is disabled', { disabled: true }]
  ])(
    'a stream %s is owed nothing',
    async (_what, { hearsEnds = true, power = true, disabled = false }: Otherwise) => {
      const world = await watched(open)
      const { storage } = world
      await storage.saveStream({ ...streamOf('watch'), hearsEnds })
      if (!power) await storage.saveClient(application('watch', 'not_told'), now)
      if (disabled) await storage.end(order({ clientId: 'watch', disableClient: true, tell: 'nobody' }), now)
      const uid = await world.session('ola', ['news'])
      await storage.end(order({ sub: 'ola', sessions: { uid } }), now)
      expect((await storage.waitingEvents('s-watch', 10)).events).toEqual([])
      expect((await storage.waitingEvents('s-news', 10)).events).toHaveLength(1)
    }
  )

  test('a user who was left out is not owed; taken back, he is', async () => {
    const world = await watched(open)
    const { storage } = world
    const endOne = async () => {
      const uid = await world.session('ola', ['news'])
      await world.session('ola', ['news'])
      await storage.end(order({ sub: 'ola', sessions: { uid } }), now)
      await storage.end(order({ cause: 'admin_user', sub: 'ola', epoch: { user: 'ola' }, tell: 'job' }), now)
      return (await storage.waitingEvents('s-watch', 10)).events.length
    }
    for (let twice = 0; twice < 2; twice++) await storage.setStreamSubject('s-watch', 'ola', false)
    expect(await endOne()).toBe(0)
    for (let twice = 0; twice < 2; twice++) await storage.setStreamSubject('s-watch', 'ola', true)
    expect(await endOne()).toBe(2)
    await storage.setStreamSubject('s-watch', undefined, false)
    expect(await endOne()).toBe(4)
  })

  test('events come in the order in which they happened, and it is said whether there are more', async () => {
    const world = await watched(open)
    const sids = await world.endSessions(5)
    const { events, more } = await world.storage.waitingEvents('s-news', 3)
    expect([events.map(it => it.sid), more]).toEqual([sids.slice(0, 3), true])
    expect((await world.storage.waitingEvents('s-news', 5)).more).toBe(false)
  })

  test('what was taken or failed is settled, for its own stream and once', async () => {
    const world = await watched(open)
    const { storage } = world
    await world.endSessions(3)
    const [one = '', two = '', three = ''] = (await storage.waitingEvents('s-news', 9)).events.map(
      it => it.id
    )
    await storage.settleEvents('s-watch', { taken: [one], failed: [{ id: two, problem: 'x' }] }, now)
    expect((await storage.waitingEvents('s-news', 9)).events).toHaveLength(3)
    const failed = [{ id: two, problem: 'invalid_key' }]
    for (let twice = 0; twice < 2; twice++)
      await storage.settleEvents('s-news', { taken: [one], failed }, now + 1)
    await storage.settleEvents('s-news', { taken: [two], failed: [] }, now + 2)
    expect((await storage.waitingEvents('s-news', 9)).events.map(it => it.id)).toEqual([three])
    expect(await storage.findDelivery(one)).toMatchObject({ state: 'delivered' })
    expect(await storage.findDelivery(two)).toMatchObject({ state: 'refused' })
    expect(await storage.listAttempts(two)).toEqual([
      { at: now + 1, status: null, problem: 'invalid_key', milliseconds: 0 }
    ])
  })

  test('what is pushed is claimed while its stream is enabled, and not while it stands still', async () => {
    const world = await watched(open)
    const { storage } = world
    const pushed = {
      method: 'push',
      endpointUrl: 'https://news.example/events',
      sealedHeader: 'sealed'
    } as const
    await storage.saveStream({ ...streamOf('news'), ...pushed })
    await world.endSessions(1)
    expect((await storage.waitingEvents('s-news', 9)).events).toEqual([])
    const to = { reason: null, tell: false }
    await storage.setStreamStatus('s-news', { status: 'paused', ...to }, now)
    expect(await storage.claimDeliveries(limits, now)).toEqual([])
    await storage.setStreamStatus('s-news', { status: 'enabled', ...to }, now)
    expect(await storage.claimDeliveries(limits, now)).toMatchObject([
      {
        kind: 'security_event',
        streamId: 's-news',
        address: pushed.endpointUrl,
        event: null,
        cause: 'redirect'
      }
    ])
  })

  test.each(['power', 'client'])(
    'what is owed to a receiver without its %s stays unsent, and is given up',
    async lost => {
      const world = await watched(open)
      const { storage } = world
      const pushed = { method: 'push', endpointUrl: 'https://news.example/events' } as const
      await storage.saveStream({ ...streamOf('news'), ...pushed })
      await world.endSessions(1)
      if (lost === 'power') await storage.saveClient(application('news', 'not_told'), now)
      else await storage.end(order({ clientId: 'news', disableClient: true, tell: 'nobody' }), now)
      expect(await storage.claimDeliveries(limits, now)).toEqual([])
      await storage.limitStreams({ most: 9, keptSeconds: 60 }, now + 60)
      const states = (await storage.listDeliveries()).filter(it => it.clientId === 'news').map(it => it.state)
      expect(states).toEqual(['gave_up'])
    }
  )

  test('of a stream that stands still only what it says of itself goes out', async () => {
    const world = await watched(open)
    const { storage } = world
    await world.endSessions(1)
    await storage.queueVerification('s-news', 'a state', 0, now)
    await storage.setStreamStatus('s-news', { status: 'paused', reason: 'full', tell: true }, now)
    const told = { type: 'stream-updated', status: 'paused', reason: 'full' }
    expect((await storage.waitingEvents('s-news', 9)).events).toMatchObject([
      { event: told, cause: null, sub: null }
    ])
    await storage.setStreamStatus('s-news', { status: 'enabled', reason: null, tell: false }, now)
    expect((await storage.waitingEvents('s-news', 9)).events.map(it => it.event)).toEqual([
      null,
      { type: 'verification', state: 'a state' },
      told
    ])
  })

  test('a disabled stream has let go of everything, and is owed nothing new', async () => {
    const world = await watched(open)
    const { storage } = world
    await world.endSessions(2)
    await storage.setStreamStatus('s-news', { status: 'disabled', reason: null, tell: false }, now)
    await world.endSessions(2)
    expect(await storage.queueVerification('s-news', 'x', 0, now)).toEqual({ queued: true })
    await storage.setStreamStatus('s-news', { status: 'enabled', reason: null, tell: false }, now)
    expect((await storage.waitingEvents('s-news', 9)).events).toEqual([])
  })

  test('a verification is queued as often as it may be', async () => {
    const { storage } = await watched(open)
    expect(await storage.queueVerification('s-news', undefined, 30, now)).toEqual({ queued: true })
    expect(await storage.queueVerification('s-news', undefined, 30, now + 10)).toEqual({
      queued: false,
      retryAfterSeconds: 20
    })
    expect(await storage.queueVerification('s-news', undefined, 30, now + 30)).toEqual({ queued: true })
    expect((await storage.waitingEvents('s-news', 9)).events.map(it => it.event)).toEqual(
      Array(2).fill({ type: 'verification' })
    )
  })

  test('a removed stream is gone with all that it owed, and once', async () => {
    const world = await watched(open)
    const { storage } = world
    await world.endSessions(1)
    await storage.setStreamSubject('s-news', 'ola', false)
    await storage.setStreamStatus('s-news', { status: 'paused', reason: null, tell: true }, now)
    expect(await storage.dropStream('s-news')).toBe(true)
    expect(await storage.dropStream('s-news')).toBe(false)
    const left = (await storage.recentDeliveries('pending', 9)).filter(it => it.clientId === 'news')
    expect(left.filter(it => it.kind !== 'back_channel')).toEqual([])
    await storage.addStream(streamOf('news'), now)
    expect((await storage.waitingEvents('s-news', 9)).events).toEqual([])
    await world.endSessions(1)
    expect((await storage.waitingEvents('s-news', 9)).events).toHaveLength(1)
  })

  test('queues are bounded: by age where they are fetched, and by number', async () => {
    const world = await watched(open)
    const { storage } = world
    await world.endSessions(3)
    expect(await storage.limitStreams({ most: 3, keptSeconds: 60 }, now + 59)).toEqual([])
    expect((await storage.waitingEvents('s-news', 9)).events).toHaveLength(3)
    expect((await storage.limitStreams({ most: 2, keptSeconds: 60 }, now + 59)).sort()).toEqual([
      's-news',
      's-watch'
    ])
    expect(await storage.findStream('s-news')).toMatchObject({ status: 'disabled' })
    expect((await storage.waitingEvents('s-news', 9)).events).toMatchObject([
      { event: { type: 'stream-updated' } }
    ])
    await storage.limitStreams({ most: 2, keptSeconds: 60 }, now + 119)
    expect((await storage.waitingEvents('s-news', 9)).events).toEqual([])
  })

  test('what a stream owes keeps its logout from the sweep until it is settled; so do what it says of itself', async () => {
    const world = await watched(open)
    const { storage } = world
    await world.endSessions(1)
    await storage.queueVerification('s-news', undefined, 0, now)
    await storage.dropStream('s-watch')
    const count = async () => (await storage.listDeliveries()).length
    expect(await count()).toBe(3)
    await storage.sweep(now + 10, 5)
    expect((await storage.waitingEvents('s-news', 9)).events).toHaveLength(2)
    const taken = (await storage.waitingEvents('s-news', 9)).events.map(it => it.id)
    await storage.settleEvents('s-news', { taken, failed: [] }, now + 10)
    for (let sweeps = 0; sweeps < 3; sweeps++) await storage.sweep(now + 20, 5)
    expect(await count()).toBe(0)
  })
}

interface Otherwise {
  hearsEnds?: boolean
  power?: boolean
  disabled?: boolean
}

/** The stream of a client, which is polled. */
const streamOf = (clientId: string): StreamInput => ({
  id: `s-${clientId}`,
  clientId,
  method: 'poll',
  endpointUrl: null,
  sealedHeader: null,
  eventsRequested: ['an event'],
  hearsEnds: true,
  description: `Of ${clientId}`
})

interface Watched extends Stage {
  storage: Storage
  /** Ends so many sessions of Ola's at `news`. Returns their sids. */
  endSessions(count: number): Promise<string[]>
}

/** Two streams: `news` hears of its own users, `watch` of everybody's. */
async function watched(open: OpenStorage): Promise<Watched> {
  const world = await stage(open)
  const { storage } = world
  await world.user('ola')
  for (const [clientId, may_receive_events] of [
    ['news', true],
    ['watch', 'all']
  ] as const) {
    const client = application(clientId, 'not_told')
    await storage.saveClient({ ...client, metadata: { ...client.metadata, may_receive_events } }, now)
    await storage.addStream(streamOf(clientId), now)
  }
  return {
    ...world,
    async endSessions(count) {
      const sids: string[] = []
      for (let n = 0; n < count; n++) {
        const uid = await world.session('ola', ['news'])
        await storage.end(order({ sub: 'ola', sessions: { uid } }), now)
        sids.push(sidOf(uid, 'news'))
      }
      return sids
    }
  }
}
