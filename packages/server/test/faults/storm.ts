import { expect } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { type PreparedLogin, readWritten, stateOf, untouched } from './prepared-login.ts'
import { after, RefusedError, type StormChild, type Way, ways } from './storm-child.ts'

/** One logout of the storm. */
export interface StormLogout {
  way: Way
  login: PreparedLogin
  /** Of the answer, once the whole of it was there. */
  receiptId?: string
  /** The status of an answer that says that nothing was done. */
  refused?: number
}

/** How many logouts are under way at the same time. */
const atOnce = 64

/**
 * Sends logouts, many at a time, and remembers which of them were answered. After the `count`-th answer, `then` is
 * called; what is sent afterwards may fail.
 */
export async function storm(
  child: StormChild,
  logouts: StormLogout[],
  count: number,
  then: () => void
): Promise<void> {
  let [next, answered] = [0, 0]
  let struck = false
  async function sendOneByOne(): Promise<void> {
    for (let logout = logouts[next++]; logout; logout = logouts[next++]) {
      try {
        logout.receiptId = await child.logOut(logout.way, logout.login)
        answered++
      } catch (error) {
        if (error instanceof RefusedError) logout.refused = error.status
        if (struck) return
        throw error
      }
      if (answered >= count && !struck) {
        struck = true
        then()
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, sendOneByOne))
}

/** Spreads logins over all ways out. */
export function logoutsOf(logins: PreparedLogin[], random: () => number): StormLogout[] {
  return logins.map(login => ({ login, way: ways[Math.floor(random() * ways.length)] ?? 'redirect' }))
}

/**
 * What was answered is in force and written down once; what was not is done in whole or not at all.
 * @returns those that are not done
 */
export async function checkStorm(
  storage: Storage,
  logouts: StormLogout[],
  about: string
): Promise<StormLogout[]> {
  const written = await readWritten(storage)
  const undone: StormLogout[] = []
  for (const logout of logouts) {
    const { way, login, receiptId } = logout
    const state = await stateOf(storage, login, written, systemClock.now())
    const done = after(way, login)
    if (receiptId !== undefined) {
      expect(state, `${about}: ${way}, answered`).toEqual(done)
      const receipt = await storage.findReceipt(receiptId)
      expect(receipt, `${about}: ${way}, receipt`).toMatchObject({ id: receiptId, jobOpen: false })
    } else if (state.receipts === 0) {
      expect(state, `${about}: ${way}, not answered, not done`).toEqual(untouched)
      undone.push(logout)
    } else expect(state, `${about}: ${way}, not answered, done`).toEqual(done)
  }
  return undone
}

/** A random number generator that a seed makes repeat itself (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
