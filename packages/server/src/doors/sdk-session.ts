import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Client } from '../clients/client.ts'
import { OAuthError } from '../errors.ts'
import { isConnected } from '../sessions/find-session.ts'
import { sessionCookie } from '../sessions/session-cookie.ts'
import { sidFor } from '../sessions/sid.ts'
import type { Session } from '../storage/records.ts'
import { readCookie } from '../web/cookies.ts'
import { type Provenance, provenance } from '../web/fetch-metadata.ts'
import { queryOf } from '../web/parameters.ts'
import { type DoorParts, sessionOf } from './door.ts'

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
  } else if (from.site === 'cross-site' || from.site === 'same-site') {
    // An image or a script on some page: it could not read the answer, and must not make anybody an RP either.
    throw new OAuthError('unauthorized_client', 'pages ask by a CORS request', 403)
  }
  const session = await sessionOf(parts, request)
  if (session && (await isConnected(parts.storage, client, session)))
    return sendConnected(reply, client, session, parts)
  return reply.send({
    status: isKnownToBeOut(request, from) ? 'notConnected' : 'unknown',
    server_time: parts.clock.now()
  })
}

async function sendConnected(
  reply: FastifyReply,
  client: Client,
  session: Session,
  parts: DoorParts
): Promise<FastifyReply> {
  const { storage, clock } = parts
  const sid = sidFor(session.uid, client.clientId)
  const now = clock.now()
  // From the first such answer on this client is an RP of the session, so that it is told of its end.
  if (!(await storage.isJoined(session.uid, client.clientId))) {
    const joined = await storage.joinSession({ sessionUid: session.uid, clientId: client.clientId, sid }, now)
    if (joined === 'ended') return reply.send({ status: 'notConnected', server_time: now })
  }
  const user = await storage.findUser(session.sub)
  return reply.send({
    status: 'connected',
    user_id: session.sub,
    display_name: user?.name,
    sid,
    expires_at: session.expiresAt,
    server_time: now
  })
}

function isKnownToBeOut(request: FastifyRequest, { site }: Provenance): boolean {
  return (
    site === 'same-origin' ||
    site === 'same-site' ||
    readCookie(request.headers.cookie, sessionCookie) !== undefined
  )
}
