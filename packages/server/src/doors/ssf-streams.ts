import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { OAuthError, UtgangError } from '../errors.ts'
import type { DoorParts } from './door.ts'
import { ofStream, read, receiverOf, streamOfReceiver } from './ssf-caller.ts'
import { ssfPaths } from './ssf-paths.ts'
import { checkRepeated, describeStream, streamChangedBy, streamForm, streamFrom } from './ssf-stream-form.ts'

/** A receiver makes, reads, changes and removes its stream of security events (SSF 1.0 §8.1.1): one for each receiver. */
export function ssfStreams(parts: DoorParts) {
  const { storage, clock, config } = parts
  const path = ssfPaths.streams

  return async (app: FastifyInstance): Promise<void> => {
    app.post(path, async (request, reply) => {
      const { clientId } = await receiverOf(request, reply, 'ssf.manage', parts)
      const stream = streamFrom(read(streamForm, request.body), { id: randomUUID(), clientId }, parts)
      if ((await storage.addStream(stream, clock.now())) === 'exists')
        throw new OAuthError('conflict', 'this receiver has its stream already', 409)
      return reply.code(201).send(describeStream(stream, config))
    })

    app.get(path, async (request, reply) => {
      const client = await receiverOf(request, reply, 'ssf.read', parts)
      const { stream_id } = read(ofStream.partial(), request.query)
      if (stream_id !== undefined)
        return describeStream(await streamOfReceiver(client, stream_id, parts), config)
      const stream = await storage.streamOf(client.clientId)
      return stream === undefined ? [] : [describeStream(stream, config)]
    })

    app.patch(path, (request, reply) => change(request, reply, streamChangedBy))
    app.put(path, (request, reply) => change(request, reply, streamFrom))

    app.delete(path, async (request, reply) => {
      const client = await receiverOf(request, reply, 'ssf.manage', parts)
      const { stream_id } = read(ofStream, request.query)
      await streamOfReceiver(client, stream_id, parts)
      if (!(await storage.dropStream(stream_id))) throw gone()
      return reply.code(204).send()
    })
  }

  async function change(
    request: FastifyRequest,
    reply: FastifyReply,
    changed: typeof streamChangedBy
  ): Promise<object> {
    const client = await receiverOf(request, reply, 'ssf.manage', parts)
    const { stream_id } = read(ofStream, request.body)
    const stream = await streamOfReceiver(client, stream_id, parts)
    const form = read(streamForm, request.body)
    checkRepeated(form, stream, config)
    const next = changed(form, stream, parts)
    if (!(await storage.saveStream(next))) throw gone()
    return describeStream(next, config)
  }
}

const gone = (): UtgangError => new UtgangError('not_found', 'this receiver has no such stream')
