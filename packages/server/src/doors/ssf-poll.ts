import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { OwedEvent } from '../storage/stream-store.ts'
import { eventToken } from '../tokens/event-token.ts'
import type { DoorParts } from './door.ts'
import { read, receiverOf, streamOfReceiver } from './ssf-caller.ts'
import { ssfPaths } from './ssf-paths.ts'

/** Most events in one answer. */
const mostEvents = 500
/** The longest poll that is taken, in bytes: there is room to say of each event of an answer why it could not be taken. */
const longestBodyBytes = 1024 * 1024
/** Longest that a poll is held open, in milliseconds; shorter than what proxies cut off. */
const longestPollMs = 25_000
/** How often an open poll looks for what other processes queued, in milliseconds. */
const lookEveryMs = 500

const failure = z.object({ err: z.string().max(100), description: z.string().max(1000).nullish() })
const pollForm = z.object({
  maxEvents: z.int().min(0).nullish(),
  returnImmediately: z.boolean().nullish(),
  ack: z.array(z.string().max(200)).nullish(),
  setErrs: z.record(z.string().max(200), failure).nullish()
})

/**
 * A receiver fetches the events of its stream (RFC 8936) and says which of the earlier ones it has taken. What it has not
 * acknowledged is given again, with the same `jti`, whatever happens in between. A poll is held open until there is
 * something, unless it asks otherwise; a second one lets the first go.
 */
export function ssfPoll(parts: DoorParts) {
  const { storage, clock, events, config, keys } = parts
  const latest = new Map<string, FastifyRequest>()
  let stopping = false

  return async (app: FastifyInstance): Promise<void> => {
    app.addHook('preClose', done => {
      stopping = true
      events.tell()
      done()
    })
    app.post<{ Params: { stream: string } }>(
      `${ssfPaths.poll}/:stream`,
      { config: { quiet: true }, bodyLimit: longestBodyBytes },
      async (request, reply) => {
        const client = await receiverOf(request, reply, 'ssf.read', parts)
        const { id } = await streamOfReceiver(client, request.params.stream, parts)
        const { maxEvents, returnImmediately, ack, setErrs } = read(pollForm, request.body)
        const taken = ack ?? []
        const failed = Object.entries(setErrs ?? {}).map(([jti, { err, description }]) => ({
          id: jti,
          problem: [err, description].filter(Boolean).join(': ').slice(0, 200)
        }))
        if (taken.length + failed.length > 0) await storage.settleEvents(id, { taken, failed }, clock.now())
        const most = Math.min(maxEvents ?? mostEvents, mostEvents)
        if (most === 0) return { sets: {} }
        const found = await look(id, most, returnImmediately === true ? 0 : longestPollMs, request)
        const sets = await Promise.all(
          found.events.map(async it => [it.id, await eventToken(it, config.issuer, keys())] as const)
        )
        return { sets: Object.fromEntries(sets), ...(found.more ? { moreAvailable: true } : {}) }
      }
    )
  }

  async function look(
    id: string,
    most: number,
    longestMs: number,
    request: FastifyRequest
  ): Promise<{ events: OwedEvent[]; more: boolean }> {
    const until = performance.now() + longestMs
    latest.set(id, request)
    events.tell()
    try {
      for (;;) {
        const found = await storage.waitingEvents(id, most)
        const left = until - performance.now()
        const over = left <= 0 || stopping || request.raw.socket.destroyed || latest.get(id) !== request
        if (found.events.length > 0 || over) return found
        await events.wait(Math.min(left, lookEveryMs))
      }
    } finally {
      if (latest.get(id) === request) latest.delete(id)
    }
  }
}
