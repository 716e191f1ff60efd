import { expect, test } from 'vitest'
import type { Delivery, EndOrder } from '../../../src/storage/records.ts'
import { now, type OpenStorage, order, type Stage, sidOf, stage } from './stage.ts'

/** `runJob`: what a moved epoch has ended is written down, each row exactly once. */
export function jobContract(open: OpenStorage): void {
  test('without a job there is nothing to do', async () => {
    const { storage } = await stage(open)
    expect(await storage.runJob(10, now)).toBe('idle')
  })

  const wide: Record<string, { epoch: EndOrder['epoch']; expected: (them: Crowd) => string[] }> = {
    // By sid where a client has one; by sub where it has a grant alone.
    'a whole user': {
      epoch: { user: 'ola' },
      expected: ({ ola }) =>
        [...ola.map(uid => `news ${sidOf(uid, 'news')} ola`), 'phone null ola'].toSorted()
    },
    'a whole client': {
      epoch: { client: 'news' },
      expected: ({ ola, kari }) => [
        ...ola.map(uid => `news ${sidOf(uid, 'news')} ola`),
        ...kari.map(uid => `news ${sidOf(uid, 'news')} kari`)
      ]
    },
    'the whole system': {
      epoch: { system: true },
      expected: ({ ola, kari }) => [
        ...ola.map(uid => `news ${sidOf(uid, 'news')} ola`),
        ...kari.map(uid => `news ${sidOf(uid, 'news')} kari`),
        'phone null kari',
        'phone null ola'
      ]
    }
  }
  test.each(
    Object.entries(wide).flatMap(([name, it]) => [1, 3, 100].map(limit => [name, limit, it] as const))
  )('%s in batches of %i: each RP is told once, and everything is written down', async (_, limit, it) => {
    const scene = await stage(open)
    const them = await crowd(scene)
    const ending = order({ cause: 'admin', epoch: it.epoch, tell: 'job' })
    await scene.storage.end(ending, now)
    expect(await scene.storage.findReceipt(ending.logoutId)).toMatchObject({ jobOpen: true })
    await scene.finishJobs(limit)
    expect(told(await scene.storage.listDeliveries())).toEqual(it.expected(them).toSorted())
    const receipt = await scene.storage.findReceipt(ending.logoutId)
    const deadGrants = await Promise.all(them.grants.map(id => scene.storage.findGrant(id, now)))
    const sessions = await scene.storage.listSessions({ all: true, limit: 100 }, now)
    expect(receipt).toMatchObject({
      jobOpen: false,
      grantsRevoked: deadGrants.filter(grant => grant === undefined).length,
      sessionsEnded: sessions.filter(session => session.endedBy === ending.logoutId).length
    })
    expect(sessions.filter(session => !session.live && session.endedAt === null)).toEqual([])
  })

  test('many workers at once do each thing once', async () => {
    const scene = await stage(open)
    const { ola } = await crowd(scene)
    await scene.storage.end(order({ epoch: { user: 'ola' }, tell: 'job' }), now)
    await Promise.all(Array.from({ length: 30 }, () => scene.storage.runJob(1, now)))
    await scene.finishJobs(1)
    const deliveries = told(await scene.storage.listDeliveries())
    expect(deliveries).toHaveLength(ola.length + 1)
    expect(new Set(deliveries).size).toBe(deliveries.length)
  })

  test('what was made after the end is left alone', async () => {
    const scene = await stage(open)
    await crowd(scene)
    await scene.storage.end(order({ epoch: { user: 'ola' }, tell: 'job' }), now)
    const uid = await scene.session('ola', ['news'])
    const grant = await scene.grant('ola', 'news', { sessionUid: uid })
    await scene.finishJobs(1)
    expect(await scene.storage.findSession(uid, now)).toBeDefined()
    expect(await scene.storage.findGrant(grant, now)).toBeDefined()
    expect(told(await scene.storage.listDeliveries())).not.toContain(`news ${sidOf(uid, 'news')} ola`)
  })

  test('ends that overlap tell each RP once, and each end gets what it ended first', async () => {
    const scene = await stage(open)
    const { storage } = scene
    await crowd(scene)
    const first = order({ logoutId: 'z-first', epoch: { user: 'ola' }, tell: 'job' })
    await storage.end(first, now)
    const later = await scene.session('ola', ['news'])
    const second = order({ logoutId: 'a-second', epoch: { user: 'ola' }, tell: 'job' })
    await storage.end(second, now)
    const everything = order({ logoutId: 'm-third', epoch: { system: true }, tell: 'job' })
    await storage.end(everything, now + 1)
    await scene.finishJobs(1)
    const of = async (it: EndOrder) => told(await storage.listDeliveries(it.logoutId))
    expect(await of(second)).toEqual([`news ${sidOf(later, 'news')} ola`])
    expect((await of(first)).every(it => it.endsWith(' ola'))).toBe(true)
    expect((await of(everything)).every(it => it.endsWith(' kari'))).toBe(true)
    const all = told(await storage.listDeliveries())
    expect(all.filter(it => !it.includes('null'))).toHaveLength(
      new Set(all.filter(it => !it.includes('null'))).size
    )
    expect((await storage.findSessionRow(later, now))?.endedBy).toBe('a-second')
  })

  test('a session that was ended by itself in between belongs to that logout', async () => {
    const scene = await stage(open)
    const { ola } = await crowd(scene)
    const [uid = ''] = ola
    const whole = order({ epoch: { user: 'ola' }, tell: 'job' })
    await scene.storage.end(whole, now)
    const single = order({ sub: 'ola', sessions: { uid } })
    await scene.storage.end(single, now)
    await scene.finishJobs()
    const sid = sidOf(uid, 'news')
    const deliveries = (await scene.storage.listDeliveries()).filter(it => it.sid === sid)
    expect(deliveries.map(it => it.logoutId)).toEqual([single.logoutId])
  })

  test('a client whose part was over long ago is not told once more', async () => {
    const scene = await stage(open)
    const { storage, user, client, session, grant } = scene
    await user('ola')
    await client('news')
    await client('market')
    const uid = await session('ola', ['news'])
    await grant('ola', 'news', { sessionUid: uid })
    await grant('ola', 'market', { expiresAt: now + 10 })
    await storage.end(order({ sub: 'ola', sessions: { uid } }), now)
    const whole = order({ epoch: { user: 'ola' }, tell: 'job' })
    await storage.end(whole, now + 20)
    await scene.finishJobs(100, now + 20)
    expect(await storage.listDeliveries(whole.logoutId)).toEqual([])
    expect(await storage.findReceipt(whole.logoutId)).toMatchObject({ sessionsEnded: 0, grantsRevoked: 0 })
  })
}

interface Crowd {
  ola: string[]
  kari: string[]
  grants: string[]
}

/** Ola with four sessions and Kari with two, all at news with a grant each; both at phone without a session. */
async function crowd({ user, client, session, grant }: Stage): Promise<Crowd> {
  for (const sub of ['ola', 'kari']) await user(sub)
  for (const clientId of ['news', 'phone']) await client(clientId)
  const them: Crowd = { ola: [], kari: [], grants: [] }
  for (const [sub, count] of [
    ['ola', 4],
    ['kari', 2]
  ] as const) {
    for (let index = 0; index < count; index++) {
      const uid = await session(sub, ['news'])
      them[sub].push(uid)
      them.grants.push(await grant(sub, 'news', { sessionUid: uid, bound: index % 2 === 0 }))
    }
    them.grants.push(await grant(sub, 'phone'))
    them.grants.push(await grant(sub, 'phone'))
  }
  return them
}

const told = (deliveries: Delivery[]): string[] =>
  deliveries.map(it => `${it.clientId} ${it.sid} ${it.sub}`).toSorted()
