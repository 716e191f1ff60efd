import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Client } from '../clients/client.ts'
import { OAuthError } from '../errors.ts'
import { isConnected } from '../sessions/find-session.ts'
import { sessionCookie } from '../sessions/session-cookie.ts'
import { sidFor } from '../sessions/sid.ts'
import type { SessionGlance } from '../storage/records.ts'
import { hashSecret } from '../storage/secrets.ts'
import { readCookie } from '../web/cookies.ts'
import { type Provenance, provenance } from '../web/fetch-metadata.ts'
import { queryOf } from '../web/parameters.ts'
import type { DoorParts } from './door.ts'

/**
 * Who is signed in in this browser, for pages of a client with `sdk`, from its own origins. `connected` with the user
 * for a connected client; `notConnected` only where that is known (a cookie came, or the caller is same-site, so that
 * one would have come); otherwise `unknown`. Asking is no activity.
 */
export function sdkSession(parts: DoorParts) {
  return async (app: FastifyInstance): Promise<void> => {
    app.get('/sdk/session', { config: { quiet: true } }, (request, reply) => check(request, reply, parts))
  }
}

async function check(request: FastifyRequest, reply: FastifyReply, parts: DoorParts): Promise<FastifyReply> {
  const { client_id } = queryOf(request)
  const client = client_id === undefined ? undefined : await parts.clients.find(client_id)
  const from = provenance(request.headers)
  if (!client?.sdk) throw new OAuthError('unauthorized_client', 'client_id is not a client with sdk')
  reply.header('vary', 'Origin')
  if (from.origin !== undefined) {
    if (!client.origins.has(from.origin))
      throw new OAuthError('unauthorized_client', `${from.origin} is not an origin of this client`, 403)
    reply
      .header('access-control-allow-origin', from.origin)
      .header('access-control-allow-credentials', 'true')
  } else if (isForeignSubresource(request, from)) {
    // An image or a script on some page: it could not read the answer, and must not make anybody an RP either.
    throw new OAuthError('unauthorized_client', 'pages ask by a CORS request', 403)
  }
  const now = parts.clock.now()
  const cookie = readCookie(request.headers.cookie, sessionCookie)
  const session = cookie && (await parts.storage.glanceAtSession(hashSecret(cookie), client.clientId, now))
  if (session && (session.joined || (await isConnected(parts.storage, client, session))))
    return sendConnected(reply, client, session, parts)
  // A session that this client is not connected to is none of its business: it hears what it would hear without one.
  const isOut = from.site === 'same-origin' || from.site === 'same-site' || (cookie && !session)
  return reply.send({ status: isOut ? 'notConnected' : 'unknown', server_time: now })
}

async function sendConnected(
  reply: FastifyReply,
  client: Client,
  session: SessionGlance,
  { storage, clock }: DoorParts
): Promise<FastifyReply> {
  const sid = sidFor(session.uid, client.clientId)
  const now = clock.now()
  // From the first such answer on this client is an RP of the session, so that it is told of its end.
  if (!session.joined) {
    const joined = await storage.joinSession({ sessionUid: session.uid, clientId: client.clientId, sid }, now)
    if (joined === 'ended') return reply.send({ status: 'notConnected', server_time: now })
  }
  return reply.send({
    status: 'connected',
    user_id: session.sub,
    display_name: session.name,
    sid,
    expires_at: session.expiresAt,
    server_time: now
  })
}

function isForeignSubresource({ headers }: FastifyRequest, { site }: Provenance): boolean {
  const mode = headers['sec-fetch-mode']
  return (site === 'cross-site' || site === 'same-site') && mode !== undefined && mode !== 'cors'
}
