import { expect, test } from 'vitest'
import { firstAttempts } from '../../src/notify/first-attempts.ts'
import { wayOf } from '../../src/notify/lanes.ts'
import type { ClaimedDelivery } from '../../src/storage/records.ts'
import { owed } from './owed.ts'

const hour = 3_600_000
const [market, again] = owed('market', 2) as [ClaimedDelivery, ClaimedDelivery]
const [news] = owed('news') as [ClaimedDelivery]
const { logoutId } = market

/** A storage that answers, in any order, when the test says so: one function for each time that it was asked. */
function stage() {
  const answers: ((left: ClaimedDelivery[]) => void)[] = []
  const late = new Set<string>()
  const firsts = firstAttempts(
    { listUnattempted: () => new Promise(resolve => void answers.push(resolve)) },
    way => late.has(way)
  )
  let waits = true
  async function wait(): Promise<void> {
    await firsts.wait(logoutId, hour)
    waits = false
  }
  const isLate = (delivery: ClaimedDelivery): void => void late.add(wayOf(delivery))
  return { answers, firsts, wait, isLate, waits: () => waits }
}

test('who waits is asked for again after each attempt that was the last in hand, and is done when none is left', async () => {
  const { answers, firsts, wait } = stage()
  firsts.started(market)
  firsts.started(again)
  const waiting = wait()
  answers[0]?.([market, again])
  firsts.recorded(market)
  expect(answers).toHaveLength(1)
  firsts.recorded(again)
  expect(answers).toHaveLength(2)
  answers[1]?.([])
  await waiting
  firsts.recorded(market)
  expect(answers).toHaveLength(2)
})

test('nobody waits for an application whose turn comes too late, and everybody for the others', async () => {
  const { answers, firsts, wait, isLate, waits } = stage()
  isLate(market)
  firsts.started(market)
  firsts.started(news)
  const waiting = wait()
  answers[0]?.([market, news])
  await Promise.resolve()
  expect(waits()).toBe(true)
  // The one that is late is still under way.
  firsts.recorded(news)
  answers[1]?.([market])
  await waiting
})

test('who waits for an application that falls behind meanwhile, waits no longer', async () => {
  const { answers, firsts, wait, isLate } = stage()
  const waiting = wait()
  answers[0]?.([market])
  isLate(market)
  firsts.askAgain()
  answers[1]?.([market])
  await waiting
})

test('when nobody is left but those that are late, nothing is waited for at all', async () => {
  const { answers, wait, isLate } = stage()
  isLate(market)
  const waiting = wait()
  answers[0]?.([market])
  await waiting
})

test('two answers at once let go of one who waits, and not of somebody who has come in between', async () => {
  const { answers, firsts, wait } = stage()
  const first = wait()
  firsts.recorded(market)
  answers[0]?.([])
  await first
  const second = wait()
  answers[2]?.([market])
  // The second answer to the first.
  answers[1]?.([])
  await Promise.resolve()
  firsts.recorded(market)
  expect(answers).toHaveLength(4)
  answers[3]?.([])
  await second
})
