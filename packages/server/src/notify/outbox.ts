import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import type { ClaimedDelivery } from '../storage/records.ts'
import type { DeliveryStore } from '../storage/storage.ts'
import { newBacklog } from './backlog.ts'
import { firstAttempts } from './first-attempts.ts'
import { mostAhead, newLanes, wayOf } from './lanes.ts'
import { newPace } from './pace.ts'
import type { Attempted } from './post.ts'
import { afterAttempt } from './schedule.ts'
import type { Senders } from './senders.ts'

/** Tells applications what they are owed, for as long as it takes. */
export interface Outbox {
  /** Somebody has signed out: looks for what is due now, and lets others who sign out come first. */
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
/** Most that are claimed at once: those, as many that wait their turn, and what is being written down. */
const mostInHand = 4 * mostAtOnce
/** So many outcomes are worth a commit, which also looks for more. */
const worthACommit = 256
/** Fewer wait so long for company while others are under way, in milliseconds. */
const commitSoonMs = 10
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
  /** Attempts that are over and about to be written down. */
  const ended: { delivery: ClaimedDelivery; met: Attempted }[] = []
  const writing = new Set<Promise<void>>()
  /**
   * All that was claimed and is not written down, by id: a lease may be over before the storage takes an outcome, and who
   * has heard needs not hear again.
   */
  const inHand = new Set<string>()
  const lanes = newLanes()
  const pace = newPace(begin)
  const backlog = newBacklog()
  const firsts = firstAttempts(storage, way => lanes.isSilent(way) || backlog.has(way))
  let stopping = false
  let looking: Promise<void> | undefined
  let wokenAgain = false
  let soon: NodeJS.Timeout | undefined
  let goingOn = false
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
      const most = mostInHand - inHand.size
      if (most <= 0) return
      try {
        const limits = {
          most,
          perClient: mostAhead,
          busy: lanes.busy(),
          slow: lanes.slow(),
          after,
          leaseSeconds
        }
        const claimed = await storage.claimDeliveries(limits, clock.now())
        if (backlog.looked(limits, claimed)) firsts.askAgain()
        mayFindMore = claimed.length > 0 || limits.busy.size > 0 || limits.slow.most <= 0
        const fresh = claimed.filter(it => !inHand.has(it.id))
        for (const { id } of fresh) inHand.add(id)
        const tooMany = new Set(lanes.add(fresh))
        // Whoever had to give everything back is among the first the next time.
        const last = claimed.findLast(it => !tooMany.has(it))
        if (last) after = wayOf(last)
        giveBack([...tooMany])
        // They took the places of others. Their host is known now and passed over.
        wokenAgain ||= tooMany.size > 0
        pace.startNext()
      } catch (error) {
        parts.failed(error)
        return
      }
    }
  }

  function begin(most: number): number {
    if (stopping) giveBack(lanes.drain())
    const next = lanes.take(Math.min(most, mostAtOnce - underWay.size))
    for (const delivery of next) start(delivery)
    return next.length
  }

  function start(delivery: ClaimedDelivery): void {
    firsts.started(delivery)
    const attempted = attempt(delivery).then(met => {
      underWay.delete(attempted)
      giveBack(lanes.done(delivery, met))
      ended.push({ delivery, met })
      goOnSoon()
    })
    underWay.add(attempted)
  }

  /** Once for all attempts that end in one turn of the event loop. */
  function goOnSoon(): void {
    if (goingOn) return
    goingOn = true
    setImmediate(() => {
      goingOn = false
      pace.startNext()
      if (underWay.size === 0 || ended.length >= worthACommit) settle()
      else soon ??= setTimeout(settle, commitSoonMs)
    })
  }

  /** Writes down what has ended, and looks for more in the same commit. */
  function settle(): void {
    clearTimeout(soon)
    soon = undefined
    for (const { delivery, met } of ended.splice(0))
      keep(
        record(delivery, met).finally(() => {
          inHand.delete(delivery.id)
          firsts.recorded(delivery)
        })
      )
    if (mayFindMore) wake()
  }

  /** What was claimed and is not attempted now. Where that fails, its lease ends by itself. */
  function giveBack(deliveries: ClaimedDelivery[]): void {
    if (deliveries.length === 0) return
    const ids = deliveries.map(it => it.id)
    // At once: whoever claims one again in the same commit must not take it for one that is in hand.
    for (const id of ids) inHand.delete(id)
    keep(storage.returnDeliveries(ids, clock.now()).catch(parts.failed))
  }

  /** Remembers a write until it is over. */
  function keep(write: Promise<void>): void {
    writing.add(write)
    void write.finally(() => writing.delete(write))
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
    wake() {
      pace.loggedOut()
      goOnSoon()
      wake()
    },
    firstAttempts(logoutId, longestMs) {
      // Those before it in the queue will take longer than anybody should wait.
      if (inHand.size >= mostInHand) return Promise.resolve()
      return firsts.wait(logoutId, longestMs)
    },
    async stop() {
      stopping = true
      clearInterval(timer)
      await looking
      giveBack(lanes.drain())
      await Promise.all(underWay)
      settle()
      await Promise.all(writing)
    }
  }
}
