import { expect, test } from 'vitest'
import { newLanes } from '../../src/notify/lanes.ts'
import { owed } from './owed.ts'

const heard = { status: 200, verdict: 'heard', milliseconds: 5 } as const
const silence = { status: null, verdict: 'failed', milliseconds: 5000 } as const

/** Lanes in which these were told one after the other, and none of them answered. */
function silentLanes(number: number, hostOf: (i: number) => string) {
  const lanes = newLanes()
  for (let i = 0; i < number; i++) {
    lanes.add(owed(`app-${i}`, 1, hostOf(i)))
    for (const it of lanes.take(1)) lanes.done(it, silence)
  }
  return lanes
}

test('clients come and go: what was known of hosts at which nothing goes on is forgotten, the oldest first', () => {
  const lanes = silentLanes(10_500, i => `host-${i}.example`)
  const known = Array.from({ length: 10_500 }, (_, i) => i).filter(i =>
    lanes.isSilent(`app-${i} back_channel`)
  )
  expect(known).toHaveLength(10_000)
  expect(known[0]).toBe(500)
})

test('one application that moves again and again is not remembered everywhere that it was', () => {
  const lanes = newLanes()
  for (let i = 0; i <= 10_000; i++) {
    // The first host is where it was before all others.
    lanes.add(owed('mover', 1, `host-${i}.example`))
    for (const it of lanes.take(1)) lanes.done(it, heard)
  }
  lanes.add(owed('mover', 20, 'host-0.example'))
  expect(lanes.take(1000)).toHaveLength(8)
  lanes.add(owed('mover', 20, 'host-10000.example'))
  expect(lanes.take(1000)).toHaveLength(9)
})

test('where something is under way or waits, nothing is forgotten', () => {
  const lanes = newLanes()
  lanes.add(owed('busy', 10, 'busy.example'))
  const first = lanes.take(1000)
  expect(first).toHaveLength(8)
  for (let i = 0; i < 10_500; i++) {
    lanes.add(owed(`app-${i}`, 1, `host-${i}.example`))
    for (const it of lanes.take(1)) lanes.done(it, heard)
  }
  expect(lanes.busy()).toEqual(new Set(['busy back_channel']))
  for (const it of first) lanes.done(it, heard)
  expect(lanes.take(1000)).toHaveLength(2)
})

test('a host that very many share is forgotten as a whole once it rests, and counted anew', () => {
  const lanes = silentLanes(10_500, () => 'shared.example')
  expect(lanes.isSilent('app-10499 back_channel')).toBe(true)
  expect(lanes.isSilent('app-0 back_channel')).toBe(false)
  lanes.add(owed('app-0', 10, 'shared.example'))
  const taken = lanes.take(1000)
  expect(taken).toHaveLength(8)
  for (const it of taken) lanes.done(it, heard)
  expect(lanes.take(1000)).toHaveLength(2)
})
