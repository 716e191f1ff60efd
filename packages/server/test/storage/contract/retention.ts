import { expect, test } from 'vitest'
import { now, type OpenStorage, order, type Stage, stage } from './stage.ts'

const day = 86_400
const retention = 30 * day
const week = 7 * day

/** `sweep`: what has been over for long enough goes, and nothing else. */
export function retentionContract(open: OpenStorage): void {
  test('an ended session stays known for the retention time, then goes with its RPs, its logout and the audit row', async () => {
    const { storage, session } = await withClients(open)
    const uid = await session('ola', ['silent'])
    const ending = order({ sub: 'ola', sessions: { uid } })
    await storage.end(ending, now + 5)
    expect(await storage.sweep(now + 5 + retention - 1, retention)).toBe(0)
    expect(await storage.sweep(now + 5 + retention, retention)).toBe(3)
    expect(await storage.findSessionRow(uid, now)).toBeUndefined()
    expect(await storage.sessionClients(uid)).toEqual([])
    expect(await storage.findReceipt(ending.logoutId)).toBeUndefined()
    expect(await storage.listAudit({ limit: 10 })).toEqual([])
  })

  test.each([
    ['idle', 3600, 3600],
    ['absolute', 200_000, 86_400]
  ])(
    'a session that reached its %s limit stays until it has been ended, and then as long as any',
    async (_, idle, over) => {
      const { storage, session } = await withClients(open)
      const uid = await session('ola', ['silent'], { expiresAt: now + idle })
      const late = now + over + 2 * retention
      expect(await storage.sweep(late, retention)).toBe(0)
      await storage.end(order({ sub: 'ola', sessions: { uid, onlyIfOver: true } }), late)
      expect(await storage.sweep(late + retention - 1, retention)).toBe(0)
      expect(await storage.sweep(late + retention, retention)).toBe(3)
      expect(await storage.findSessionRow(uid, now)).toBeUndefined()
    }
  )

  test('a live session stays however old it is', async () => {
    const { storage, session } = await withClients(open)
    const later = now + 400 * day
    const uid = await session('ola', ['news'], { expiresAt: later + 1, endsAt: later + 1 })
    expect(await storage.sweep(later, retention)).toBe(0)
    expect(await storage.findSession(uid, later)).toBeDefined()
    expect(await storage.sessionClients(uid)).toHaveLength(1)
  })

  test('a logout with a delivery that is still pending stays', async () => {
    const { storage, session } = await withClients(open)
    const uid = await session('ola', ['news'])
    const ending = order({ sub: 'ola', sessions: { uid } })
    await storage.end(ending, now)
    await storage.sweep(now + 2 * retention, retention)
    expect(await storage.findReceipt(ending.logoutId)).toBeDefined()
    expect(await storage.listDeliveries()).toHaveLength(1)
  })

  test('what an open job has still to write down stays until it has, and is told', async () => {
    const { storage, session, grant, finishJobs } = await withClients(open)
    const uid = await session('ola', ['news'])
    const unbound = await grant('ola', 'phone', { expiresAt: now + 100 * day })
    const whole = order({ epoch: { user: 'ola' }, tell: 'job' })
    await storage.end(whole, now)
    const late = now + 2 * retention
    await storage.sweep(late, retention)
    expect(await storage.findSessionRow(uid, late)).toMatchObject({ live: false, endedAt: null })
    expect(await storage.findReceipt(whole.logoutId)).toMatchObject({ jobOpen: true })
    await finishJobs(10, late)
    expect(await storage.findSessionRow(uid, late)).toMatchObject({ endedBy: whole.logoutId })
    expect((await storage.listDeliveries()).map(it => it.clientId).toSorted()).toEqual(['news', 'phone'])
    expect(await storage.saveGrant(unbound, {}, late, late)).toBe('revoked')
  })

  test('a job that was carried out late is kept as long as what it wrote down', async () => {
    const { storage, session, finishJobs } = await withClients(open)
    const uid = await session('ola', ['silent'])
    const whole = order({ epoch: { user: 'ola' }, tell: 'job' })
    await storage.end(whole, now)
    await finishJobs(10, now + 10 * day)
    await storage.sweep(now + retention, retention)
    expect(await storage.findReceipt(whole.logoutId)).toBeDefined()
    expect(await storage.findSessionRow(uid, now)).toBeDefined()
    await storage.sweep(now + 10 * day + retention, retention)
    expect(await storage.findReceipt(whole.logoutId)).toBeUndefined()
    expect(await storage.findSessionRow(uid, now)).toBeUndefined()
    expect(await storage.runJob(10, now)).toBe('idle')
  })

  test('a token is known for a week after its expiry, used and revoked ones too', async () => {
    const { storage, grant, token } = await withClients(open)
    const grantId = await grant('ola', 'news', { expiresAt: now + 300 * day })
    const hash = await token(grantId, { kind: 'RefreshToken', expiresAt: now + 60 * day })
    await storage.consumeToken(hash, 10, now)
    await storage.end(order({ grants: [grantId], tell: 'nobody' }), now)
    await storage.sweep(now + 60 * day + week - 1, 1)
    expect(await storage.findTokenRow(hash)).toMatchObject({ grantId, consumedAt: now })
    await storage.sweep(now + 60 * day + week, 1)
    expect(await storage.findTokenRow(hash)).toBeUndefined()
  })

  test('the reuse of an old refresh token is recognised while its grant lives', async () => {
    const { storage, grant, token } = await withClients(open)
    const late = now + 100 * day
    const grantId = await grant('ola', 'news', { expiresAt: late + 1 })
    const hash = await token(grantId, { kind: 'RefreshToken', expiresAt: late + 1 })
    await storage.consumeToken(hash, 10, now)
    await storage.sweep(late, 1)
    expect(await storage.findToken(hash, late)).toMatchObject({ consumedAt: now, grantId })
  })

  test('a dead grant goes, but never before its tokens', async () => {
    const { storage, session, grant, token } = await withClients(open)
    const uid = await session('ola', ['silent'])
    const grantId = await grant('ola', 'silent', { sessionUid: uid, expiresAt: now + 300 * day })
    const hash = await token(grantId, { expiresAt: now + 60 * day })
    await storage.end(order({ sub: 'ola', sessions: { uid } }), now)
    // The session goes, the token stays, so the grant stays: how many rows each sweep removes shows it.
    expect(await storage.sweep(now + retention, retention)).toBe(3)
    expect(await storage.findTokenRow(hash)).toBeDefined()
    expect(await storage.sweep(now + retention, retention)).toBe(0)
    expect(await storage.sweep(now + 60 * day + week, retention)).toBe(2)
    expect(await storage.sweep(now + 999 * day, retention)).toBe(0)
  })

  test('expired records go at once', async () => {
    const { storage } = await stage(open)
    await storage.putRecord({ kind: 'interaction', hash: 'a', payload: {}, expiresAt: now })
    await storage.putRecord({ kind: 'interaction', hash: 'b', payload: {}, expiresAt: now + 1 })
    expect(await storage.sweep(now, retention)).toBe(1)
    expect(await storage.findRecord('interaction', 'b', now)).toBeDefined()
  })

  test('many rows go in many small steps, and those that stay do not keep back those behind them', async () => {
    const { storage, session, user } = await withClients(open)
    await user('lasting')
    const later = now + 2 * retention
    const made = await Promise.all(
      Array.from({ length: 900 }, (_, index) => session(index % 2 === 0 ? 'lasting' : 'ola'))
    )
    await storage.end(order({ sub: 'ola', sessions: { ofUser: 'ola', except: null } }), now)
    const others: Promise<unknown>[] = []
    const sweeping = storage.sweep(later, retention)
    // Writes that arrive meanwhile are not held up until the end of it.
    for (let index = 0; index < 5; index++) others.push(storage.ping())
    const finished: string[] = []
    await Promise.all([
      sweeping.then(() => finished.push('swept')),
      Promise.all(others).then(() => finished.push('others'))
    ])
    expect(finished).toEqual(['others', 'swept'])
    // With their logout and its audit row.
    expect(await sweeping).toBe(made.length / 2 + 2)
    expect(await storage.listSessions({ all: true, limit: 9999 }, later)).toHaveLength(made.length / 2)
  })
}

async function withClients(open: OpenStorage): Promise<Stage> {
  const scene = await stage(open)
  await scene.user('ola')
  for (const clientId of ['news', 'phone']) await scene.client(clientId)
  await scene.client('silent', 'not_told')
  return scene
}
