import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { OAuthError } from '../errors.ts'
import type { DoorParts } from './door.ts'
import { ofStream, read, receiverOf, streamOfReceiver } from './ssf-caller.ts'
import { minVerificationSeconds, ssfPaths } from './ssf-paths.ts'

const verificationForm = ofStream.extend({ state: z.string().max(1000).nullish() })

/** A receiver asks for a sign of life on its stream, and gets its own `state` back in it (SSF 1.0 §8.1.4). */
export function ssfVerification(parts: DoorParts) {
  const { storage, clock } = parts

  return async (app: FastifyInstance): Promise<void> => {
    app.post(ssfPaths.verification, async (request, reply) => {
      const client = await receiverOf(request, reply, 'ssf.manage', parts)
      const { stream_id, state } = read(verificationForm, request.body)
      await streamOfReceiver(client, stream_id, parts)
      const outcome = await storage.queueVerification(
        stream_id,
        state ?? undefined,
        minVerificationSeconds,
        clock.now()
      )
      if (!outcome.queued) {
        const { retryAfterSeconds } = outcome
        throw new OAuthError('too_many_requests', 'asked again too soon', 429, { retryAfterSeconds })
      }
      parts.events.tell()
      return reply.code(204).send()
    })
  }
}
