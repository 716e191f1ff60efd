import { expect, onTestFinished, test, vi } from 'vitest'
import { openSqlite } from '../../src/storage/sqlite/sqlite.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { now, order, stage } from './contract/stage.ts'

test('a count that took long is kept for twenty times as long, for its own receipt alone', async () => {
  const clock = slowClock(50)
  const { storage, logoutId, other, deliver } = await ended()
  expect(await storage.countApplications(logoutId)).toEqual({ pending: 1 })
  await deliver()
  clock.wait(800)
  expect(await storage.countApplications(logoutId)).toEqual({ pending: 1 })
  expect(await storage.countApplications(other)).toEqual({ pending: 2 })
  clock.wait(300)
  expect(await storage.countApplications(logoutId)).toEqual({ delivered: 1 })
})

test('a count that took a moment is made anew each time', async () => {
  slowClock(10)
  const { storage, logoutId, deliver } = await ended()
  expect(await storage.countApplications(logoutId)).toEqual({ pending: 1 })
  await deliver()
  expect(await storage.countApplications(logoutId)).toEqual({ delivered: 1 })
})

/** A clock that only this test moves, and each look at it: so much passes between two, in milliseconds. */
function slowClock(eachLook: number): { wait(ms: number): void } {
  let at = 0
  const spy = vi.spyOn(performance, 'now').mockImplementation(() => {
    at += eachLook
    return at
  })
  onTestFinished(() => spy.mockRestore())
  return {
    wait(ms) {
      at += ms
    }
  }
}

/** Two logouts, of which one owes one application a Logout Token and the `other` two; `deliver` has that of the first one heard. */
async function ended(): Promise<{
  storage: Storage
  logoutId: string
  other: string
  deliver(): Promise<void>
}> {
  const { storage, ...world } = await stage(async () => openSqlite(':memory:'))
  await world.user('ola')
  await world.client('news')
  await world.client('market')
  const [logoutId = '', other = ''] = await Promise.all(
    [['news'], ['news', 'market']].map(async rps => {
      const ending = order({ sub: 'ola', sessions: { uid: await world.session('ola', rps) } })
      await storage.end(ending, now)
      return ending.logoutId
    })
  )
  return {
    storage,
    logoutId,
    other,
    async deliver() {
      const [delivery] = await storage.listDeliveries(logoutId)
      const came = { state: 'delivered', nextAt: now, status: 200, problem: null } as const
      await storage.recordAttempt(
        { id: delivery?.id ?? '', ...came, heardMaybe: false, milliseconds: 1 },
        now
      )
    }
  }
}
