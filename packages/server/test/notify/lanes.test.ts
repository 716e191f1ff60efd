import { describe, expect, test } from 'vitest'
import { mostAhead, newLanes, wayOf } from '../../src/notify/lanes.ts'
import type { ClaimedDelivery } from '../../src/storage/records.ts'
import { owed } from './owed.ts'

/** Deliveries that begin when there is room for as many as anybody could want. */
const everything = 1000
const heard = { status: 200, verdict: 'heard', milliseconds: 5 } as const
const silence = { status: null, verdict: 'failed', milliseconds: 5000 } as const
const ways = (taken: Parameters<typeof wayOf>[0][]): string[] => taken.map(wayOf)

describe('room', () => {
  test('eight at once to one host, however many applications are there', () => {
    const lanes = newLanes()
    lanes.add([...owed('a', 6), ...owed('b', 6), ...owed('c', 3, 'other.example')])
    const taken = lanes.take(everything)
    expect(ways(taken).sort()).toEqual(ways([...owed('a', 4), ...owed('b', 4), ...owed('c', 3)]))
    expect(lanes.take(everything)).toEqual([])
    for (const it of taken) expect(lanes.done(it, heard)).toEqual([])
    expect(ways(lanes.take(everything)).sort()).toEqual(ways([...owed('a', 2), ...owed('b', 2)]))
  })

  test.each([
    ['a failure', { ...heard, status: 503, verdict: 'failed' } as const],
    ['an answer that takes long', { ...heard, milliseconds: 501 }]
  ])(
    'a host that answers is asked more and more at once, up to thirty-two; %s takes it all back',
    (_, ill) => {
      const lanes = newLanes()
      const underWay: ClaimedDelivery[] = []
      function start(): number {
        lanes.add(owed('a', mostAhead))
        underWay.push(...lanes.take(everything))
        return underWay.length
      }
      function end(met: Parameters<typeof lanes.done>[1]): void {
        const first = underWay.shift()
        if (first) lanes.done(first, met)
      }
      expect(start()).toBe(8)
      for (let answers = 1; answers <= 30; answers++) {
        end(heard)
        expect(start()).toBe(Math.min(8 + answers, 32))
      }
      end(ill)
      expect(start()).toBe(31)
      while (underWay.length > 0) end(ill)
      expect(start()).toBe(8)
    }
  )

  test('another port is another host, and an address that is none is its own', () => {
    const lanes = newLanes()
    lanes.add(owed('a', 8))
    lanes.take(everything)
    lanes.add([...owed('b', 8, 'apps.example:8443'), ...owed('c', 8, '['), ...owed('d', 1)])
    expect(new Set(ways(lanes.take(everything)))).toEqual(new Set(ways([...owed('b'), ...owed('c')])))
  })

  test('no more than wanted, and what is left comes next', () => {
    const lanes = newLanes()
    const all = owed('a', 5)
    lanes.add(all)
    expect(lanes.take(2)).toEqual(all.slice(0, 2))
    expect(lanes.take(0)).toEqual([])
    expect(lanes.take(everything)).toEqual(all.slice(2))
  })

  test('a few at a time go round, and do not begin with the same one each time', () => {
    const lanes = newLanes()
    lanes.add(['a', 'b', 'c', 'd'].flatMap(name => owed(name, 4, `${name}.example`)))
    const names = (): string =>
      ways(lanes.take(3))
        .map(way => way.slice(0, 1))
        .join('')
    expect([names(), names(), names(), names()]).toEqual(['abc', 'dab', 'cda', 'bcd'])
  })

  test('one application with two ways of being told has two lanes', () => {
    const lanes = newLanes()
    const [hook] = owed('a', 1, 'hooks.example', 'webhook')
    lanes.add([...owed('a', 8), ...(hook ? [hook] : [])])
    expect(lanes.take(everything)).toContainEqual(hook)
  })
})

describe('what is claimed ahead', () => {
  test('no more waits for one host than is sent within a lease, evenly from its applications', () => {
    const lanes = newLanes()
    const names = ['a', 'b', 'c']
    const tooMany = lanes.add(names.flatMap(name => owed(name, mostAhead)))
    expect(tooMany).toHaveLength(2 * mostAhead)
    const waiting = ways(lanes.drain())
    for (const name of names)
      expect(waiting.filter(way => way === `${name} back_channel`)).toHaveLength(mostAhead / 3)
  })

  test('more applications than may wait: some have to give all back, other hosts nothing', () => {
    const lanes = newLanes()
    const names = Array.from({ length: mostAhead + 2 }, (_, i) => `app-${i}`)
    const tooMany = lanes.add([...names.flatMap(name => owed(name, 2)), ...owed('b', 3, 'other.example')])
    expect(tooMany).toHaveLength(2 * names.length - mostAhead)
    expect(ways(lanes.drain())).toEqual([
      ...ways(names.slice(0, mostAhead).flatMap(it => owed(it))),
      ...ways(owed('b', 3))
    ])
  })

  test('for a host to which something waits, or as many are under way as may be, nothing is claimed', () => {
    const lanes = newLanes()
    expect(lanes.busy()).toEqual(new Set())
    lanes.add([...owed('a', 10), ...owed('b', 1, 'other.example')])
    expect(lanes.busy()).toEqual(new Set(ways([...owed('a'), ...owed('b')])))
    const taken = lanes.take(everything)
    expect(lanes.busy()).toEqual(new Set(ways(owed('a'))))
    const [first, second] = taken.filter(it => it.clientId === 'a')
    if (first) lanes.done(first, heard)
    expect(lanes.take(everything)).toHaveLength(2)
    // Nine without an answer, none waits.
    expect(lanes.busy()).toEqual(new Set(ways(owed('a'))))
    if (second) lanes.done(second, heard)
    expect(lanes.busy()).toEqual(new Set())
  })

  test('all of it can be taken out, and leaves nothing behind', () => {
    const lanes = newLanes()
    const all = [...owed('a', 3), ...owed('b', 2, 'other.example')]
    lanes.add(all)
    expect(lanes.drain()).toEqual(all)
    expect(lanes.drain()).toEqual([])
    expect(lanes.take(everything)).toEqual([])
    expect(lanes.busy()).toEqual(new Set())
    expect(lanes.add(owed('c', mostAhead))).toEqual([])
  })
})

describe('an application that does not answer', () => {
  test('gives back what waits, and is asked one at a time until it answers', () => {
    const lanes = newLanes()
    const all = owed('a', 12)
    lanes.add(all)
    const [first, ...others] = lanes.take(everything)
    expect(first && lanes.done(first, silence)).toEqual(all.slice(8))
    lanes.add(owed('a', 4))
    // Seven are still under way.
    expect(lanes.take(everything)).toEqual([])
    expect(lanes.busy()).toEqual(new Set(ways(owed('a'))))
    for (const it of others) lanes.done(it, silence)
    lanes.add(owed('a', 4))
    const [only, ...none] = lanes.take(everything)
    expect(none).toEqual([])
    expect(only && lanes.done(only, heard)).toEqual([])
    expect(lanes.take(everything)).toHaveLength(3)
  })

  test('keeps one place from those who share its host, and gives nothing of theirs back', () => {
    const lanes = newLanes()
    lanes.add([...owed('ill', 4), ...owed('well', 12)])
    const taken = lanes.take(everything)
    const ill = taken.filter(it => it.clientId === 'ill')
    for (const it of ill) expect(lanes.done(it, silence)).toEqual([])
    lanes.add(owed('ill', 4))
    const next = lanes.take(everything)
    expect(next.filter(it => it.clientId === 'well')).toHaveLength(3)
    expect(next.filter(it => it.clientId === 'ill')).toHaveLength(1)
  })
})

describe('applications that are not told at once', () => {
  /** So many under way to applications that hang, each at a host of its own. */
  function hanging(number: number) {
    const lanes = newLanes()
    for (let i = 0; i < number; i++) lanes.add(owed(`ill-${i}`, 2, `ill-${i}.example`))
    return lanes
  }

  test('however many hang, there is room for one that is told at once', () => {
    const lanes = newLanes()
    lanes.add(owed('well', 1, 'well.example'))
    for (const it of lanes.take(everything)) lanes.done(it, heard)
    for (let i = 0; i < 100; i++) lanes.add(owed(`ill-${i}`, 2, `ill-${i}.example`))
    expect(lanes.take(everything)).toHaveLength(128)
    lanes.add(owed('well', 9, 'well.example'))
    expect(ways(lanes.take(everything))).toEqual(ways(owed('well', 9)))
  })

  test('one that waits for such room gets it as soon as another is over, also as one told at once', () => {
    const lanes = hanging(100)
    const taken = lanes.take(everything)
    expect(taken).toHaveLength(128)
    const [first, second, ...others] = taken
    if (first) lanes.done(first, { ...heard, milliseconds: 501 })
    expect(lanes.take(everything)).toHaveLength(1)
    if (second) lanes.done(second, heard)
    for (const it of others) lanes.done(it, heard)
    expect(lanes.take(everything)).toHaveLength(71)
    expect(lanes.take(everything)).toEqual([])
  })

  test('how much may be claimed for them shrinks with what is in hand, and what they give back counts no more', () => {
    const lanes = hanging(10)
    expect(lanes.slow()).toMatchObject({ most: 512 - 20, allBut: new Set() })
    const taken = lanes.take(12)
    for (const it of taken) lanes.done(it, silence)
    expect(lanes.slow()).toMatchObject({ most: 512, allBut: new Set() })
    lanes.add(owed('ill-0', 2, 'ill-0.example'))
    const [one] = lanes.take(everything)
    expect(lanes.slow().most).toBe(510)
    // What is said at once counts, whatever it is.
    if (one) lanes.done(one, { status: 503, verdict: 'failed', milliseconds: 5 })
    expect(lanes.slow()).toMatchObject({ most: 512, allBut: new Set(ways(owed('ill-0'))) })
    lanes.drain()
    expect(lanes.slow().most).toBe(512)
  })
})
