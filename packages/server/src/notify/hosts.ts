import type { ClaimedDelivery } from '../storage/records.ts'

/** Most attempts under way to one host of which nothing is known, so that one that is slow delays nobody else. */
export const firstToOneHost = 8
/** Most lanes that are remembered of hosts at which nothing goes on: clients come and go, and move. */
const mostRemembered = 10_000

/** What one host is asked and will be. */
export interface Host {
  name: string
  underWay: number
  /** Most that may be under way. */
  most: number
  waiting: number
  /** All its lanes, by way. */
  lanes: Map<string, Lane>
  /** Lanes in which something waits. */
  queues: Set<Lane>
}

/** What one application, in one of its ways, is told at one host. */
export interface Lane {
  host: Host
  queue: ClaimedDelivery[]
  underWay: number
  /** Whether the last that was asked has not been answered. */
  silent: boolean
  /** Whether the last that was asked was answered at once. */
  prompt: boolean
}

/** Hosts and their lanes, for as long as they are worth remembering. */
interface Hosts {
  /** The lane of a way at a host: a new one where it is not known. */
  lane(way: string, name: string): Lane
  /** Where a way led when it was last asked for: an application may move. */
  lastOf(way: string): Lane | undefined
  /** Those at which something waits or is under way. */
  active: ReadonlySet<Host>
  /** Ways that were told at once the last time. */
  prompt: Set<string>
  /** What goes on at a host has changed. Of those at which nothing does any more, the last few are remembered. */
  changed(host: Host): void
}

/** None is known. */
export function newHosts(): Hosts {
  /** Those that have rested for longest come first. */
  const hosts = new Map<string, Host>()
  const active = new Set<Host>()
  const prompt = new Set<string>()
  const lastOfWay = new Map<string, Lane>()
  let remembered = 0

  function hostAt(name: string): Host {
    const known = hosts.get(name)
    if (known) return known
    const room = { underWay: 0, most: firstToOneHost, waiting: 0 }
    const host: Host = { name, ...room, lanes: new Map(), queues: new Set() }
    hosts.set(name, host)
    return host
  }

  function forget(host: Host): void {
    hosts.delete(host.name)
    remembered -= host.lanes.size
    for (const [way, lane] of host.lanes) {
      if (lastOfWay.get(way) !== lane) continue
      lastOfWay.delete(way)
      prompt.delete(way)
    }
  }

  return {
    lane(way, name) {
      const host = hostAt(name)
      let lane = host.lanes.get(way)
      if (!lane) {
        lane = { host, queue: [], underWay: 0, silent: false, prompt: false }
        host.lanes.set(way, lane)
        remembered++
      }
      lastOfWay.set(way, lane)
      return lane
    },
    lastOf: way => lastOfWay.get(way),
    active,
    prompt,
    changed(host) {
      if (host.underWay + host.waiting > 0) return void active.add(host)
      active.delete(host)
      hosts.delete(host.name)
      hosts.set(host.name, host)
      for (const it of hosts.values()) {
        if (remembered <= mostRemembered) return
        if (!active.has(it)) forget(it)
      }
    }
  }
}
