import type { ClaimedDelivery } from '../storage/records.ts'
import type { DeliveryStore } from '../storage/storage.ts'

/** Knows who waits for the first attempts of which logout. */
interface FirstAttempts {
  started(delivery: ClaimedDelivery): void
  /** An attempt is over and on disk. */
  recorded(delivery: ClaimedDelivery): void
  /** Waits until no delivery of a logout is without an attempt, at most so long. Never rejects. */
  wait(logoutId: string, longestMs: number): Promise<void>
}

/** Asks the storage only when this process has no more attempts of a logout in hand: others may have some. */
export function firstAttempts(storage: Pick<DeliveryStore, 'countUnattempted'>): FirstAttempts {
  const inHand = new Map<string, number>()
  const waiters = new Map<string, Set<() => void>>()

  return {
    started: ({ logoutId }) => void inHand.set(logoutId, (inHand.get(logoutId) ?? 0) + 1),
    recorded({ logoutId }) {
      const left = (inHand.get(logoutId) ?? 1) - 1
      if (left > 0) return void inHand.set(logoutId, left)
      inHand.delete(logoutId)
      for (const ask of waiters.get(logoutId) ?? []) ask()
    },
    wait: (logoutId, longestMs) =>
      new Promise<void>(resolve => {
        const askers = waiters.get(logoutId) ?? new Set()
        waiters.set(logoutId, askers)
        const timeout = setTimeout(done, longestMs)
        askers.add(ask)
        ask()

        /** The logout is committed: a storage that does not answer now must not make it look as if it had failed. */
        function ask(): void {
          storage.countUnattempted(logoutId).then(left => left === 0 && done(), done)
        }
        function done(): void {
          clearTimeout(timeout)
          askers.delete(ask)
          // Called twice where two answers were under way, and by then others may wait.
          if (askers.size === 0 && waiters.get(logoutId) === askers) waiters.delete(logoutId)
          resolve()
        }
      })
  }
}
