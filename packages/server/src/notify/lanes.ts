import type { ClaimedDelivery } from '../storage/records.ts'

/** Most attempts under way to one host, so that one that is slow delays nobody else. */
const mostToOneHost = 8
/**
 * Most that wait for one host, and so most that are claimed for one application, ahead of their turn: as many as are
 * attempted well within a lease, each at its slowest.
 */
export const mostAhead = 24

/** Deliveries that were claimed, each in the lane of its application: which may begin, and which wait their turn. */
interface Lanes {
  /** What nothing should be claimed for now. */
  busy(): Set<string>
  /**
   * Lets them wait for their turn, but no more to one host than {@link mostAhead}, evenly from its applications: a host
   * that many share and that is slow would fill this process with what it cannot send before others may claim it too.
   * @returns what is too much and is better given back
   */
  add(claimed: readonly ClaimedDelivery[]): ClaimedDelivery[]
  /** Takes what may begin, at most so many. */
  take(most: number): ClaimedDelivery[]
  /**
   * An attempt is over. An application that did not answer is asked one at a time until it does, so that it keeps no
   * places from those who share its host.
   * @returns what waited and is better given back
   */
  done(delivery: ClaimedDelivery, answered: boolean): ClaimedDelivery[]
  /** Whether the last that was asked of an application has not been answered. */
  isSilent(way: string): boolean
  /** Takes all that waits. */
  drain(): ClaimedDelivery[]
}

/** An application and one of the ways in which it is told. */
export const wayOf = ({ clientId, kind }: Pick<ClaimedDelivery, 'clientId' | 'kind'>): string =>
  `${clientId} ${kind}`

/** Lanes with nobody in them. */
export function newLanes(): Lanes {
  const waiting = new Map<string, ClaimedDelivery[]>()
  const perWay = new Map<string, number>()
  const perHost = new Map<string, number>()
  const hostOfWay = new Map<string, string>()
  const waitingAtHost = new Map<string, number>()
  const silent = new Set<string>()
  const hosts = new WeakMap<ClaimedDelivery, string>()

  /** Looked up far more often than an address should be taken apart. */
  function hostOf(delivery: ClaimedDelivery): string {
    const known = hosts.get(delivery)
    if (known !== undefined) return known
    // An address that is none has no host, and must not keep others waiting.
    const host = URL.parse(delivery.address)?.host ?? delivery.address
    hosts.set(delivery, host)
    return host
  }

  function isFull(way: string, host: string): boolean {
    const most = silent.has(way) ? 1 : mostToOneHost
    return (perWay.get(way) ?? 0) >= most || (perHost.get(host) ?? 0) >= mostToOneHost
  }

  function leave(way: string): ClaimedDelivery[] {
    const lane = waiting.get(way) ?? []
    waiting.delete(way)
    for (const delivery of lane) add(waitingAtHost, hostOf(delivery), -1)
    return lane
  }

  return {
    busy: () =>
      new Set(
        [...hostOfWay].filter(([way, host]) => waitingAtHost.has(host) || isFull(way, host)).map(it => it[0])
      ),
    add(claimed) {
      const tooMany: ClaimedDelivery[] = []
      for (const delivery of inTurns(claimed)) {
        const way = wayOf(delivery)
        const host = hostOf(delivery)
        hostOfWay.set(way, host)
        if ((waitingAtHost.get(host) ?? 0) >= mostAhead) {
          tooMany.push(delivery)
          continue
        }
        add(waitingAtHost, host, 1)
        const lane = waiting.get(way)
        if (lane) lane.push(delivery)
        else waiting.set(way, [delivery])
      }
      return tooMany
    },
    take(most) {
      const taken: ClaimedDelivery[] = []
      for (const [way, lane] of waiting) {
        for (let next = lane[0]; next && taken.length < most; next = lane[0]) {
          const host = hostOf(next)
          if (isFull(way, host)) break
          add(perWay, way, 1)
          add(perHost, host, 1)
          add(waitingAtHost, host, -1)
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
      return answered ? [] : leave(way)
    },
    isSilent: way => silent.has(way),
    drain: () => [...waiting.keys()].flatMap(leave)
  }
}

/** The first of each application, then the second of each, and so on. */
function inTurns(claimed: readonly ClaimedDelivery[]): ClaimedDelivery[] {
  const places = new Map<string, number>()
  const withPlace = claimed.map(delivery => {
    const way = wayOf(delivery)
    add(places, way, 1)
    return { delivery, place: places.get(way) ?? 0 }
  })
  return withPlace.toSorted((a, b) => a.place - b.place).map(it => it.delivery)
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}
