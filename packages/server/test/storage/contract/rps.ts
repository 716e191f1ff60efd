import { expect, test } from 'vitest'
import { now, type OpenStorage, order, type Stage, sidOf, stage } from './stage.ts'

/** A client that is an RP of sessions, with or without a grant in them: told wherever its own login hangs on one. */
export function rpContract(open: OpenStorage): void {
  const removal = () =>
    order({
      cause: 'account_app',
      sub: 'ola',
      clientId: 'news',
      grantsOf: { sub: 'ola', clientId: 'news' },
      dropConsent: { sub: 'ola', clientId: 'news' },
      tell: 'client'
    })

  test('an app whose access is taken back is told by each sid, is no RP any more, and hears nothing when the session ends', async () => {
    const { storage, session } = await withNews(open)
    const [laptop, phone] = [await session('ola', ['news', 'market']), await session('ola', ['news'])]
    const other = await session('kari', ['news'])
    const removing = removal()
    expect(await storage.end(removing, now)).toMatchObject({ state: 'ended' })
    const owed = await storage.listDeliveries()
    expect(owed.map(it => [it.clientId, it.sid]).toSorted()).toEqual(
      [laptop, phone].map(uid => ['news', sidOf(uid, 'news')]).toSorted()
    )
    expect(await storage.isJoined(laptop, 'news')).toBe(false)
    expect(await storage.isJoined(laptop, 'market')).toBe(true)
    expect(await storage.isJoined(other, 'news')).toBe(true)
    expect(await storage.findSession(laptop, now)).toMatchObject({ live: true })
    const ending = order({ sub: 'ola', sessions: { uid: laptop } })
    await storage.end(ending, now)
    expect((await storage.listDeliveries(ending.logoutId)).map(it => it.clientId)).toEqual(['market'])
  })

  test('once more changes nothing and gives the receipt of the first time', async () => {
    const { storage, session } = await withNews(open)
    await session('ola', ['news'])
    const first = removal()
    await storage.end(first, now)
    expect(await storage.end(removal(), now)).toEqual({ state: 'already_ended', receiptId: first.logoutId })
    expect(await storage.listDeliveries()).toHaveLength(1)
  })

  test('an app that the user lets in again is an RP again, under the same sid', async () => {
    const { storage, session } = await withNews(open)
    const uid = await session('ola', ['news'])
    await storage.end(removal(), now)
    const rp = { sessionUid: uid, clientId: 'news', sid: sidOf(uid, 'news') }
    expect(await storage.joinSession(rp, now)).toBe('joined')
    const ending = order({ sub: 'ola', sessions: { uid } })
    await storage.end(ending, now)
    expect(await storage.listDeliveries(ending.logoutId)).toHaveLength(1)
  })

  const wholeClient = () =>
    order({ cause: 'admin_client', clientId: 'news', epoch: { client: 'news' }, tell: 'job' })

  test.each([1, 2, 100])(
    'a logout of a whole client tells it wherever it is an RP, once, in batches of %i',
    async limit => {
      const { storage, session, grant, finishJobs } = await withNews(open)
      const withGrant = await session('ola', ['news', 'market'])
      await grant('ola', 'news', { sessionUid: withGrant })
      const without = [await session('ola', ['news']), await session('kari', ['news'])]
      const over = await session('kari', ['news'])
      await storage.end(order({ sub: 'kari', sessions: { uid: over }, tell: 'nobody' }), now)
      const whole = wholeClient()
      await storage.end(whole, now)
      await finishJobs(limit)
      const owed = await storage.listDeliveries()
      expect(owed.map(it => [it.clientId, it.sid]).toSorted()).toEqual(
        [withGrant, ...without].map(uid => ['news', sidOf(uid, 'news')]).toSorted()
      )
      expect(await storage.findReceipt(whole.logoutId)).toMatchObject({ jobOpen: false })
    }
  )

  test('what came after it is not told of: neither a new RP nor one that came again', async () => {
    const { storage, session, finishJobs } = await withNews(open)
    const again = await session('ola', ['news'])
    await storage.end(wholeClient(), now)
    const later = await session('kari', ['news'])
    await storage.joinSession({ sessionUid: again, clientId: 'news', sid: sidOf(again, 'news') }, now)
    await finishJobs()
    expect(await storage.listDeliveries()).toEqual([])
    // And both are, by the next one.
    expect(await storage.end(wholeClient(), now)).toMatchObject({ state: 'ended' })
    await finishJobs()
    expect((await storage.listDeliveries()).map(it => it.sid).toSorted()).toEqual(
      [again, later].map(uid => sidOf(uid, 'news')).toSorted()
    )
    expect(await storage.end(wholeClient(), now)).toMatchObject({ state: 'already_ended' })
  })

  test('the next one tells an RP by no sid of which the one before has told it', async () => {
    const { storage, session, finishJobs } = await withNews(open)
    await session('ola', ['news'])
    await storage.end(wholeClient(), now)
    await finishJobs()
    const later = await session('kari', ['news'])
    const next = wholeClient()
    expect(await storage.end(next, now)).toMatchObject({ state: 'ended' })
    await finishJobs()
    expect((await storage.listDeliveries(next.logoutId)).map(it => it.sid)).toEqual([sidOf(later, 'news')])
  })

  test('nor by one of which an unfinished one has still to tell it', async () => {
    const { storage, session, finishJobs } = await withNews(open)
    const [first, later] = [wholeClient(), wholeClient()]
    const before = await session('ola', ['news'])
    await storage.end(first, now)
    const after = await session('kari', ['news'])
    await storage.end(later, now)
    await finishJobs(1)
    const sidsOf = async (id: string) => (await storage.listDeliveries(id)).map(it => it.sid)
    expect(await sidsOf(first.logoutId)).toEqual([sidOf(before, 'news')])
    expect(await sidsOf(later.logoutId)).toEqual([sidOf(after, 'news')])
  })
}

async function withNews(open: OpenStorage): Promise<Stage> {
  const it = await stage(open)
  await it.user('ola')
  await it.user('kari')
  await it.client('news')
  await it.client('market')
  return it
}
