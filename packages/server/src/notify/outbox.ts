import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import type { AttemptInput, ClaimedDelivery } from '../storage/records.ts'
import type { DeliveryStore } from '../storage/storage.ts'
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
  const underWay = new Set<Promise<void>>()
  const perHost = new Map<string, number>()
  const hostOfWay = new Map<string, string>()
  const waiters = new Map<string, Set<() => void>>()
  let stopping = false
  let looking: Promise<void> | undefined
  let wokenAgain = false

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
        const limits = { most, perClient: mostToOneHost, busy: busyWays(), leaseSeconds }
        const claimed = await storage.claimDeliveries(limits, clock.now())
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
      const host = hostOf(delivery)
      const count = planned.get(host) ?? 0
      hostOfWay.set(`${delivery.clientId} ${delivery.kind}`, host)
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
    const attempt = deliver(delivery)
      .catch(parts.failed)
      .finally(() => {
        underWay.delete(attempt)
        const left = (perHost.get(host) ?? 1) - 1
        if (left === 0) perHost.delete(host)
        else perHost.set(host, left)
        for (const tell of waiters.get(delivery.logoutId) ?? []) tell()
        wake()
      })
    underWay.add(attempt)
  }

  async function deliver(delivery: ClaimedDelivery): Promise<void> {
    const met = await attempt(delivery)
    const now = clock.now()
    const { state, nextAt } = afterAttempt(delivery, met, now, Math.random())
    const { status, problem, milliseconds, heardMaybe } = met
    await record({ id: delivery.id, state, nextAt, status, problem, milliseconds, heardMaybe }, now)
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
  async function record(outcome: AttemptInput, now: number): Promise<void> {
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
    firstAttempts: (logoutId, longestMs) =>
      new Promise<void>(resolve => {
        const tellers = waiters.get(logoutId) ?? new Set()
        waiters.set(logoutId, tellers)
        const timeout = setTimeout(done, longestMs)
        tellers.add(ask)
        ask()

        /** The logout is committed: a storage that does not answer now must not make it look as if it had failed. */
        function ask(): void {
          storage.countUnattempted(logoutId).then(left => left === 0 && done(), done)
        }
        function done(): void {
          clearTimeout(timeout)
          tellers.delete(ask)
          if (tellers.size === 0) waiters.delete(logoutId)
          resolve()
        }
      }),
    async stop() {
      stopping = true
      clearInterval(timer)
      await looking
      await Promise.all(underWay)
    }
  }
}

/** An address that is none has no host, and must not keep others waiting. */
function hostOf({ address }: ClaimedDelivery): string {
  return URL.parse(address)?.host ?? address
}
