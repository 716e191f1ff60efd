import { beforeEach, expect, test, vi } from 'vitest'
import { receiptWatch } from '../../src/doors/receipt-watch.ts'
import type { SignedOutReceipt } from '../../src/pages/receipt.ts'

beforeEach(() => {
  vi.useFakeTimers()
  return () => void vi.useRealTimers()
})

const receipt = (isSettled: boolean): SignedOutReceipt => ({
  id: 'r',
  at: 0,
  sessionsEnded: 1,
  tokensRevoked: false,
  isSettled,
  confirmed: 0,
  toConfirm: 0,
  applications: []
})

test('many that listen to one receipt share its reads, and hear only of changes', async () => {
  const read = vi.fn(async (_id: string) => receipt(false))
  const { watch } = receiptWatch(read, 1000)
  const heard: boolean[][] = [[], []]
  const stops = heard.map(list => watch('r', it => void list.push(it?.isSettled === true)))
  await vi.advanceTimersByTimeAsync(3500)
  expect(read).toHaveBeenCalledTimes(4)
  expect(heard).toEqual([[false], [false]])
  read.mockResolvedValue(receipt(true))
  await vi.advanceTimersByTimeAsync(1000)
  expect(heard).toEqual([
    [false, true],
    [false, true]
  ])
  for (const stop of stops) stop()
  await vi.advanceTimersByTimeAsync(5000)
  expect(read).toHaveBeenCalledTimes(5)
})

test('one that comes later hears at once what is known', async () => {
  const { watch } = receiptWatch(async () => receipt(false), 1000)
  watch('r', () => {})
  await vi.advanceTimersByTimeAsync(10)
  const heard = vi.fn()
  watch('r', heard)
  expect(heard).toHaveBeenCalledWith(receipt(false))
})

test('a read that fails is done again', async () => {
  const read = vi.fn(async (_id: string) => receipt(false)).mockRejectedValueOnce(new Error('not now'))
  const { watch } = receiptWatch(read, 1000)
  const heard = vi.fn()
  watch('r', heard)
  await vi.advanceTimersByTimeAsync(10)
  expect(heard).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1000)
  expect(heard).toHaveBeenCalledTimes(1)
})

test('one that leaves and comes back while a read is under way does not double the reads', async () => {
  const read = vi.fn(
    (_id: string) => new Promise<SignedOutReceipt>(done => setTimeout(done, 100, receipt(false)))
  )
  const { watch } = receiptWatch(read, 1000)
  watch('r', () => {})()
  watch('r', () => {})
  await vi.advanceTimersByTimeAsync(150)
  expect(read).toHaveBeenCalledTimes(2)
  await vi.advanceTimersByTimeAsync(1000)
  expect(read).toHaveBeenCalledTimes(3)
})
