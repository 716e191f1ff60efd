import type { ClaimedDelivery } from '../storage/records.ts'
import type { DeliveryStore } from '../storage/storage.ts'
import { wayOf } from './lanes.ts'

/** Knows who waits for the first attempts of which logout. */
interface FirstAttempts {
  started(delivery: ClaimedDelivery): void
  /** An attempt is over and on disk. */
  recorded(delivery: ClaimedDelivery): void
  /** More ways are late than before. */
  askAgain(): void
  /** Waits until no delivery of a logout is without an attempt but those that will be late, at most so long. Never rejects. */
  wait(logoutId: string, longestMs: number): Promise<void>
}

/**
 * Asks the storage only when this process has no more attempts of a logout in hand that are worth a wait: others may
 * have some.
 * @param isLate whether it is known of a way that its next attempts come too late for anybody to wait for
 */
export function firstAttempts(
  storage: Pick<DeliveryStore, 'listUnattempted'>,
  isLate: (way: string) => boolean
): FirstAttempts {
  const inHand = new Map<string, Set<ClaimedDelivery>>()
  const waiters = new Map<string, Set<() => void>>()

  return {
    started(delivery) {
      const { logoutId } = delivery
      const beside = inHand.get(logoutId)
      if (beside) beside.add(delivery)
      else inHand.set(logoutId, new Set([delivery]))
    },
    recorded(delivery) {
      const { logoutId } = delivery
      const left = inHand.get(logoutId)
      left?.delete(delivery)
      if (left?.size === 0) inHand.delete(logoutId)
      const askers = waiters.get(logoutId)
      if (askers && [...(left ?? [])].every(it => isLate(wayOf(it)))) for (const ask of askers) ask()
    },
    askAgain() {
      for (const askers of waiters.values()) for (const ask of askers) ask()
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
          storage.listUnattempted(logoutId).then(left => left.every(it => isLate(wayOf(it))) && done(), done)
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
