import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Client } from '../clients/client.ts'
import { OAuthError } from '../errors.ts'
import { readHint } from '../tokens/id-token-hint.ts'
import { askedBy } from '../web/asking.ts'
import type { Parameters } from '../web/parameters.ts'
import { mustBeConfidential, onlyPost, readClientForm } from './client-form.ts'
import type { DoorParts } from './door.ts'

const endpoint = '/oauth/end_session'

/**
 * An application's backend ends an OP session, server to server: client authentication, and an `id_token_hint` of its
 * own or the `sid` by which it knows the session. For clients with `may_end_sessions`.
 */
export function endSession(parts: DoorParts) {
  return async (app: FastifyInstance): Promise<void> => {
    app.get(endpoint, (_request, reply) => onlyPost(reply))
    app.post(endpoint, (request, reply) => end(request, reply, parts))
  }
}

async function end(request: FastifyRequest, reply: FastifyReply, parts: DoorParts): Promise<FastifyReply> {
  const { client, form } = await readClientForm(request, endpoint, parts)
  mustBeConfidential(client)
  if (!client.mayEndSessions)
    throw new OAuthError('unauthorized_client', 'this client may not end sessions', 403)
  const sid = await sidOf(form, client, parts)
  const session = await parts.storage.findSessionBySid(client.clientId, sid, parts.clock.now())
  if (!session) throw new OAuthError('unknown_session', 'no session of this client has this sid', 404)
  const { receiptId } = await parts.heart.end({
    name: 'end_session_api',
    sessionUid: session.uid,
    sub: session.sub,
    clientId: client.clientId,
    by: askedBy(request)
  })
  if (receiptId !== null) reply.header('utgang-receipt', receiptId)
  return reply.send({ ended: true, receipt: receiptId })
}

async function sidOf(form: Parameters, client: Client, parts: DoorParts): Promise<string> {
  const { sid, id_token_hint } = form
  if (id_token_hint === undefined) {
    if (!sid) throw new OAuthError('invalid_request', 'id_token_hint or sid is needed')
    return sid
  }
  const hint = await readHint(id_token_hint, parts.keys(), parts.config.issuer)
  if (!hint?.sid)
    throw new OAuthError('invalid_request', 'id_token_hint is not an ID Token of this server with a sid')
  if (hint.clientId !== client.clientId)
    throw new OAuthError('invalid_request', 'id_token_hint was issued to another client')
  if (sid && sid !== hint.sid)
    throw new OAuthError('invalid_request', 'sid and id_token_hint are of different sessions')
  return hint.sid
}
