import { expect, test } from 'vitest'
import { hashSecret } from '../../../src/storage/secrets.ts'
import { now, type OpenStorage, order, type Stage, sessionOf, sidOf, stage } from './stage.ts'

/** Sessions whose time is up: which they are, and that each is judged again when it is ended. */
export function expiryContract(open: OpenStorage): void {
  const hour = 3600
  const day = 86_400

  test('sessions whose time is up are listed, those that were over first first, and by what they reached first', async () => {
    const { storage, session } = await withOla(open)
    const idle = await session('ola', [], { expiresAt: now + hour, endsAt: now + day })
    const absolute = await session('ola', [], { expiresAt: now + 2 * hour, endsAt: now + 2 * hour })
    await session('ola', [], { expiresAt: now + 3 * hour, endsAt: now + day })
    const list = (limit: number, at: number) => storage.listOverSessions(limit, at)
    expect(await list(10, now + hour - 1)).toEqual([])
    const first = { uid: idle, sub: 'ola', reached: 'idle' }
    expect(await list(10, now + hour)).toEqual([first])
    expect(await list(10, now + 2 * hour)).toEqual([
      first,
      { uid: absolute, sub: 'ola', reached: 'absolute' }
    ])
    expect(await list(1, now + 2 * hour)).toEqual([first])
  })

  test('such an end tells the RPs once, and what has ended is no longer listed', async () => {
    const { storage, session } = await withOla(open)
    const uid = await session('ola', ['news'])
    const at = now + hour
    const ending = order({ cause: 'idle_timeout', sub: 'ola', sessions: { uid, onlyIfOver: true } })
    expect(await storage.end(ending, at)).toEqual({ state: 'ended', receiptId: ending.logoutId })
    expect(await storage.listOverSessions(10, at)).toEqual([])
    const again = order({ ...ending, logoutId: 'again' })
    expect(await storage.end(again, at)).toEqual({ state: 'already_ended', receiptId: ending.logoutId })
    expect(await storage.listDeliveries()).toMatchObject([
      { logoutId: ending.logoutId, clientId: 'news', sid: sidOf(uid, 'news'), sub: 'ola' }
    ])
  })

  test('a session in which something happened since it was listed goes on', async () => {
    const { storage, session } = await withOla(open)
    const uid = await session('ola', ['news'])
    // The clock of the process that looks is ahead of that of the one that serves her.
    expect(await storage.listOverSessions(10, now + hour)).toHaveLength(1)
    await storage.touchSession(uid, now + 2 * hour, now + hour - 1)
    const ending = order({ sub: 'ola', sessions: { uid, onlyIfOver: true } })
    expect(await storage.end(ending, now + hour)).toEqual({ state: 'already_ended', receiptId: null })
    expect(await storage.findSession(uid, now + hour)).toMatchObject({ live: true })
    expect([await storage.listDeliveries(), await storage.listAudit({ limit: 1 })]).toEqual([[], []])
    expect(await storage.listOverSessions(10, now + hour)).toEqual([])
  })

  test('a session whose time is up is not brought back by anything that happens in it', async () => {
    const { storage, user } = await stage(open)
    await user('ola')
    const it = sessionOf('ola')
    await storage.saveSession(it, now)
    await storage.touchSession(it.uid, now + 5 * hour, now + hour)
    expect(await storage.saveSession({ ...it, expiresAt: now + 5 * hour }, now + hour)).toBe('ended')
    expect(await storage.listOverSessions(10, now + hour)).toHaveLength(1)
  })

  test.each([
    ['user', { user: 'ola' }],
    ['system', { system: true }]
  ] as const)(
    'what a logout of the whole %s has killed is left to its job, and told of once',
    async (_, epoch) => {
      const { storage, session, finishJobs } = await withOla(open)
      const uid = await session('ola', ['news'])
      const whole = order({ epoch, sub: 'ola', tell: 'job' })
      await storage.end(whole, now)
      const at = now + hour
      expect(await storage.listOverSessions(10, at)).toEqual([])
      const ending = order({ sub: 'ola', sessions: { uid, onlyIfOver: true } })
      expect(await storage.end(ending, at)).toEqual({ state: 'already_ended', receiptId: null })
      await finishJobs(10, at)
      expect(await storage.findSessionRow(uid, at)).toMatchObject({ endedBy: whole.logoutId })
      expect(await storage.listDeliveries()).toHaveLength(1)
    }
  )

  test('a proof from before counts no more once proofs are void, though sessions go on', async () => {
    const { storage, user, client } = await stage(open)
    await user('ola')
    await user('kari')
    await client('news')
    const markOf = async (sub: string) => (await storage.findUser(sub))?.mark
    const [before, of] = [await markOf('ola'), await markOf('kari')]
    const spared = sessionOf('ola', { provenUnder: before })
    await storage.saveSession(spared, now)
    const changing = order({ sub: 'ola', sessions: { ofUser: 'ola', except: spared.uid }, voidProofs: 'ola' })
    // There is nothing else to end, and still the proof is void.
    expect(await storage.end(changing, now)).toMatchObject({ state: 'already_ended' })
    expect(await markOf('ola')).not.toBe(before)
    expect(await markOf('kari')).toBe(of)
    expect((await storage.findUserByEmail('ola@example.test'))?.mark).toBe(await markOf('ola'))
    const late = sessionOf('ola', { cookieHash: hashSecret('late'), provenUnder: before })
    expect(await storage.saveSession(late, now)).toBe('ended')
    const login = { id: 'g', sub: 'ola', clientId: 'news', sessionUid: null, bound: false, payload: {} }
    const grant = { ...login, expiresAt: now + hour }
    expect(await storage.openGrant({ ...grant, provenUnder: before }, now)).toBe('ended')
    // The session that was spared goes on, and a new proof is as good as ever.
    expect(await storage.saveSession({ ...spared, provenUnder: undefined }, now)).toBe('saved')
    const mark = await markOf('ola')
    expect(await storage.saveSession({ ...late, provenUnder: mark }, now)).toBe('saved')
    expect(await storage.openGrant({ ...grant, provenUnder: mark }, now)).toEqual({ id: 'g' })
  })
}

async function withOla(open: OpenStorage): Promise<Stage> {
  const it = await stage(open)
  await it.user('ola')
  await it.client('news')
  return it
}
