import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { UtgangError } from '../../src/errors.ts'
import { logoutHeart } from '../../src/logout/end.ts'
import { endOverSessions } from '../../src/logout/expiry.ts'
import { openSqlite } from '../../src/storage/sqlite/sqlite.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { signIn } from '../support/sign-in.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'
import { makeWorld, now, openSession, rowsOf, soon, type World } from './world.ts'

const causes = async (storage: Storage) =>
  (await storage.listAudit({ limit: 1000, event: 'logout' })).map(it => it.detail?.cause)

test.each(['idle', 'absolute'] as const)(
  'a session that has reached its %s limit is ended by that cause, and its RPs are told',
  async limit => {
    const world = await makeWorld(':memory:', limit)
    onTestFinished(() => world.close())
    await lookIn(world, soon - 1)
    expect(await world.storage.listDeliveries()).toEqual([])
    await lookIn(world, soon)
    world.moveTo(soon)
    expect((await world.see()).owed).toEqual(['loose sid:ola laptop', 'told sid:ola laptop'])
    expect(await world.storage.findSessionRow('ola laptop', soon)).toMatchObject({ endedAt: soon })
    expect(await causes(world.storage)).toEqual([`${limit}_timeout`])
    await lookIn(world, soon)
    expect(await causes(world.storage)).toEqual([`${limit}_timeout`])
  }
)

test('many are ended in one look, by two processes at once, each once', async () => {
  const { world, path } = await worldOnDisk()
  for (let i = 0; i < 350; i++) await openSession(world.storage, 'ola phone', `phone ${i}`, 'idle')
  const second = openSqlite(path)
  onTestFinished(() => second.close())
  await Promise.all([lookIn(world, soon), lookIn({ storage: second }, soon)])
  // Whoever found the other one faster all along leaves the rest to it.
  await lookIn(world, soon)
  expect(await causes(world.storage)).toHaveLength(350)
  const owed = await world.storage.listDeliveries()
  expect(owed).toHaveLength(350)
  expect(new Set(owed.map(it => it.sid)).size).toBe(owed.length)
})

test('one look ends no more than its share, the next one goes on', async () => {
  const world = await makeWorld()
  onTestFinished(() => world.close())
  const made = 2150
  await Promise.all(
    Array.from({ length: made }, (_, i) => openSession(world.storage, 'ola phone', `phone ${i}`, 'idle'))
  )
  await lookIn(world, soon)
  expect(await world.storage.listOverSessions(made, soon)).toHaveLength(made - 2000)
  await lookIn(world, soon)
  expect(await world.storage.listOverSessions(made, soon)).toEqual([])
})

test('a session in which something happens between look and end goes on, and nobody is told', async () => {
  const world = await makeWorld(':memory:', 'idle')
  onTestFinished(() => world.close())
  const storage: Storage = {
    ...world.storage,
    async listOverSessions(limit, at) {
      const found = await world.storage.listOverSessions(limit, at)
      // By a server whose clock is a little behind.
      await world.storage.touchSession('ola laptop', soon + 60, soon - 1)
      return found
    }
  }
  await lookIn({ storage }, soon)
  expect(await world.storage.findSession('ola laptop', soon)).toMatchObject({ live: true })
  expect([await world.storage.listDeliveries(), await causes(world.storage)]).toEqual([[], []])
})

test('what a logout of everything has killed is left to its job, which tells of it once', async () => {
  const world = await makeWorld(':memory:', 'idle')
  onTestFinished(() => world.close())
  const { receiptId } = await world.heart.end({ name: 'account_everywhere', sub: 'ola' })
  await lookIn(world, soon)
  await world.settle()
  await lookIn(world, soon)
  expect(await causes(world.storage)).toEqual(['account_everywhere'])
  const owed = await world.storage.listDeliveries()
  expect(new Set(owed.map(it => it.logoutId))).toEqual(new Set([receiptId]))
  expect(owed).toHaveLength(5)
})

test('a look that the storage refuses changes nothing, is told of, and the next one does the work', async () => {
  const { world, path } = await worldOnDisk('idle')
  const before = rowsOf(path)
  const storage: Storage = {
    ...world.storage,
    end: () => Promise.reject(new UtgangError('storage_unavailable'))
  }
  const failures: unknown[] = []
  await lookIn({ storage }, soon, error => failures.push(error))
  expect(failures).toEqual([expect.objectContaining({ code: 'storage_unavailable' })])
  expect(rowsOf(path)).toEqual(before)
  await lookIn(world, soon)
  expect(await causes(world.storage)).toEqual(['idle_timeout'])
})

test('it looks every five seconds, and no more once it was stopped', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const world = await makeWorld(':memory:', 'idle')
  onTestFinished(() => world.close())
  let instant = now
  const looked = vi.spyOn(world.storage, 'listOverSessions')
  const expiry = endOverSessions({ ...world, clock: { now: () => instant } }, () => {})
  await expiry.settled()
  expect(looked).toHaveBeenCalledTimes(1)
  instant = soon
  world.moveTo(soon)
  vi.advanceTimersByTime(5000)
  await expiry.settled()
  expect(await causes(world.storage)).toEqual(['idle_timeout'])
  await expiry.stop()
  expiry.look()
  vi.advanceTimersByTime(60_000)
  expect(looked).toHaveBeenCalledTimes(2)
})

test('in a running system: nobody comes back, and the application is told what her session was to it', async () => {
  const at = await running()
  const browser = at.browser()
  const market = await signIn(at, browser, 'market', { remember: false })
  advance(2 * 3600 + 1)
  at.system.expiry.look()
  await at.system.expiry.settled()
  expect(await causes(at.storage)).toEqual(['idle_timeout'])
  const [owed, ...others] = await at.storage.listDeliveries()
  expect(owed).toMatchObject({ clientId: 'market', sid: market.sid, sub: 'u-ola', kind: 'back_channel' })
  expect(others).toEqual([])
  expect(await at.storage.findReceipt(owed?.logoutId ?? '')).toMatchObject({ cause: 'idle_timeout' })
})

/** One look over a storage at an instant, from its beginning to its end. */
async function lookIn(
  { storage }: { storage: Storage },
  instant: number,
  failed: (error: unknown) => void = error => {
    throw error
  }
): Promise<void> {
  const clock = { now: () => instant }
  const expiry = endOverSessions({ storage, heart: logoutHeart(storage, clock, () => {}), clock }, failed)
  await expiry.settled()
  await expiry.stop()
}

async function running(): Promise<TestSystem> {
  const at = await openSystem()
  onTestFinished(() => at.close())
  return at
}

async function worldOnDisk(limit?: 'idle'): Promise<{ world: World; path: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-'))
  const path = join(folder, 'test.db')
  const world = await makeWorld(path, limit)
  onTestFinished(async () => {
    await world.close().catch(() => {})
    rmSync(folder, { recursive: true })
  })
  return { world, path }
}
