import { UtgangError } from '../../src/errors.ts'
import type { Storage } from '../../src/storage/storage.ts'

/** Whether a call fails without having done anything, or after it has done all of it. */
export type FailingWhen = 'before' | 'after'

/** A storage of which one chosen call fails. */
export interface FailingStorage {
  wrap(storage: Storage): Storage
  /** From now on the `at`-th call (from 1) of a request fails, once. */
  arm(at: number, when: FailingWhen): void
  /** Lets all calls through again. Returns the name of the call that failed. */
  disarm(): string | undefined
}

/** What no request calls. */
const background: ReadonlySet<string> = new Set([
  ...['runJob', 'listOverSessions', 'sweep', 'limitStreams', 'listKeys', 'close'],
  ...['claimDeliveries', 'recordAttempt', 'returnDeliveries', 'listUnattempted']
])

/** Makes a real storage fail at a chosen call, as a lost disk or a lost connection does. */
export function failingStorage(): FailingStorage {
  let left = 0
  let how: FailingWhen = 'before'
  let failed: string | undefined

  function failure(name: string): UtgangError {
    failed = name
    return new UtgangError('storage_unavailable')
  }

  function failingCall(name: string, call: (...args: unknown[]) => Promise<unknown>) {
    return async (...args: unknown[]): Promise<unknown> => {
      const fails = left > 0 && --left === 0
      if (fails && how === 'before') throw failure(name)
      const answer = await call(...args)
      if (fails) throw failure(name)
      return answer
    }
  }

  return {
    wrap: storage =>
      Object.fromEntries(
        Object.entries(storage).map(([name, call]) => [
          name,
          background.has(name) ? call : failingCall(name, call as () => Promise<unknown>)
        ])
      ) as unknown as Storage,
    arm(at, when) {
      left = at
      how = when
      failed = undefined
    },
    disarm() {
      left = 0
      return failed
    }
  }
}
