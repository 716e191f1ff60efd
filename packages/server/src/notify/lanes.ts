import type { ClaimedDelivery } from '../storage/records.ts'
import type { Attempted } from './post.ts'

/** Most attempts under way to one host of which nothing is known, so that one that is slow delays nobody else. */
const firstToOneHost = 8
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

/** What one host is asked and will be. */
interface Host {
  underWay: number
  /** Most that may be under way. */
  most: number
  waiting: number
  /** Lanes in which something waits. */
  lanes: Set<Lane>
}

/** What one application, in one of its ways, is told at one host. */
interface Lane {
  host: Host
  queue: ClaimedDelivery[]
  underWay: number
  silent: boolean
}

/** Lanes with nobody in them. */
export function newLanes(): Lanes {
  const hosts = new Map<string, Host>()
  const lanes = new Map<string, Lane>()
  /** Where each way led when it was last looked at: an application may move. */
  const laneOfWay = new Map<string, Lane>()
  const laneOfDelivery = new WeakMap<ClaimedDelivery, Lane>()
  /** Those of which the next may be free to begin; all others are not looked at. */
  const ready = new Set<Lane>()

  function laneOf(delivery: ClaimedDelivery): Lane {
    const known = laneOfDelivery.get(delivery)
    if (known) return known
    const [way, name] = [wayOf(delivery), hostOf(delivery)]
    const host = hosts.get(name) ?? { underWay: 0, most: firstToOneHost, waiting: 0, lanes: new Set() }
    hosts.set(name, host)
    const lane = lanes.get(`${name} ${way}`) ?? { host, queue: [], underWay: 0, silent: false }
    lanes.set(`${name} ${way}`, lane)
    laneOfWay.set(way, lane)
    laneOfDelivery.set(delivery, lane)
    return lane
  }

  function leave(lane: Lane): ClaimedDelivery[] {
    const { host, queue } = lane
    host.waiting -= queue.length
    host.lanes.delete(lane)
    ready.delete(lane)
    return queue.splice(0)
  }

  /** Takes the next of a lane, if one may begin. */
  function begin(lane: Lane): ClaimedDelivery | undefined {
    const { host, queue } = lane
    const next = isFull(lane) ? undefined : queue.shift()
    if (!next) return undefined
    lane.underWay++
    host.underWay++
    host.waiting--
    if (queue.length === 0) host.lanes.delete(lane)
    return next
  }

  return {
    busy: () =>
      new Set([...laneOfWay].filter(([, lane]) => lane.host.waiting > 0 || isFull(lane)).map(([way]) => way)),
    add(claimed) {
      const tooMany: ClaimedDelivery[] = []
      for (const delivery of inTurns(claimed)) {
        const lane = laneOf(delivery)
        if (lane.host.waiting >= mostAhead) {
          tooMany.push(delivery)
          continue
        }
        lane.queue.push(delivery)
        lane.host.waiting++
        lane.host.lanes.add(lane)
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
      lane.underWay--
      host.underWay--
      const isQuick = verdict !== 'failed' && milliseconds <= quickMs
      host.most = isQuick ? Math.min(host.most + 1, mostToOneHost) : firstToOneHost
      lane.silent = status === null
      const givenBack = lane.silent ? leave(lane) : []
      for (const waiting of host.lanes) ready.add(waiting)
      return givenBack
    },
    isSilent: way => laneOfWay.get(way)?.silent === true,
    drain: () => [...lanes.values()].flatMap(leave)
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
