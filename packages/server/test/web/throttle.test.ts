import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { loginThrottle, rateLimit } from '../../src/web/throttle.ts'

describe('sign-in attempts', () => {
  let now: number
  beforeEach(() => {
    now = 1_000_000
  })
  const throttle = () => loginThrottle(() => now)
  const several = async (it: ReturnType<typeof throttle>, times: number): Promise<number[]> => {
    const waits: number[] = []
    for (let time = 0; time < times; time++) waits.push(await it.attempt('ola 192.0.2.1'))
    return waits
  }

  test('five bad ones cost nothing, then each waits twice as long as the one before, at most 30 s', async () => {
    const it = throttle()
    expect(await several(it, 5)).toEqual([0, 0, 0, 0, 0])
    for (const wait of [1, 2, 4, 8, 16, 30, 30]) {
      expect(await it.attempt('ola 192.0.2.1')).toBe(wait)
      now += wait - 1
      expect(await it.attempt('ola 192.0.2.1')).toBe(1)
      now += 1
      expect(await it.attempt('ola 192.0.2.1')).toBe(0)
    }
  })

  test('many at the same moment get no further than one after another', async () => {
    const it = throttle()
    const waits = await Promise.all(Array.from({ length: 50 }, () => it.attempt('ola 192.0.2.1')))
    expect(waits.filter(wait => wait === 0)).toHaveLength(5)
  })

  test('asking too early makes nothing longer', async () => {
    const it = throttle()
    await several(it, 5)
    expect(await several(it, 20)).toEqual(Array(20).fill(1))
  })

  test('the same account from elsewhere, and another one from here, wait for nothing', async () => {
    const it = throttle()
    await several(it, 6)
    expect(await it.attempt('ola 192.0.2.2')).toBe(0)
    expect(await it.attempt('kari 192.0.2.1')).toBe(0)
  })

  test('a good one, and a quarter of an hour, make it forget', async () => {
    const it = throttle()
    await several(it, 5)
    await it.succeeded('ola 192.0.2.1')
    expect(await several(it, 6)).toEqual([0, 0, 0, 0, 0, 1])
    now += 15 * 60
    expect(await several(it, 6)).toEqual([0, 0, 0, 0, 0, 1])
  })

  test('a flood of other names does not clear the one that is being guessed', async () => {
    const it = throttle()
    await several(it, 5)
    for (let name = 0; name < 99_000; name++) await it.attempt(`name-${name}`)
    expect(await it.attempt('ola 192.0.2.1')).toBe(1)
  })
})

describe('requests a minute', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('so many are taken under a key, then it waits for the minute to end', async () => {
    const limit = rateLimit(3)
    for (let request = 0; request < 3; request++) expect(await limit.take('a')).toBe(0)
    expect(await limit.look('a')).toBe(60)
    expect(await limit.take('a')).toBe(60)
    expect(await limit.take('b')).toBe(0)
    vi.advanceTimersByTime(45_000)
    expect(await limit.take('a')).toBe(15)
    vi.advanceTimersByTime(15_000)
    expect(await limit.look('a')).toBe(0)
    expect(await limit.take('a')).toBe(0)
  })

  test('looking counts nothing', async () => {
    const limit = rateLimit(3)
    for (let look = 0; look < 9; look++) expect(await limit.look('a')).toBe(0)
    for (let request = 0; request < 3; request++) expect(await limit.take('a')).toBe(0)
    expect(await limit.look('a')).toBe(60)
  })
})
