import { expect, test } from 'vitest'
import type { ClaimedDelivery, DeliveryState } from '../../../src/storage/records.ts'
import type { DeliveryLimits, Storage } from '../../../src/storage/storage.ts'
import { now, type OpenStorage, order, type Stage, sidOf, stage } from './stage.ts'

const nobody: ReadonlySet<string> = new Set()
const limits = { most: 100, perClient: 10, busy: nobody, leaseSeconds: 30 }
const claim = (storage: Storage, at = now, more: Partial<DeliveryLimits> = {}): Promise<ClaimedDelivery[]> =>
  storage.claimDeliveries({ ...limits, ...more }, at)

/** {@link DeliveryStore}. */
export function deliveryContract(open: OpenStorage): void {
  test('what a logout owes is claimed once, with all that an attempt needs', async () => {
    const { storage, uid, logoutId } = await owed(open)
    const claimed = await claim(storage)
    expect(claimed.toSorted((a, b) => (a.clientId < b.clientId ? -1 : 1))).toMatchObject([
      {
        logoutId,
        kind: 'back_channel',
        cause: 'redirect',
        clientId: 'market',
        sid: sidOf(uid, 'market'),
        sub: 'ola',
        attempts: 0,
        heardMaybe: false,
        alg: 'RS256'
      },
      { logoutId, clientId: 'news', address: 'https://news.example/backchannel', createdAt: now }
    ])
    expect(await claim(storage)).toEqual([])
  })

  test('of many that claim at the same moment each gets other ones', async () => {
    const { storage } = await owed(open, 20)
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim(storage, now, { most: 9 })))
    const ids = claims.flat().map(it => it.id)
    expect(ids).toHaveLength(40)
    expect(new Set(ids).size).toBe(40)
  })

  test('what nobody has recorded is there again when the lease is over', async () => {
    const { storage } = await owed(open)
    const first = await claim(storage)
    expect(await claim(storage, now + 29)).toEqual([])
    const again = await claim(storage, now + 30)
    expect(again.map(it => it.id).toSorted()).toEqual(first.map(it => it.id).toSorted())
  })

  test('what was given back is there at once', async () => {
    const { storage } = await owed(open)
    const claimed = await claim(storage)
    await storage.returnDeliveries(
      claimed.map(it => it.id),
      now
    )
    expect(await claim(storage)).toHaveLength(2)
  })

  test('it begins behind the one that was named, and goes round', async () => {
    const { storage } = await owed(open, 5)
    const who = async (after: string): Promise<string[]> =>
      (await claim(storage, now, { most: 2, perClient: 1, after })).map(it => it.clientId)
    expect(await who('market back_channel')).toEqual(['news', 'market'])
    expect(await who('a client that is gone back_channel')).toEqual(['market', 'news'])
    expect(await who('news back_channel')).toEqual(['market', 'news'])
    expect(await who('')).toEqual(['market', 'news'])
  })

  test('no application gets more than its share, and a busy one none', async () => {
    const { storage } = await owed(open, 5)
    const some = await claim(storage, now, { perClient: 2 })
    expect(
      Map.groupBy(some, it => it.clientId)
        .values()
        .toArray()
    ).toHaveLength(2)
    expect(some).toHaveLength(4)
    const rest = await claim(storage, now, { busy: new Set(['market back_channel']) })
    expect(new Set(rest.map(it => it.clientId))).toEqual(new Set(['news']))
    expect(rest).toHaveLength(3)
  })

  test('for slow applications together no more is claimed than there is room for, for others as ever', async () => {
    const { storage } = await owed(open, 5)
    const some = await claim(storage, now, {
      slow: { allBut: new Set(['news back_channel']), most: 3, perClient: 2 }
    })
    const names = some.map(it => it.clientId).sort()
    expect(names).toEqual(['market', 'market', ...Array(5).fill('news')])
    const none = { allBut: new Set<string>(), most: 0, perClient: 2 }
    expect(await claim(storage, now, { slow: none })).toEqual([])
    expect(await claim(storage, now, { slow: { ...none, most: 1 } })).toHaveLength(1)
  })

  test.each<[DeliveryState, boolean]>([
    ['delivered', false],
    ['refused', false],
    ['unclear', false],
    ['gave_up', false],
    ['pending', true]
  ])('an attempt that leaves it %s is kept; it is claimed again: %s', async (state, again) => {
    const { storage } = await owed(open)
    const [it] = await claim(storage)
    await record(storage, it, state, now + 60)
    expect(await storage.findDelivery(it?.id ?? '')).toMatchObject({ state, attempts: 1 })
    expect(await storage.listAttempts(it?.id ?? '')).toEqual([
      { at: now + 1, status: 503, problem: 'a problem', milliseconds: 12 }
    ])
    const later = (await claim(storage, now + 60)).filter(found => found.id === it?.id)
    expect(later.map(found => [found.attempts, found.heardMaybe])).toEqual(again ? [[1, true]] : [])
  })

  test('a delivery that was settled meanwhile keeps its state', async () => {
    const { storage } = await owed(open)
    const [it] = await claim(storage)
    await record(storage, it, 'delivered', now)
    await record(storage, it, 'pending', now + 60)
    expect(await storage.findDelivery(it?.id ?? '')).toMatchObject({ state: 'delivered', attempts: 1 })
  })

  test('what of a logout nobody has attempted', async () => {
    const { storage, logoutId } = await owed(open)
    const names = async (id: string): Promise<string[]> =>
      (await storage.listUnattempted(id)).map(it => `${it.clientId} ${it.kind}`).sort()
    const both = await names(logoutId)
    expect(both).toHaveLength(2)
    const [it] = await claim(storage)
    await record(storage, it, 'pending', now + 60)
    expect(await names(logoutId)).toEqual(both.filter(name => name !== `${it?.clientId} ${it?.kind}`))
    expect(await names('no logout')).toEqual([])
  })

  test('by hand: a pending one is due at once, a given-up one too and as old as it was, a delivered one stays', async () => {
    const { storage } = await owed(open)
    const [one, two] = await claim(storage)
    await record(storage, one, 'gave_up', now)
    await record(storage, two, 'pending', now + 3600)
    expect(await storage.retryDelivery(one?.id ?? '', now + 10)).toBe(true)
    expect(await storage.retryDelivery(two?.id ?? '', now + 10)).toBe(true)
    const again = await claim(storage, now + 10)
    expect(again.map(it => [it.attempts, it.createdAt])).toEqual([
      [1, now],
      [1, now]
    ])
    for (const it of again) await record(storage, it, 'delivered', now)
    expect(await storage.retryDelivery(one?.id ?? '', now + 20)).toBe(false)
    expect(await storage.retryDelivery('no delivery', now)).toBe(false)
  })

  test('by hand: a pending one is given up, which is no attempt', async () => {
    const { storage } = await owed(open)
    const [it] = await claim(storage)
    expect(await storage.cancelDelivery(it?.id ?? '', now)).toBe(true)
    expect(await storage.cancelDelivery(it?.id ?? '', now)).toBe(false)
    expect(await storage.findDelivery(it?.id ?? '')).toMatchObject({ state: 'gave_up', attempts: 0 })
    expect(await storage.listAttempts(it?.id ?? '')).toEqual([])
    expect((await storage.recentDeliveries('pending', 10)).map(found => found.id)).not.toContain(it?.id)
    expect(await storage.recentDeliveries('all', 10)).toHaveLength(2)
  })

  test('by sub alone it is superseded once the user has signed in there again; by sid never', async () => {
    const world = await stage(open)
    const { storage } = world
    await world.user('ola')
    await world.client('news')
    await world.grant('ola', 'news')
    const bySub = order({ cause: 'admin_user', sub: 'ola', epoch: { user: 'ola' }, tell: 'job' })
    await storage.end(bySub, now)
    await world.finishJobs()
    await world.grant('ola', 'news')
    expect(await claim(storage)).toEqual([])
    expect(await storage.listDeliveries(bySub.logoutId)).toMatchObject([{ sid: null, state: 'superseded' }])

    const uid = await world.session('ola', ['news'])
    await storage.end(order({ sub: 'ola', sessions: { uid } }), now)
    await world.session('ola', ['news'])
    expect(await claim(storage)).toMatchObject([{ sid: sidOf(uid, 'news') }])
  })

  test('what is superseded takes no places: one claim finds what is owed behind it', async () => {
    const world = await stage(open)
    const { storage } = world
    await world.client('news')
    const people = Array.from({ length: 25 }, (_, i) => `u-${i}`)
    for (const sub of people) {
      await world.user(sub)
      await world.grant(sub, 'news')
      await storage.end(order({ cause: 'admin_user', sub, epoch: { user: sub }, tell: 'job' }), now)
    }
    await world.finishJobs()
    for (const sub of people) await world.grant(sub, 'news')
    const uid = await world.session('u-0', ['news'])
    await storage.end(order({ sub: 'u-0', sessions: { uid } }), now + 1)
    expect(await claim(storage, now + 1)).toMatchObject([{ sid: sidOf(uid, 'news') }])
    const states = (await storage.listDeliveries()).map(it => it.state)
    expect(states.filter(it => it === 'superseded')).toHaveLength(25)
  })

  test('by sub alone, asked for again by hand long after: it still ends no sign-in that was made since', async () => {
    const world = await stage(open)
    const { storage } = world
    await world.user('ola')
    await world.client('news')
    await world.grant('ola', 'news')
    const bySub = order({ cause: 'admin_user', sub: 'ola', epoch: { user: 'ola' }, tell: 'job' })
    await storage.end(bySub, now)
    await world.finishJobs()
    const [it] = await claim(storage)
    await record(storage, it, 'gave_up', now)
    await world.session('ola', ['news'])
    expect(await storage.retryDelivery(it?.id ?? '', now + 10)).toBe(true)
    expect(await claim(storage, now + 10)).toEqual([])
    expect(await storage.findDelivery(it?.id ?? '')).toMatchObject({ state: 'superseded' })
  })
}

/** A logout of sessions whose two applications both want to be told. */
async function owed(open: OpenStorage, sessions = 1): Promise<Stage & { uid: string; logoutId: string }> {
  const world = await stage(open)
  await world.user('ola')
  for (const clientId of ['news', 'market']) await world.client(clientId)
  let last = { uid: '', logoutId: '' }
  for (let i = 0; i < sessions; i++) {
    const uid = await world.session('ola', ['news', 'market'])
    const ending = order({ sub: 'ola', sessions: { uid } })
    await world.storage.end(ending, now)
    last = { uid, logoutId: ending.logoutId }
  }
  return { ...world, ...last }
}

function record(
  storage: Storage,
  it: ClaimedDelivery | undefined,
  state: DeliveryState,
  nextAt: number
): Promise<void> {
  const attempt = { id: it?.id ?? '', state, nextAt, status: 503, problem: 'a problem', milliseconds: 12 }
  return storage.recordAttempt({ ...attempt, heardMaybe: true }, now + 1)
}
