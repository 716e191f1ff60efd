import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { authenticateClient } from '../clients/authenticate.ts'
import { UtgangError } from '../errors.ts'
import { receiptCounts, receiptForBrowser, receiptForClient } from '../logout/receipt.ts'
import { formOf, type Parameters, queryOf } from '../web/parameters.ts'
import { mustBeConfidential, readClientForm } from './client-form.ts'
import type { DoorParts } from './door.ts'

const path = '/logout/receipts'

/**
 * What became of a logout. An application, authenticated, sees its own delivery and counts of the others; the browser
 * that logged out sees the names; whoever knows only the id sees counts. An application may also POST: a client that
 * signs assertions has no other way to say who it is.
 */
export function receipts(parts: DoorParts) {
  const { storage } = parts

  return async (app: FastifyInstance): Promise<void> => {
    app.get<{ Params: { id: string } }>(`${path}/:id`, async (request, reply) => {
      const { id } = request.params
      const { after } = queryOf(request)
      if (request.headers.authorization !== undefined)
        return send(reply, await receiptForClient(storage, id, await caller(request), after))
      const isOwn = parts.receiptCookie.read(request) === id
      const named = isOwn ? await receiptForBrowser(storage, id, after) : undefined
      return send(reply, named ?? (await receiptCounts(storage, id)))
    })
    app.post<{ Params: { id: string } }>(`${path}/:id`, async (request, reply) =>
      send(
        reply,
        await receiptForClient(storage, request.params.id, await posting(request), formOf(request).after)
      )
    )

    // After a redirect the application has no id: nothing is appended to its address. It asks by the sid it knows.
    app.get(path, async (request, reply) => bySid(reply, await caller(request), queryOf(request)))
    app.post(path, async (request, reply) => bySid(reply, await posting(request), formOf(request)))
  }

  async function caller(request: FastifyRequest): Promise<string> {
    const client = await authenticateClient(request, {}, path, parts.authentication)
    mustBeConfidential(client)
    return client.clientId
  }

  async function posting(request: FastifyRequest): Promise<string> {
    const { client } = await readClientForm(request, path, parts)
    mustBeConfidential(client)
    return client.clientId
  }

  async function bySid(
    reply: FastifyReply,
    clientId: string,
    { sid, after }: Parameters
  ): Promise<FastifyReply> {
    if (!sid) throw new UtgangError('invalid_request', 'sid is needed')
    const session = await storage.findSessionBySid(clientId, sid, parts.clock.now())
    if (!session?.endedBy) throw new UtgangError('not_found', 'no ended session of this client has this sid')
    return send(reply, await receiptForClient(storage, session.endedBy, clientId, after))
  }
}

function send(reply: FastifyReply, receipt: object | undefined): FastifyReply {
  if (!receipt) throw new UtgangError('not_found', 'no such receipt')
  return reply.send(receipt)
}
