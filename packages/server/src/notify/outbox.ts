import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import type { ClaimedDelivery } from '../storage/records.ts'
import type { DeliveryStore } from '../storage/storage.ts'
import { firstAttempts } from './first-attempts.ts'
import type { Attempted } from './post.ts'
import { afterAttempt } from './schedule.ts'
import type { Senders } from './senders.ts'

/** Tells applications what they are owed, for as long as it takes. */
export interface Outbox {
  /** Looks for what is due now. */
  wake(): void
  /** Waits until each delivery of a logout was attempted once, at most so long. */
  firstAttempts(logoutId: string, longestMs: number): Promise<void>
  /** Takes no more, and finishes what is under way. */
  stop(): Promise<void>
}

/** What the outbox works with. */
export interface OutboxParts {
  storage: DeliveryStore
  clock: Clock
  senders: Senders
  /** Told of work that the storage refused; it is tried again. */
  failed(error: unknown): void
}

/** Most attempts under way at once in this process. */
const mostAtOnce = 256
/** So many free places are worth a look for more. */
const worthALook = 64
/** Fewer wait so long for company, in milliseconds: each look is a commit. */
const lookSoonMs = 4
/** Most of them to one host, so that one that is slow delays nobody else. */
const mostToOneHost = 8
/** How long a claim holds, in seconds; an attempt is far shorter. Whoever dies leaves its deliveries to others after that. */
const leaseSeconds = 30
/** When the outcome of an attempt is written down again that the storage did not take, in milliseconds. Well within the lease. */
const recordAgainMs = [250, 1000, 2000, 4000, 4000]
/** How often is looked for what has become due, in milliseconds. */
const lookEveryMs = 1000

/** Starts the worker. Any number of them may share one storage. */
export function startOutbox(parts: OutboxParts): Outbox {
  const { storage, clock } = parts
  /** Attempts without an answer. */
  const underWay = new Set<Promise<void>>()
  /** Attempts whose outcome is not on disk. */
  const unrecorded = new Set<Promise<void>>()
  /** Both, by id: a lease may be over before the storage takes an outcome, and who has heard needs not hear again. */
  const inHand = new Set<string>()
  const perHost = new Map<string, number>()
  const hostOfWay = new Map<string, string>()
  const firsts = firstAttempts(storage)
  let stopping = false
  let looking: Promise<void> | undefined
  let wokenAgain = false
  let soon: NodeJS.Timeout | undefined
  let after = ''
  let mayFindMore = false

  function wake(): void {
    if (stopping) return
    wokenAgain = true
    looking ??= look().finally(() => {
      looking = undefined
      if (wokenAgain) wake()
    })
  }

  async function look(): Promise<void> {
    while (wokenAgain && !stopping) {
      wokenAgain = false
      const most = mostAtOnce - underWay.size
      if (most <= 0) return
      try {
        const limits = { most, perClient: mostToOneHost, busy: busyWays(), after, leaseSeconds }
        const claimed = await storage.claimDeliveries(limits, clock.now())
        const last = claimed.at(-1)
        after = last ? wayOf(last) : ''
        mayFindMore = claimed.length > 0 || limits.busy.size > 0
        const { now, later } = split(claimed)
        for (const delivery of now) start(delivery)
        if (later.length === 0) continue
        await storage.returnDeliveries(
          later.map(it => it.id),
          clock.now()
        )
      } catch (error) {
        parts.failed(error)
        return
      }
    }
  }

  /** Several applications may share a host: what is too much for it goes back. */
  function split(claimed: ClaimedDelivery[]): { now: ClaimedDelivery[]; later: ClaimedDelivery[] } {
    const planned = new Map(perHost)
    const [now, later]: [ClaimedDelivery[], ClaimedDelivery[]] = [[], []]
    for (const delivery of claimed) {
      if (inHand.has(delivery.id)) continue
      const host = hostOf(delivery)
      const count = planned.get(host) ?? 0
      hostOfWay.set(wayOf(delivery), host)
      if (stopping || count >= mostToOneHost) later.push(delivery)
      else {
        planned.set(host, count + 1)
        now.push(delivery)
      }
    }
    return { now, later }
  }

  function busyWays(): Set<string> {
    const busy = [...hostOfWay].filter(([, host]) => (perHost.get(host) ?? 0) >= mostToOneHost)
    return new Set(busy.map(([way]) => way))
  }

  function start(delivery: ClaimedDelivery): void {
    const host = hostOf(delivery)
    perHost.set(host, (perHost.get(host) ?? 0) + 1)
    firsts.started(delivery)
    inHand.add(delivery.id)
    const attempted = attempt(delivery).then(met => {
      underWay.delete(attempted)
      const left = (perHost.get(host) ?? 1) - 1
      if (left === 0) perHost.delete(host)
      else perHost.set(host, left)
      const recorded = record(delivery, met).finally(() => {
        unrecorded.delete(recorded)
        inHand.delete(delivery.id)
        firsts.recorded(delivery)
      })
      unrecorded.add(recorded)
      lookForMore()
    })
    underWay.add(attempted)
  }

  /** Each look is a commit: it is worth some free places, or a short wait. */
  function lookForMore(): void {
    if (!mayFindMore) return
    if (mostAtOnce - underWay.size >= worthALook && !looking) wake()
    else
      soon ??= setTimeout(() => {
        soon = undefined
        wake()
      }, lookSoonMs)
  }

  /** Never throws: what keeps a delivery from being sent at all counts as an attempt, so that it is tried ever later. */
  async function attempt(delivery: ClaimedDelivery): Promise<Attempted> {
    try {
      return await parts.senders[delivery.kind](delivery)
    } catch (error) {
      parts.failed(error)
      const problem = String(error).slice(0, 200)
      return { status: null, verdict: 'failed', heardMaybe: false, problem, milliseconds: 0 }
    }
  }

  /** What the storage never takes is attempted again when the lease is over. */
  async function record(delivery: ClaimedDelivery, met: Attempted): Promise<void> {
    const now = clock.now()
    const { state, nextAt } = afterAttempt(delivery, met, now, Math.random())
    const { status, problem, milliseconds, heardMaybe } = met
    const outcome = { id: delivery.id, state, nextAt, status, problem, milliseconds, heardMaybe }
    for (const delay of [...recordAgainMs, undefined]) {
      try {
        return await storage.recordAttempt(outcome, now)
      } catch (error) {
        parts.failed(error)
        if (stopping || delay === undefined) return
        await pause(delay)
      }
    }
  }

  const timer = setInterval(wake, lookEveryMs).unref()
  wake()

  return {
    wake,
    firstAttempts(logoutId, longestMs) {
      // Those before it in the queue will take longer than anybody should wait.
      if (underWay.size >= mostAtOnce) return Promise.resolve()
      return firsts.wait(logoutId, longestMs)
    },
    async stop() {
      stopping = true
      clearInterval(timer)
      clearTimeout(soon)
      await looking
      await Promise.all(underWay)
      await Promise.all(unrecorded)
    }
  }
}

/** An application and one of the ways in which it is told. */
const wayOf = ({ clientId, kind }: ClaimedDelivery): string => `${clientId} ${kind}`

/** An address that is none has no host, and must not keep others waiting. */
function hostOf({ address }: ClaimedDelivery): string {
  return URL.parse(address)?.host ?? address
}
