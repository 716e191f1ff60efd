import { expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { advance } from '../support/system.ts'
import { ok, receiver, status } from './receiver.ts'
import { settled, signOutAt, systemThatTells } from './telling.ts'

test('by hand after the three days: one attempt, and given up again when it fails, as often as one likes', async () => {
  const app = await receiver(status(503))
  const at = await systemThatTells(app.address)
  const { sid, receiptId } = await signOutAt(at)
  await settled(at, receiptId, 'pending', 1)
  advance(72 * 3600)
  await settled(at, receiptId, 'gave_up', 2)
  const [{ id } = { id: '' }] = await at.storage.listDeliveries(receiptId)
  expect(await at.storage.retryDelivery(id, systemClock.now())).toBe(true)
  await settled(at, receiptId, 'gave_up', 3)
  app.answer = ok
  await at.storage.retryDelivery(id, systemClock.now())
  await settled(at, receiptId, 'delivered', 4)
  expect(app.received.map(it => it.claims.sid)).toEqual(Array(4).fill(sid))
})

test('by hand within the three days: one attempt now, and the ones to come go on ever later', async () => {
  const app = await receiver(status(503))
  const at = await systemThatTells(app.address)
  const { receiptId } = await signOutAt(at)
  for (const attempts of [1, 2, 3, 4]) {
    await settled(at, receiptId, 'pending', attempts)
    advance(120)
  }
  await settled(at, receiptId, 'pending', 5)
  const [before] = await at.storage.listDeliveries(receiptId)
  await at.storage.retryDelivery(before?.id ?? '', systemClock.now())
  await settled(at, receiptId, 'pending', 6)
  const [after] = await at.storage.listDeliveries(receiptId)
  // The sixth failure is followed by a wait of 160 seconds, give or take a quarter; the first by one of five.
  expect((after?.nextAt ?? 0) - systemClock.now()).toBeGreaterThan(100)
  expect(after?.createdAt).toBe(before?.createdAt)
})
