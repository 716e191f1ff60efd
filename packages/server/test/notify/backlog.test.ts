import { expect, test } from 'vitest'
import { newBacklog } from '../../src/notify/backlog.ts'
import { owed } from './owed.ts'

const limits = { most: 100, perClient: 24, after: '', leaseSeconds: 30, busy: new Set<string>() }
const way = 'a back_channel'

test('a way of which eight are found at once is behind, until fewer are found', () => {
  const backlog = newBacklog()
  expect(backlog.looked(limits, [...owed('a', 8), ...owed('b', 7)])).toBe(true)
  expect(backlog.looked(limits, [...owed('a', 8), ...owed('b', 7)])).toBe(false)
  expect([backlog.has(way), backlog.has('b back_channel')]).toEqual([true, false])
  backlog.looked(limits, owed('a', 7))
  expect(backlog.has(way)).toBe(false)
})

test('who was not looked at stays where it is: its turn had not come, or the places were taken by others', () => {
  const backlog = newBacklog()
  backlog.looked(limits, owed('a', 8))
  backlog.looked({ ...limits, busy: new Set([way]) }, [])
  expect(backlog.has(way)).toBe(true)
  backlog.looked({ ...limits, most: 7 }, owed('b', 7))
  expect(backlog.has(way)).toBe(true)
  const slow = { most: 2, perClient: 8, allBut: new Set<string>() }
  backlog.looked({ ...limits, slow }, owed('b', 2))
  expect(backlog.has(way)).toBe(true)
  backlog.looked({ ...limits, slow }, owed('b', 1))
  expect(backlog.has(way)).toBe(false)
  backlog.looked(limits, owed('a', 8))
  backlog.looked({ ...limits, slow: { ...slow, allBut: new Set([way]) } }, owed('b', 2))
  expect(backlog.has(way)).toBe(false)
})
