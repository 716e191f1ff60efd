import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Cause } from '../../src/logout/causes.ts'
import { logoutHeart } from '../../src/logout/end.ts'
import { runJobs } from '../../src/logout/jobs.ts'
import { hashSecret } from '../../src/storage/secrets.ts'
import { openSqlite } from '../../src/storage/sqlite/sqlite.ts'
import { makeWorld, now, openGrant, openSession, rowsOf, type World } from './world.ts'

const clock = { now: () => now }

/** The causes that reach far, with what they need. */
const wide: Cause[] = [
  { name: 'admin_user', sub: 'ola' },
  { name: 'account_disabled', sub: 'ola' },
  { name: 'admin_client', clientId: 'told' },
  { name: 'admin_all' }
]

test.each([
  { name: 'redirect', sub: 'ola', sessionUid: 'ola laptop', clientId: 'plain' } as Cause,
  { name: 'account_app', sub: 'ola', clientId: 'told' } as Cause,
  ...wide
])('$name: when the storage refuses any part of it, nothing has happened and nobody is told', async cause => {
  const { world, path } = await worldOnDisk()
  const db = new DatabaseSync(path)
  // The audit row comes last, so everything else has been written when this refuses.
  db.exec("CREATE TRIGGER refuse BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'refused'); END")
  const before = rowsOf(path)
  await expect(world.heart.end(cause)).rejects.toMatchObject({ code: 'storage_unavailable', status: 503 })
  expect(rowsOf(path)).toEqual(before)
  expect(world.committed()).toBe(0)
  // Safe to call again.
  db.exec('DROP TRIGGER refuse')
  db.close()
  expect(await world.heart.end(cause)).toMatchObject({ state: 'ended' })
  expect(world.committed()).toBe(1)
})

test.each([
  { cause: { name: 'admin_user', sub: 'ola' } as Cause, counter: 'users' },
  { cause: { name: 'password_reset', sub: 'ola' } as Cause, counter: 'users' },
  { cause: { name: 'admin_client', clientId: 'told' } as Cause, counter: 'clients' },
  { cause: { name: 'admin_all' } as Cause, counter: 'system' }
])(
  '$cause.name writes one counter, one job, one receipt and one audit row, however much it ends',
  async it => {
    const { world, path } = await worldOnDisk()
    const before = rowsOf(path)
    await world.heart.end(it.cause)
    const after = rowsOf(path)
    const changed = Object.keys(after).filter(
      table => JSON.stringify(after[table]) !== JSON.stringify(before[table])
    )
    expect(changed).toEqual(['audit', it.counter, 'jobs', 'logouts'].toSorted())
    expect([after.audit?.length, after.jobs?.length, after.logouts?.length]).toEqual([1, 1, 1])
  }
)

test('ending one session writes one session row, whatever hangs on it', async () => {
  const { world, path } = await worldOnDisk()
  const before = rowsOf(path)
  await world.heart.end({ name: 'redirect', sub: 'ola', sessionUid: 'ola laptop' })
  const after = rowsOf(path)
  const changed = Object.keys(after).filter(
    table => JSON.stringify(after[table]) !== JSON.stringify(before[table])
  )
  expect(changed).toEqual(['audit', 'deliveries', 'logouts', 'sessions'])
  const differing = after.sessions?.filter(
    (row, at) => JSON.stringify(row) !== JSON.stringify(before.sessions?.[at])
  )
  expect(differing).toEqual([expect.objectContaining({ uid: 'ola laptop', ended_at: now })])
})

test.each([...wide.filter(it => it.name !== 'account_disabled')])(
  '$name: what is made in the same second, but after it, lives',
  async cause => {
    const world = await world0()
    await world.heart.end(cause)
    await openSession(world.storage, 'ola laptop', 'ola again')
    await openGrant(world.storage, 'ola told laptop', 'grant again', 'ola again')
    const isAlive = async () => [
      (await world.storage.findSession('ola again', now))?.live,
      (await world.storage.findToken(hashSecret('access grant again'), now)) !== undefined
    ]
    expect(await isAlive()).toEqual([true, true])
    await world.settle()
    expect(await isAlive()).toEqual([true, true])
    const owed = await world.storage.listDeliveries()
    expect(owed.filter(it => it.sid !== null && it.sid === owed.find(other => other !== it)?.sid)).toEqual([])

    // And the same cause once more ends what came after it: that is a logout of its own.
    expect(await world.heart.end(cause)).toMatchObject({ state: 'ended' })
    expect(await world.storage.findToken(hashSecret('access grant again'), now)).toBeUndefined()
  }
)

test('an account is disabled also when everything of it had ended before', async () => {
  const world = await world0()
  await world.heart.end({ name: 'admin_user', sub: 'ola' })
  expect(await world.heart.end({ name: 'account_disabled', sub: 'ola' })).toMatchObject({ state: 'ended' })
  expect((await world.storage.findUser('ola'))?.status).toBe('disabled')
  const causes = (await world.storage.listAudit({ limit: 10 })).map(it => it.detail?.cause)
  expect(causes).toEqual(['account_disabled', 'admin_user'])
})

test('a deleted account stays deleted, whatever is said of it afterwards', async () => {
  const world = await world0()
  const { receiptId } = await world.heart.end({ name: 'account_deleted', sub: 'ola' })
  const again = { state: 'already_ended', receiptId }
  for (const name of ['account_disabled', 'account_deleted', 'admin_user'] as const)
    expect(await world.heart.end({ name, sub: 'ola' })).toEqual(again)
  expect((await world.storage.findUser('ola'))?.status).toBe('deleted')
})

test('a session that has ended is not revived by an authorization that was under way', async () => {
  const world = await world0()
  await world.heart.end({ name: 'redirect', sub: 'ola', sessionUid: 'ola laptop' })
  await openSession(world.storage, 'ola laptop')
  expect(await world.storage.findSession('ola laptop', now)).toBeUndefined()
  const join = { sessionUid: 'ola laptop', clientId: 'login-api', sid: 'a sid' }
  expect(await world.storage.joinSession(join, now)).toBe('ended')
})

test('a page that was opened in a session ends with it', async () => {
  const world = await world0()
  const record = { kind: 'interaction', hash: 'h', payload: {}, expiresAt: now + 60 } as const
  await world.storage.putRecord({ ...record, sessionUid: 'ola laptop' })
  await world.heart.end({ name: 'redirect', sub: 'ola', sessionUid: 'ola laptop' })
  expect(await world.storage.findRecord('interaction', 'h', now)).toMatchObject({ sessionEnded: true })
})

test('one client known by two grants in one session is told once', async () => {
  const world = await world0()
  await world.heart.end({ name: 'admin_client', clientId: 'told' })
  await world.settle()
  const sids = (await world.storage.listDeliveries()).map(it => it.sid)
  expect(sids).toHaveLength(3)
  expect(new Set(sids).size).toBe(3)
})

test('a client whose sessions are all over is told by sub', async () => {
  const world = await world0()
  await world.heart.end({ name: 'redirect', sub: 'ola', sessionUid: 'ola laptop' })
  await world.heart.end({ name: 'redirect', sub: 'ola', sessionUid: 'ola phone' })
  // Of this client the offline grant is left, and no session.
  const { receiptId } = await world.heart.end({ name: 'admin_client', clientId: 'told' })
  await world.settle()
  const owed = await world.storage.listDeliveries(receiptId ?? '')
  expect(owed.map(it => [it.sub, it.sid === null])).toEqual([
    ['ola', true],
    ['kari', false]
  ])
})

test('a job that a process left behind is found by one that runs already', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const { world, path } = await worldOnDisk()
  const second = openSqlite(path)
  onTestFinished(() => second.close())
  const jobs = runJobs(second, clock, () => {})
  await jobs.settled()
  await world.heart.end({ name: 'admin_user', sub: 'ola' })
  expect((await world.see()).owed).toEqual([])
  vi.advanceTimersByTime(10_000)
  await jobs.settled()
  await jobs.stop()
  expect((await world.see()).owed).toHaveLength(5)
})

test('a logout in the commit in which nothing more was found to do is carried out at once', async () => {
  const world = await world0()
  const jobs = runJobs(world.storage, clock, () => {})
  onTestFinished(() => jobs.stop())
  await jobs.settled()
  jobs.wake()
  await logoutHeart(world.storage, clock, jobs.wake).end({ name: 'admin_user', sub: 'ola' })
  await jobs.settled()
  expect((await world.see()).owed).toHaveLength(5)
})

test('two processes work on one job, and each session is ended and told of once', async () => {
  const { world, path } = await worldOnDisk()
  for (let i = 0; i < 450; i++) await openSession(world.storage, 'ola phone', `phone ${i}`)
  const second = openSqlite(path)
  onTestFinished(() => second.close())
  const { receiptId } = await world.heart.end({ name: 'admin_user', sub: 'ola' })
  const failed = (error: unknown) => {
    throw error
  }
  const runners = [runJobs(world.storage, clock, failed), runJobs(second, clock, failed)]
  await Promise.all(runners.map(it => it.settled()))
  await Promise.all(runners.map(it => it.stop()))
  expect(await world.storage.findReceipt(receiptId ?? '')).toMatchObject({
    jobOpen: false,
    sessionsEnded: 453
  })
  const owed = await world.storage.listDeliveries()
  // 450 and the two of the world at this client, two at another, and one client that has a grant only.
  expect(owed).toHaveLength(450 + 2 + 2 + 1)
  expect(new Set(owed.map(it => it.sid)).size).toBe(owed.length)
})

test('a job that a process left behind is carried on by the next one', async () => {
  const { world, path } = await worldOnDisk()
  await world.heart.end({ name: 'admin_all' })
  await world.storage.runJob(1, now)
  await world.storage.close()
  const storage = openSqlite(path)
  onTestFinished(() => storage.close())
  const jobs = runJobs(storage, clock, () => {})
  await jobs.settled()
  await jobs.stop()
  expect(await storage.runJob(1, now)).toBe('idle')
  expect(await storage.listSessions({ limit: 10 }, now)).toEqual([])
  expect((await storage.listDeliveries()).filter(it => it.sid !== null)).toHaveLength(5)
})

test('a batch that the storage refuses is told of, and the job is still there', async () => {
  const world = await world0()
  await world.heart.end({ name: 'admin_user', sub: 'ola' })
  const failures: unknown[] = []
  let broken = true
  const storage = {
    ...world.storage,
    runJob: (limit: number, at: number) =>
      broken ? Promise.reject(new Error('disk full')) : world.storage.runJob(limit, at)
  }
  const jobs = runJobs(storage, clock, error => failures.push(error))
  await jobs.settled()
  expect(failures).toHaveLength(1)
  broken = false
  jobs.wake()
  await jobs.settled()
  await jobs.stop()
  expect((await world.see()).owed).toHaveLength(5)
})

test('a cause without what it needs is a mistake in the caller, and nothing is written', async () => {
  const world = await world0()
  for (const name of ['account_others', 'admin_user', 'admin_client', 'account_app', 'code_replay'] as const)
    await expect(world.heart.end({ name })).rejects.toThrow(TypeError)
  expect(await world.storage.listAudit({ limit: 1 })).toEqual([])
})

async function world0(): Promise<World> {
  const world = await makeWorld()
  onTestFinished(() => world.close())
  return world
}

async function worldOnDisk(): Promise<{ world: World; path: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-'))
  const path = join(folder, 'test.db')
  const world = await makeWorld(path)
  onTestFinished(async () => {
    await world.close().catch(() => {})
    rmSync(folder, { recursive: true })
  })
  return { world, path }
}
