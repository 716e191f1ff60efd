import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { DoorParts } from './door.ts'
import { ofStream, read, receiverOf, streamOfReceiver } from './ssf-caller.ts'
import { ssfPaths } from './ssf-paths.ts'

const statusForm = ofStream.extend({
  status: z.enum(['enabled', 'paused', 'disabled']),
  reason: z.string().max(1000).nullish()
})

/** A receiver reads and sets whether its stream speaks (SSF 1.0 §8.1.2). */
export function ssfStatus(parts: DoorParts) {
  const { storage, clock } = parts

  return async (app: FastifyInstance): Promise<void> => {
    app.get(ssfPaths.status, async (request, reply) => {
      const client = await receiverOf(request, reply, 'ssf.read', parts)
      const { stream_id } = read(ofStream, request.query)
      const { status, reason } = await streamOfReceiver(client, stream_id, parts)
      return { stream_id, status, ...(reason === null ? {} : { reason }) }
    })

    app.post(ssfPaths.status, async (request, reply) => {
      const client = await receiverOf(request, reply, 'ssf.manage', parts)
      const { stream_id, status, reason } = read(statusForm, request.body)
      await streamOfReceiver(client, stream_id, parts)
      await storage.setStreamStatus(stream_id, { status, reason: reason ?? null, tell: false }, clock.now())
      parts.events.tell()
      return { stream_id, status, ...(reason == null ? {} : { reason }) }
    })
  }
}
