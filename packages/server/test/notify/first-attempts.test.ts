import { expect, test } from 'vitest'
import { firstAttempts } from '../../src/notify/first-attempts.ts'
import type { ClaimedDelivery } from '../../src/storage/records.ts'
import { owed } from './owed.ts'

const hour = 3_600_000
const [delivery] = owed('market') as [ClaimedDelivery]

/** A storage that answers, in any order, when the test says so: one function for each time that it was asked. */
function stage() {
  const answers: ((left: number) => void)[] = []
  const firsts = firstAttempts({ countUnattempted: () => new Promise(resolve => void answers.push(resolve)) })
  async function wait(): Promise<void> {
    await firsts.wait(delivery.logoutId, hour)
  }
  return { answers, firsts, wait }
}

test('who waits is asked for again after each attempt that was the last in hand, and is done when none is left', async () => {
  const { answers, firsts, wait } = stage()
  firsts.started(delivery)
  firsts.started(delivery)
  const waiting = wait()
  answers[0]?.(2)
  firsts.recorded(delivery)
  expect(answers).toHaveLength(1)
  firsts.recorded(delivery)
  expect(answers).toHaveLength(2)
  answers[1]?.(0)
  await waiting
  firsts.recorded(delivery)
  expect(answers).toHaveLength(2)
})

test('two answers at once let go of one who waits, and not of somebody who has come in between', async () => {
  const { answers, firsts, wait } = stage()
  const first = wait()
  firsts.recorded(delivery)
  answers[0]?.(0)
  await first
  const second = wait()
  answers[2]?.(1)
  // The second answer to the first.
  answers[1]?.(0)
  await Promise.resolve()
  firsts.recorded(delivery)
  expect(answers).toHaveLength(4)
  answers[3]?.(0)
  await second
})
