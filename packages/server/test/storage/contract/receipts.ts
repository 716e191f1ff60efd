import { expect, test } from 'vitest'
import type { ToldApplication } from '../../../src/storage/receipt-store.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { application, now, type OpenStorage, order, type Stage, sidOf, stage } from './stage.ts'

const wanted = { limit: 100, attempts: 10 }

/** {@link ReceiptStore}. */
export function receiptContract(open: OpenStorage): void {
  test('each application of a session that ended, told or not, with its state', async () => {
    const world = await scene(open)
    const { storage, uid, logoutId } = await ended(world)
    const { applications, next } = await storage.listApplications(logoutId, wanted)
    const found = applications.map(({ clientId, sid, state }) => [clientId, sid, state])
    expect(found).toEqual([
      ['market', sidOf(uid, 'market'), 'pending'],
      ['news', sidOf(uid, 'news'), 'pending'],
      ['framed', sidOf(uid, 'framed'), 'not_requested'],
      ['silent', sidOf(uid, 'silent'), 'not_registered']
    ])
    expect(next).toBeUndefined()
    expect(await storage.countApplications(logoutId)).toEqual({
      pending: 2,
      not_requested: 1,
      not_registered: 1
    })
    expect(await storage.countApplications('no logout')).toEqual({})
    expect(await storage.listApplications('no logout', wanted)).toEqual({ applications: [] })
  })

  test('whom a page asked is requested; an application that is gone is not registered', async () => {
    const world = await scene(open)
    const { storage, uid, logoutId } = await ended(world)
    await storage.noteAsked(logoutId, [{ clientId: 'framed', sid: sidOf(uid, 'framed') }], now)
    expect(await storage.countApplications(logoutId)).toEqual({ pending: 2, requested: 1, not_registered: 1 })
    const { applications } = await storage.listApplications(logoutId, { ...wanted, clientId: 'framed' })
    expect(applications).toMatchObject([{ clientId: 'framed', state: 'requested', attempts: 0, tried: [] }])

    const again = await ended(world)
    await storage.end(order({ clientId: 'framed', disableClient: true, epoch: { client: 'framed' } }), now)
    expect(await storage.countApplications(again.logoutId)).toEqual({ pending: 2, not_registered: 2 })
  })

  test('the newest attempts of each, oldest first, without what went wrong', async () => {
    const world = await scene(open)
    const { storage, logoutId } = await ended(world)
    const market = (await storage.listDeliveries(logoutId)).find(it => it.clientId === 'market')?.id ?? ''
    for (const [i, status] of [503, null, 500, 200].entries()) {
      const state = status === 200 ? 'delivered' : 'pending'
      const attempt = {
        id: market,
        state,
        nextAt: now,
        status,
        problem: 'a problem',
        heardMaybe: false
      } as const
      await storage.recordAttempt({ ...attempt, milliseconds: i }, now + i)
    }
    const { applications } = await storage.listApplications(logoutId, { limit: 100, attempts: 3 })
    expect(applications[0]).toMatchObject({
      clientId: 'market',
      state: 'delivered',
      attempts: 4,
      tried: [
        { at: now + 1, status: null, milliseconds: 1 },
        { at: now + 2, status: 500, milliseconds: 2 },
        { at: now + 3, status: 200, milliseconds: 3 }
      ]
    })
    expect(applications[0]?.tried[0]).not.toHaveProperty('problem')
    expect(await storage.countApplications(logoutId)).toMatchObject({ delivered: 1, pending: 1 })
  })

  test('page by page each comes once, all of them or those of one application', async () => {
    const world = await scene(open)
    const uids: string[] = []
    for (let i = 0; i < 23; i++) uids.push(await world.session('ola', ['news', 'market', 'silent']))
    const whole = order({ cause: 'admin_user', sub: 'ola', epoch: { user: 'ola' }, tell: 'job' })
    await world.storage.end(whole, now)
    await world.finishJobs()
    const sids = (clientId: string) => uids.map(uid => `${clientId} ${sidOf(uid, clientId)}`)
    const names = (all: ToldApplication[]) => all.map(({ clientId, sid }) => `${clientId} ${sid}`).toSorted()
    const every = await pages(world.storage, whole.logoutId)
    expect(names(every)).toEqual([...sids('news'), ...sids('market'), ...sids('silent')].toSorted())
    for (const clientId of ['market', 'news', 'silent'])
      expect(names(await pages(world.storage, whole.logoutId, clientId))).toEqual(sids(clientId).toSorted())
    expect(await pages(world.storage, whole.logoutId, 'nobody')).toEqual([])
    expect(await world.storage.countApplications(whole.logoutId)).toEqual({ pending: 46, not_registered: 23 })
  })

  test('a place that another application was given leads to nothing of it', async () => {
    const world = await scene(open)
    const { storage, logoutId } = await ended(world)
    const { next } = await storage.listApplications(logoutId, { ...wanted, limit: 1 })
    expect(next).toBeDefined()
    for (const after of [next, 's0', 's999999999', 'nonsense', '']) {
      const { applications } = await storage.listApplications(logoutId, {
        ...wanted,
        clientId: 'news',
        after
      })
      expect(applications.filter(it => it.clientId !== 'news')).toEqual([])
    }
  })

  test('an application that is told by sub stands there too', async () => {
    const world = await scene(open)
    await world.grant('ola', 'news')
    const whole = order({ cause: 'admin_user', sub: 'ola', epoch: { user: 'ola' }, tell: 'job' })
    await world.storage.end(whole, now)
    await world.finishJobs()
    const { applications } = await world.storage.listApplications(whole.logoutId, wanted)
    expect(applications).toMatchObject([{ clientId: 'news', sid: null, state: 'pending' }])
  })
}

/** Two applications that want to be told, one that only a page can ask, one that wants nothing. */
async function scene(open: OpenStorage): Promise<Stage> {
  const world = await stage(open)
  await world.user('ola')
  for (const clientId of ['news', 'market']) await world.client(clientId)
  await world.client('silent', 'not_told')
  const framed = application('framed', 'not_told')
  const frontchannel_logout_uri = 'https://framed.example/out'
  await world.storage.saveClient(
    { ...framed, metadata: { ...framed.metadata, frontchannel_logout_uri } },
    now
  )
  return world
}

/** The end of one session at all four. */
async function ended(world: Stage): Promise<Stage & { uid: string; logoutId: string }> {
  const uid = await world.session('ola', ['news', 'market', 'silent', 'framed'])
  const ending = order({ sub: 'ola', sessions: { uid } })
  await world.storage.end(ending, now)
  return { ...world, uid, logoutId: ending.logoutId }
}

async function pages(storage: Storage, logoutId: string, clientId?: string): Promise<ToldApplication[]> {
  const all: ToldApplication[] = []
  let after: string | undefined
  do {
    const page = await storage.listApplications(logoutId, { limit: 10, attempts: 1, after, clientId })
    // One session's applications stay together.
    expect(page.applications.length).toBeLessThan(13)
    all.push(...page.applications)
    after = page.next
  } while (after !== undefined)
  return all
}
