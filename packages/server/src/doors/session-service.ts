import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { OAuthError } from '../errors.ts'
import { provenance } from '../web/fetch-metadata.ts'
import { type Parameters, queryOf } from '../web/parameters.ts'
import type { DoorParts } from './door.ts'
import { platformSession, platformUserId } from './platform-session.ts'
import { cameWithCookie, countAgainst, sdkCaller } from './sdk-caller.ts'
import { connectedSession } from './sdk-session.ts'

/**
 * `/v2/session` and `/session`: what Schibsted's browser SDK (account-sdk-browser) asks its session service for, from
 * the pages of a client with `sdk`. 200 with the session of a connected client; 404 where a cookie came that names no
 * live session; 400 where none came. A client that is not connected hears what it would hear of a browser without
 * cookies. Of anything but 200 that SDK reads the status alone. Asking is no activity.
 */
export function sessionService(parts: DoorParts) {
  return async (app: FastifyInstance): Promise<void> => {
    for (const path of ['/v2/session', '/session'])
      app.get(path, { config: { quiet: true } }, (request, reply) => check(request, reply, parts))
  }
}

async function check(request: FastifyRequest, reply: FastifyReply, parts: DoorParts): Promise<FastifyReply> {
  const client = await sdkCaller(request, reply, clientIdOf(queryOf(request)), parts)
  // An image or a script on some page: it could not read the answer, and must not make anybody an RP either.
  if (provenance(request.headers).origin === undefined)
    throw new OAuthError('unauthorized_client', 'pages ask by a CORS request', 403)
  const session = await connectedSession(request, client, parts)
  if (typeof session === 'object') {
    const { sub } = session
    return reply.send(
      platformSession(session, client, parts, {
        pairId: parts.sdkNames.uuidOf(sub, client.clientId),
        sdrn: `sdrn:${new URL(parts.config.issuer).hostname}:user:${platformUserId(sub)}`
      })
    )
  }
  await countAgainst(parts.limits.sdkMisses, request)
  throw session === 'none' && cameWithCookie(request)
    ? new OAuthError('login_required', 'nobody is signed in', 404)
    : new OAuthError('login_required', 'no session cookie came', 400)
}

/**
 * The client of `client_sdrn` (its last segment: what stands before differs by environment) or of `client_id`.
 * @throws OAuthError `invalid_request` where both are given and differ
 */
function clientIdOf({ client_sdrn, client_id }: Parameters): string | undefined {
  const named = client_sdrn?.split(':').at(-1)
  if (named && client_id && named !== client_id)
    throw new OAuthError('invalid_request', 'client_sdrn and client_id name different clients')
  return named || client_id
}
