import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { routes } from '../oidc/paths.ts'
import { findRevocable } from '../tokens/presented-token.ts'
import { askedBy } from '../web/asking.ts'
import { allowClientOrigin, preflight } from '../web/cors.ts'
import { onlyPost, readClientForm, required } from './client-form.ts'
import type { DoorParts } from './door.ts'

const endpoint = routes.revocation

/**
 * Token revocation (RFC 7009): a refresh token with its grant, an access token alone. A client revokes its own tokens
 * only; for every other token, and for none at all, the answer is the same and nothing happens.
 */
export function revocation(parts: DoorParts) {
  return async (app: FastifyInstance): Promise<void> => {
    app.get(endpoint, (_request, reply) => onlyPost(reply))
    app.options(endpoint, (request, reply) => preflight(request, reply, 'POST'))
    app.post(endpoint, (request, reply) => revoke(request, reply, parts))
  }
}

async function revoke(request: FastifyRequest, reply: FastifyReply, parts: DoorParts): Promise<FastifyReply> {
  const { client, form } = await readClientForm(request, endpoint, parts)
  allowClientOrigin(request, reply, client)
  // The hint is only a hint (RFC 7009 §2.1): one look finds a token of any type.
  const token = await findRevocable(parts.storage, required(form, 'token'), parts.clock.now())
  if (token?.clientId === client.clientId) {
    const { receiptId } = await parts.heart.end({
      name: 'revocation',
      presented: token,
      sub: token.sub ?? undefined,
      clientId: client.clientId,
      by: askedBy(request)
    })
    parts.log.debug({ requestId: request.id, receiptId }, 'revoked')
  }
  return reply.code(200).send()
}
