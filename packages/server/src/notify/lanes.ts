import type { ClaimedDelivery } from '../storage/records.ts'
import type { DeliveryLimits } from '../storage/storage.ts'
import { firstToOneHost, type Lane, newHosts } from './hosts.ts'
import type { Attempted } from './post.ts'

/**
 * Most attempts under way to one host. Each that is answered quickly makes room for one more; one that fails or takes
 * long takes all of that back.
 */
const mostToOneHost = 32
/** What is quick, in milliseconds. */
const quickMs = 500
/**
 * Most that wait for one host, and so most that are claimed for one application, ahead of their turn: as many as are
 * attempted well within a lease, each at its slowest.
 */
export const mostAhead = 24
/**
 * Most attempts under way to all applications together that were not told at once the last time, and most of theirs in
 * hand: however many hang, there is room for all others.
 */
const mostSlow = { underWay: 128, inHand: 512 }

/** Deliveries that were claimed, each in the lane of its application: which may begin, and which wait their turn. */
interface Lanes {
  /** What nothing should be claimed for now. */
  busy(): Set<string>
  /** All but these are slow, as far as is known, and how much may be claimed for all of those together. */
  slow(): NonNullable<DeliveryLimits['slow']>
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
  done(
    delivery: ClaimedDelivery,
    met: Pick<Attempted, 'status' | 'verdict' | 'milliseconds'>
  ): ClaimedDelivery[]
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
  const hosts = newHosts()
  const laneOfDelivery = new WeakMap<ClaimedDelivery, Lane>()
  /** Those of which the next may be free to begin; all others are not looked at. */
  const ready = new Set<Lane>()
  /** Those that wait until fewer are under way to slow ones. */
  const held = new Set<Lane>()
  const slow = { underWay: 0, inHand: 0 }

  function laneOf(delivery: ClaimedDelivery): Lane {
    const lane = laneOfDelivery.get(delivery) ?? hosts.lane(wayOf(delivery), hostOf(delivery))
    laneOfDelivery.set(delivery, lane)
    return lane
  }

  /** Counts what a slow one has in hand. */
  function count({ prompt, queue, underWay }: Lane, sign: 1 | -1): void {
    if (prompt) return
    slow.underWay += sign * underWay
    slow.inHand += sign * (underWay + queue.length)
  }

  function leave(lane: Lane): ClaimedDelivery[] {
    const { host, queue } = lane
    count(lane, -1)
    host.waiting -= queue.length
    host.queues.delete(lane)
    ready.delete(lane)
    held.delete(lane)
    const left = queue.splice(0)
    count(lane, 1)
    return left
  }

  /** Takes the next of a lane, if one may begin. */
  function begin(lane: Lane): ClaimedDelivery | undefined {
    const { host, queue } = lane
    if (!lane.prompt && slow.underWay >= mostSlow.underWay) {
      held.add(lane)
      return undefined
    }
    const next = isFull(lane) ? undefined : queue.shift()
    if (!next) return undefined
    lane.underWay++
    if (!lane.prompt) slow.underWay++
    host.underWay++
    host.waiting--
    if (queue.length === 0) host.queues.delete(lane)
    return next
  }

  return {
    busy() {
      const ways = new Set<string>()
      for (const { waiting, lanes } of hosts.active)
        for (const [way, lane] of lanes)
          if (hosts.lastOf(way) === lane && (waiting > 0 || isFull(lane))) ways.add(way)
      return ways
    },
    slow: () => ({
      allBut: hosts.prompt,
      most: mostSlow.inHand - slow.inHand,
      perClient: firstToOneHost
    }),
    add(claimed) {
      const tooMany: ClaimedDelivery[] = []
      for (const delivery of inTurns(claimed)) {
        const lane = laneOf(delivery)
        if (lane.host.waiting >= mostAhead) {
          tooMany.push(delivery)
          continue
        }
        lane.queue.push(delivery)
        if (!lane.prompt) slow.inHand++
        lane.host.waiting++
        lane.host.queues.add(lane)
        hosts.changed(lane.host)
        ready.add(lane)
      }
      return tooMany
    },
    take(most) {
      const taken: ClaimedDelivery[] = []
      // Whoever was taken from goes to the end: one of each lane, then a second of each, and the next time on from there.
      for (const lane of ready) {
        if (taken.length >= most) break
        ready.delete(lane)
        const next = begin(lane)
        if (!next) continue
        taken.push(next)
        if (lane.queue.length > 0) ready.add(lane)
      }
      return taken
    },
    done(delivery, { status, verdict, milliseconds }) {
      const lane = laneOf(delivery)
      const { host } = lane
      count(lane, -1)
      lane.underWay--
      host.underWay--
      const isQuick = verdict !== 'failed' && milliseconds <= quickMs
      host.most = isQuick ? Math.min(host.most + 1, mostToOneHost) : firstToOneHost
      lane.silent = status === null
      lane.prompt = !lane.silent && milliseconds <= quickMs
      count(lane, 1)
      if (lane.prompt) hosts.prompt.add(wayOf(delivery))
      else hosts.prompt.delete(wayOf(delivery))
      const givenBack = lane.silent ? leave(lane) : []
      for (const waiting of [...host.queues, ...held]) ready.add(waiting)
      held.clear()
      hosts.changed(host)
      return givenBack
    },
    isSilent: way => hosts.lastOf(way)?.silent === true,
    drain() {
      const left = [...hosts.active].flatMap(host => [...host.queues].flatMap(leave))
      for (const host of [...hosts.active]) hosts.changed(host)
      return left
    }
  }
}

function isFull({ host, underWay, silent }: Lane): boolean {
  return host.underWay >= host.most || (silent && underWay >= 1)
}

/** An address that is none has no host, and must not keep others waiting. */
function hostOf({ address }: ClaimedDelivery): string {
  return URL.parse(address)?.host ?? address
}

/** The first of each application, then the second of each, and so on. */
function inTurns(claimed: readonly ClaimedDelivery[]): ClaimedDelivery[] {
  const places = new Map<string, number>()
  const withPlace = claimed.map(delivery => {
    const way = wayOf(delivery)
    const place = (places.get(way) ?? 0) + 1
    places.set(way, place)
    return { delivery, place }
  })
  return withPlace.toSorted((a, b) => a.place - b.place).map(it => it.delivery)
}
