import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { OAuthError } from '../errors.ts'
import { findSubject } from '../users/subject-identifier.ts'
import type { DoorParts } from './door.ts'
import { ofStream, read, receiverOf, streamOfReceiver } from './ssf-caller.ts'
import { ssfPaths } from './ssf-paths.ts'

/** The members of each format are checked where its user is looked for. */
const user = z.looseObject({ format: z.enum(['iss_sub', 'email']) })
const subjectForm = ofStream.extend({
  subject: z.union(
    [user, z.strictObject({ format: z.literal('complex').optional(), user })],
    'a user as iss_sub or email, alone or as the user of a complex subject'
  )
})

/**
 * A receiver leaves users out of its stream and takes them back (SSF 1.0 §8.1.3). A stream starts with every user it may
 * hear of. Nobody learns here who has an account: an unknown user is answered, counted and committed as a known one
 * (§9.1).
 */
export function ssfSubjects(parts: DoorParts) {
  const { storage, config, limits } = parts

  return async (app: FastifyInstance): Promise<void> => {
    app.post(ssfPaths.addSubject, async (request, reply) => {
      await set(request, reply, true)
      return reply.code(200).send()
    })
    app.post(ssfPaths.removeSubject, async (request, reply) => {
      await set(request, reply, false)
      return reply.code(204).send()
    })
  }

  async function set(request: FastifyRequest, reply: FastifyReply, wanted: boolean): Promise<void> {
    const client = await receiverOf(request, reply, 'ssf.manage', parts)
    const { stream_id, subject } = read(subjectForm, request.body)
    const retryAfterSeconds = await limits.streamSubjects.take(client.clientId)
    if (retryAfterSeconds > 0)
      throw new OAuthError('too_many_requests', 'too many users at once', 429, { retryAfterSeconds })
    await streamOfReceiver(client, stream_id, parts)
    const named = await findSubject(storage, config.issuer, 'user' in subject ? subject.user : subject)
    await storage.setStreamSubject(stream_id, typeof named === 'string' ? undefined : named.sub, wanted)
  }
}
