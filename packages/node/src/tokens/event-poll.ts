import { setTimeout as pause } from 'node:timers/promises'
import type { Fetch } from '../options.ts'

/** Where events are fetched. */
export interface EventPoll {
  /** The `endpoint_url` of the stream's delivery. */
  endpoint_url: string
  /** A live access token that may do so; asked for before each fetch. */
  token: () => Promise<string> | string
}

interface PollParts {
  fetch: Fetch
  onError: (error: unknown) => void
  /** Checks and hears one event. */
  hear(jwt: string): Promise<void>
  /** The code of an error that speaks of the event itself; `false` for one that may pass. */
  codeOf(error: unknown): string | false
}

/** Most events in one answer. */
const mostEvents = 100
/** First pause after a failure, in milliseconds; each further one is twice as long. */
const firstPauseMs = 1000
/** Longest pause. */
const longestPauseMs = 30_000

/**
 * Fetches events one answer after the other (RFC 8936 §2). What was heard is acknowledged with the next fetch, so that what
 * could not be checked comes again.
 */
export function pollEvents(from: EventPoll, parts: PollParts): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const { signal } = stopping
  let pauseMs = firstPauseMs

  async function run(): Promise<void> {
    let settled: Settled = { ack: [], setErrs: {} }
    while (!signal.aborted) {
      try {
        const since = performance.now()
        const sets = await fetchSets(from, parts, settled, signal)
        settled = await hearAll(sets, parts)
        pauseMs = firstPauseMs
        // Some do not hold a fetch open, or another process fetches beside us.
        const isIdle = Object.keys(sets).length === 0 && performance.now() - since < firstPauseMs
        if (isIdle) await pause(firstPauseMs, undefined, { signal }).catch(() => {})
      } catch (error) {
        if (signal.aborted) return
        parts.onError(error)
        await pause(pauseMs, undefined, { signal }).catch(() => {})
        pauseMs = Math.min(2 * pauseMs, longestPauseMs)
      }
    }
  }

  const running = run()
  return {
    async stop() {
      stopping.abort()
      await running
    }
  }
}

interface Settled {
  ack: string[]
  setErrs: Record<string, { err: string; description: string }>
}

async function fetchSets(
  { endpoint_url, token }: EventPoll,
  { fetch }: PollParts,
  settled: Settled,
  signal: AbortSignal
): Promise<Record<string, string>> {
  const answer = await fetch(endpoint_url, {
    method: 'POST',
    headers: { authorization: `Bearer ${await token()}`, 'content-type': 'application/json' },
    body: JSON.stringify({ maxEvents: mostEvents, returnImmediately: false, ...settled }),
    redirect: 'manual',
    signal
  })
  if (answer.status !== 200) {
    await answer.body?.cancel()
    throw new Error(`${endpoint_url} answered ${answer.status}`)
  }
  return ((await answer.json()) as { sets?: Record<string, string> }).sets ?? {}
}

/** @throws what kept an event from being checked, once those that could be are heard; then none of them is acknowledged */
async function hearAll(sets: Record<string, string>, { hear, codeOf }: PollParts): Promise<Settled> {
  const settled: Settled = { ack: [], setErrs: {} }
  let failure: unknown
  for (const [jti, jwt] of Object.entries(sets)) {
    try {
      await hear(jwt)
      settled.ack.push(jti)
    } catch (error) {
      const err = codeOf(error)
      if (err === false) failure = error
      else settled.setErrs[jti] = { err, description: (error as Error).message }
    }
  }
  if (failure !== undefined) throw failure
  return settled
}
