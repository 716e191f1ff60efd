import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { DoorParts } from './door.ts'
import { ofStream, read, receiverOf, streamOfReceiver } from './ssf-caller.ts'
import { ssfPaths } from './ssf-paths.ts'

const user = z.union([
  z.object({ format: z.literal('iss_sub'), iss: z.string().max(2000), sub: z.string().min(1).max(255) }),
  z.object({ format: z.literal('email'), email: z.string().min(3).max(320) })
])
const subjectForm = ofStream.extend({
  subject: z.union(
    [user, z.strictObject({ format: z.literal('complex').optional(), user })],
    'a user as iss_sub or email, alone or as the user of a complex subject'
  )
})

type User = z.infer<typeof user>

/**
 * A receiver leaves users out of its stream and takes them back (SSF 1.0 §8.1.3). A stream starts with every user it may
 * hear of. Nobody learns here who has an account: an unknown user is answered as a known one (§9.1).
 */
export function ssfSubjects(parts: DoorParts) {
  const { storage, config } = parts

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
    await streamOfReceiver(client, stream_id, parts)
    const sub = await subOf('user' in subject ? subject.user : subject)
    if (sub !== undefined) await storage.setStreamSubject(stream_id, sub, wanted)
  }

  async function subOf(named: User): Promise<string | undefined> {
    if (named.format === 'email') return (await storage.findUserByEmail(named.email))?.sub
    if (named.iss !== config.issuer) return undefined
    return (await storage.findUser(named.sub))?.sub
  }
}
