import { expect, test } from 'vitest'
import { logoutVerdict } from '../../src/notify/back-channel.ts'
import { afterAttempt } from '../../src/notify/schedule.ts'

const now = 1_800_000_000
const fresh = { attempts: 0, createdAt: now, heardMaybe: false }
const met = (status: number | null, more: { heardMaybe?: boolean; retryAfterSeconds?: number } = {}) => ({
  status,
  verdict: status === null ? ('failed' as const) : logoutVerdict(status),
  heardMaybe: false,
  ...more
})

test.each([
  ['BCL-17: 200 is success', 200, false, 'delivered'],
  ['BCL-17: 204 is success', 204, false, 'delivered'],
  ['BCL-17: another 2xx is none', 202, false, 'pending'],
  ['BCL-17: a redirect is none', 302, false, 'pending'],
  ['BCL-16: 400 is a refusal', 400, false, 'refused'],
  ['400 after an attempt that may have been heard proves nothing', 400, true, 'unclear'],
  ['BCL-16: 429 passes', 429, false, 'pending'],
  ['BCL-16: 500 passes', 500, false, 'pending'],
  ['BCL-16: 503 passes', 503, true, 'pending'],
  ['an address that is not there may come', 404, false, 'pending'],
  ['BCL-16: no answer passes', null, false, 'pending']
] as const)('%s', (_what, status, heardMaybe, state) => {
  expect(afterAttempt({ ...fresh, heardMaybe }, met(status), now, 0.5).state).toBe(state)
})

test('BCL-16: the delays grow to an hour, with jitter, and end after three days', () => {
  const delays: number[] = []
  let [at, attempts] = [now, 0]
  for (;;) {
    const next = afterAttempt({ ...fresh, attempts }, met(503), at, 0.5)
    if (next.state !== 'pending') break
    delays.push(next.nextAt - at)
    at = next.nextAt
    attempts++
  }
  expect(delays.slice(0, 5)).toEqual([5, 10, 20, 40, 80])
  expect(delays).toEqual(delays.toSorted((a, b) => a - b))
  expect(Math.max(...delays)).toBe(3600)
  const total = delays.reduce((sum, it) => sum + it, 0)
  expect(total).toBeGreaterThan(71 * 3600)
  expect(total).toBeLessThanOrEqual(72 * 3600)
  const jitter = [0, 0.999].map(
    random => afterAttempt({ ...fresh, attempts: 3 }, met(503), now, random).nextAt - now
  )
  expect(jitter).toEqual([30, 50])
})

test('Retry-After is waited for, within reason', () => {
  const after = (retryAfterSeconds: number) =>
    afterAttempt(fresh, met(429, { retryAfterSeconds }), now, 0.5).nextAt - now
  expect([after(1), after(120), after(999_999)]).toEqual([5, 120, 21_600])
})
