import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import { statusListPlaces } from '../storage/status-places.ts'
import type { StatusListStore } from '../storage/storage.ts'
import type { SigningKeys } from './signing-keys.ts'
import { statusBits, statusListToken } from './status-list.ts'
import { statusListUri } from './status-list-uri.ts'

/** A status list as it is given out. */
export interface BuiltList {
  jwt: string
  /** When the building of it began: what it says was so then or later. */
  asOf: number
}

/** The status lists, each made anew when it is asked for and the last one has become too old. */
export interface StatusLists {
  /**
   * A list that is at most `status_list_seconds` old; `undefined` for one that is not in use. However many ask at once,
   * it is built once.
   * @throws UtgangError `storage_unavailable` and whatever else reading can throw: an older list is never given out instead
   */
  get(list: number): Promise<BuiltList | undefined>
  /** The addresses of those in use. */
  uris(): Promise<string[]>
}

/** What status lists are made from. */
export interface StatusListParts {
  issuer: string
  storage: StatusListStore
  clock: Clock
  keys(): SigningKeys
  /** Oldest that a list may be, in seconds. */
  seconds: number
}

/**
 * Places that are read in one turn of the event loop. A token takes some six microseconds, so nobody else waits for more
 * than a few milliseconds; a list in which every place is a token's takes 0.4 s of a processor.
 */
const placesInOneTurn = 512

/** How much longer than it may be used a list can be shown to somebody: see {@link StatusListFacts.expiresAt}. */
const timesItsAge = 12
const expiresAfterAtLeast = 300

/** Status lists over the storage. Each process makes its own; they cannot disagree for longer than their age. */
export function statusListsOf({ issuer, storage, clock, keys, seconds }: StatusListParts): StatusLists {
  const built = new Map<number, BuiltList>()
  const building = new Map<number, Promise<BuiltList>>()

  async function build(list: number): Promise<BuiltList> {
    const asOf = clock.now()
    const dead: number[] = []
    for (let from = 0; from < statusListPlaces; from += placesInOneTurn) {
      dead.push(...(await storage.deadPlaces(list, from, from + placesInOneTurn, clock.now())))
      await nextTurn()
    }
    const facts = {
      uri: statusListUri(issuer, list),
      bits: statusBits(statusListPlaces, dead),
      asOf,
      ttlSeconds: seconds,
      expiresAt: asOf + Math.max(expiresAfterAtLeast, timesItsAge * seconds)
    }
    return { jwt: await statusListToken(facts, keys()), asOf }
  }

  async function rebuild(list: number): Promise<BuiltList> {
    try {
      const fresh = await build(list)
      built.set(list, fresh)
      return fresh
    } finally {
      building.delete(list)
    }
  }

  return {
    async get(list) {
      const kept = built.get(list)
      const age = kept && clock.now() - kept.asOf
      // A clock that was set back must not keep a list alive that seems to come from the future.
      if (age !== undefined && age >= 0 && age < seconds) return kept
      if (!(await storage.hasStatusList(list, clock.now()))) {
        built.delete(list)
        return undefined
      }
      // No await between the look and the promise: whoever comes meanwhile waits for the same one.
      const underWay = building.get(list) ?? rebuild(list)
      building.set(list, underWay)
      return underWay
    },
    uris: async () => (await storage.statusLists(clock.now())).map(list => statusListUri(issuer, list))
  }
}
