import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Client } from '../clients/client.ts'
import { OAuthError } from '../errors.ts'
import { isConnected } from '../sessions/find-session.ts'
import { sidFor } from '../sessions/sid.ts'
import type { SessionGlance } from '../storage/records.ts'
import { hashSecret } from '../storage/secrets.ts'
import { provenance } from '../web/fetch-metadata.ts'
import { queryOf } from '../web/parameters.ts'
import { renewState } from '../web/state-cookie.ts'
import type { DoorParts } from './door.ts'
import { logoutRecords } from './logout-records.ts'
import { cameWithCookie, countAgainst, sdkCaller, sessionKeys } from './sdk-caller.ts'

/** How long a page may go by an answer, in seconds: somebody is signed in, or nobody is as far as is known. */
const cacheSeconds = { signedIn: 60, signedOut: 10 }

/**
 * Who is signed in in this browser, for pages of a client with `sdk`, from its own origins. `connected` with the user
 * for a connected client; `notConnected` only where that is known (a cookie came, or the caller is same-site, so that
 * one would have come; or the logout that a page left for was done); otherwise `unknown`. Asking is no activity.
 */
export function sdkSession(parts: DoorParts) {
  return async (app: FastifyInstance): Promise<void> => {
    app.get('/sdk/session', { config: { quiet: true } }, (request, reply) => check(request, reply, parts))
  }
}

async function check(request: FastifyRequest, reply: FastifyReply, parts: DoorParts): Promise<FastifyReply> {
  const { client_id, ticket } = queryOf(request)
  const client = await sdkCaller(request, reply, client_id, parts)
  if (isForeignSubresource(request)) {
    // An image or a script on some page: it could not read the answer, and must not make anybody an RP either.
    throw new OAuthError('unauthorized_client', 'pages ask by a CORS request', 403)
  }
  const session = await connectedSession(request, client, parts)
  const now = parts.clock.now()
  if (typeof session === 'object') {
    return reply.send({
      status: 'connected',
      user_id: session.sub,
      display_name: session.name,
      uuid: parts.sdkNames.uuidOf(session.sub, client.clientId),
      sid: sidFor(session.uid, client.clientId),
      expires_at: session.expiresAt,
      cache_seconds: Math.min(cacheSeconds.signedIn, session.expiresAt - now),
      server_time: now
    })
  }
  await countAgainst(parts.limits.sdkMisses, request)
  // Its session ended elsewhere, and this is the first that the browser hears of it.
  if (session === 'none' && cameWithCookie(request)) renewState(request, reply, parts)
  const left = ticket === undefined ? undefined : await logoutRecords(parts).findReturn(hashSecret(ticket))
  const answer = { cache_seconds: cacheSeconds.signedOut, server_time: now }
  if (left?.clientId === client.clientId)
    return reply.send({ status: 'notConnected', ended: { receipt: left.receiptId }, ...answer })
  const status = isKnownSignedOut(request, session) ? 'notConnected' : 'unknown'
  return reply.send({ status, ...answer })
}

/** What a page's question found: a live session that its client is connected to, one that is none of its business, or none. */
type FoundSession = SessionGlance | 'not_connected' | 'none'

/**
 * The live session of this browser, for a client that is connected to it. From the first time on the client is an RP
 * of it, so that it is told of its end.
 */
export async function connectedSession(
  request: FastifyRequest,
  client: Client,
  { storage, clock }: DoorParts
): Promise<FoundSession> {
  const now = clock.now()
  for (const key of sessionKeys(request)) {
    const session = await storage.glanceAtSession(key, client.clientId, now)
    if (!session) continue
    if (session.joined) return session
    if (!(await isConnected(storage, client, session))) return 'not_connected'
    const rp = {
      sessionUid: session.uid,
      clientId: client.clientId,
      sid: sidFor(session.uid, client.clientId)
    }
    return (await storage.joinSession(rp, now)) === 'ended' ? 'none' : session
  }
  return 'none'
}

/**
 * Whether it is known that nobody is signed in: a cookie came (a dead handle or the signed-out mark), or the page is of
 * this server's own site, so that one would have come. A client hears of a session that it is not connected to what it
 * would hear of none.
 */
function isKnownSignedOut(request: FastifyRequest, found: FoundSession): boolean {
  const { site } = provenance(request.headers)
  return site === 'same-origin' || site === 'same-site' || (found === 'none' && cameWithCookie(request))
}

function isForeignSubresource({ headers }: FastifyRequest): boolean {
  const { site, origin } = provenance(headers)
  const mode = headers['sec-fetch-mode']
  return (
    origin === undefined &&
    (site === 'cross-site' || site === 'same-site') &&
    mode !== undefined &&
    mode !== 'cors'
  )
}
