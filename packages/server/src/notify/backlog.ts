import type { ClaimedDelivery } from '../storage/records.ts'
import type { DeliveryLimits } from '../storage/storage.ts'
import { wayOf } from './lanes.ts'

/** So many found for one way at once say that the next in it comes late: no more than this begin at once at a host that is new. */
const many = 8

/** Knows which ways have much to tell, so that what comes next in them comes late. */
export interface Backlog {
  /** What a look for deliveries found. Says whether a way has fallen behind that was not before. */
  looked(limits: DeliveryLimits, found: readonly ClaimedDelivery[]): boolean
  has(way: string): boolean
}

/** Nobody is behind. */
export function newBacklog(): Backlog {
  const behind = new Set<string>()
  return {
    looked({ most, busy, slow }, found) {
      const counts = new Map<string, number>()
      for (const it of found) counts.set(wayOf(it), (counts.get(wayOf(it)) ?? 0) + 1)
      const before = behind.size
      for (const [way, count] of counts) if (count >= many) behind.add(way)
      const more = behind.size > before
      // Who was not looked at is where he was.
      const ofSlow = found.filter(it => !slow?.allBut.has(wayOf(it))).length
      const isCrowded = slow !== undefined && ofSlow >= slow.most
      const wasLookedAt = (way: string): boolean => !busy.has(way) && (!isCrowded || slow.allBut.has(way))
      if (found.length < most)
        for (const way of behind) if (wasLookedAt(way) && (counts.get(way) ?? 0) < many) behind.delete(way)
      return more
    },
    has: way => behind.has(way)
  }
}
