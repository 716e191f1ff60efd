import type { Storage } from '../../src/storage/storage.ts'

/** What background work calls; it must not count as a step of the request that is looked at. */
const background: ReadonlySet<string> = new Set([
  ...['runJob', 'listOverSessions', 'sweep', 'limitStreams', 'listKeys', 'close', 'ping'],
  ...['claimDeliveries', 'recordAttempt', 'returnDeliveries', 'listUnattempted']
])

/** A storage in front of which something may happen. */
export interface InterruptedStorage {
  wrap(storage: Storage): Storage
  /** From now on counts the calls; just before the `at`-th (from 1) `what` happens, once. */
  arm(at: number, what: () => Promise<unknown>): void
  /** Stops counting. Gives the names of the calls so far, and whether it happened. */
  disarm(): { calls: string[]; happened: boolean }
}

/** Lets something happen just before one chosen call of the storage. */
export function interruptedStorage(): InterruptedStorage {
  let armed: { at: number; what: () => Promise<unknown> } | undefined
  let calls: string[] = []
  let happened = false
  return {
    wrap: storage =>
      beforeEachCall(storage, async name => {
        if (!armed) return
        calls.push(name)
        if (calls.length !== armed.at) return
        const { what, at } = armed
        armed = undefined
        happened = true
        await what()
        armed = { what, at }
      }),
    arm(at, what) {
      armed = { at, what }
      calls = []
      happened = false
    },
    disarm() {
      armed = undefined
      return { calls, happened }
    }
  }
}

/** A storage that takes a while for each call, so that requests get into each other's way. */
export function slowStorage(milliseconds: number): (storage: Storage) => Storage {
  return storage => beforeEachCall(storage, () => new Promise(resolve => setTimeout(resolve, milliseconds)))
}

function beforeEachCall(storage: Storage, before: (name: string) => Promise<unknown>): Storage {
  const wrapped = Object.entries(storage).map(([name, method]) => {
    if (background.has(name)) return [name, method]
    const call = method as (...args: unknown[]) => Promise<unknown>
    return [
      name,
      async (...args: unknown[]) => {
        await before(name)
        return call(...args)
      }
    ]
  })
  return Object.fromEntries(wrapped) as Storage
}
