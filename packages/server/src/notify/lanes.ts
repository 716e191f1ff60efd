import type { ClaimedDelivery } from '../storage/records.ts'

/** Most attempts under way to one host, so that one that is slow delays nobody else. */
const mostToOneHost = 8
/** Most that are claimed for one application ahead of its turn: as many as are attempted well within a lease, each at its slowest. */
export const mostAhead = 24

/** Deliveries that were claimed, each in the lane of its application: which may begin, and which wait their turn. */
interface Lanes {
  /** What nothing should be claimed for now. */
  busy(): Set<string>
  add(claimed: readonly ClaimedDelivery[]): void
  /** Takes what may begin, at most so many. */
  take(most: number): ClaimedDelivery[]
  /**
   * An attempt is over. An application that did not answer is asked one at a time until it does, so that it keeps no
   * places from those who share its host.
   * @returns what waited and is better given back
   */
  done(delivery: ClaimedDelivery, answered: boolean): ClaimedDelivery[]
  /** Takes all that waits. */
  drain(): ClaimedDelivery[]
}

/** An application and one of the ways in which it is told. */
export const wayOf = ({ clientId, kind }: ClaimedDelivery): string => `${clientId} ${kind}`

/** Lanes with nobody in them. */
export function newLanes(): Lanes {
  const waiting = new Map<string, ClaimedDelivery[]>()
  const perWay = new Map<string, number>()
  const perHost = new Map<string, number>()
  const hostOfWay = new Map<string, string>()
  const silent = new Set<string>()

  function isFull(way: string, host: string): boolean {
    const most = silent.has(way) ? 1 : mostToOneHost
    return (perWay.get(way) ?? 0) >= most || (perHost.get(host) ?? 0) >= mostToOneHost
  }

  return {
    busy: () =>
      new Set([...hostOfWay].filter(([way, host]) => waiting.has(way) || isFull(way, host)).map(it => it[0])),
    add(claimed) {
      for (const delivery of claimed) {
        const way = wayOf(delivery)
        hostOfWay.set(way, hostOf(delivery))
        const lane = waiting.get(way)
        if (lane) lane.push(delivery)
        else waiting.set(way, [delivery])
      }
    },
    take(most) {
      const taken: ClaimedDelivery[] = []
      for (const [way, lane] of waiting) {
        for (let next = lane[0]; next && taken.length < most; next = lane[0]) {
          const host = hostOf(next)
          if (isFull(way, host)) break
          add(perWay, way, 1)
          add(perHost, host, 1)
          taken.push(next)
          lane.shift()
        }
        if (lane.length === 0) waiting.delete(way)
      }
      return taken
    },
    done(delivery, answered) {
      const way = wayOf(delivery)
      add(perWay, way, -1)
      add(perHost, hostOf(delivery), -1)
      if (answered) silent.delete(way)
      else silent.add(way)
      const back = answered ? [] : (waiting.get(way) ?? [])
      if (!answered) waiting.delete(way)
      return back
    },
    drain() {
      const all = [...waiting.values()].flat()
      waiting.clear()
      return all
    }
  }
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}

/** An address that is none has no host, and must not keep others waiting. */
function hostOf({ address }: ClaimedDelivery): string {
  return URL.parse(address)?.host ?? address
}
