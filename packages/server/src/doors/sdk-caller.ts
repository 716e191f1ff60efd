import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Client } from '../clients/client.ts'
import { OAuthError } from '../errors.ts'
import { sdkCookie } from '../sessions/sdk-handle.ts'
import { sessionCookie } from '../sessions/session-cookie.ts'
import type { SessionKey } from '../storage/records.ts'
import { hashSecret } from '../storage/secrets.ts'
import { readCookie } from '../web/cookies.ts'
import { provenance } from '../web/fetch-metadata.ts'
import type { RateLimit } from '../web/throttle.ts'
import type { DoorParts } from './door.ts'

/**
 * Finds out for which client a page asks, and lets that client's own pages read the answer, credentials included;
 * an error too, so that they can tell what was wrong.
 * @throws OAuthError `unauthorized_client`: no client with `sdk`, or (403) not one of its origins
 */
export async function sdkCaller(
  request: FastifyRequest,
  reply: FastifyReply,
  clientId: string | undefined,
  { clients }: Pick<DoorParts, 'clients'>
): Promise<Client> {
  const client = clientId === undefined ? undefined : await clients.find(clientId)
  if (!client?.sdk) throw new OAuthError('unauthorized_client', 'client_id is not a client with sdk')
  reply.header('vary', 'Origin')
  const { origin } = provenance(request.headers)
  if (origin === undefined) return client
  if (!client.origins.has(origin))
    throw new OAuthError('unauthorized_client', `${origin} is not an origin of this client`, 403)
  reply
    .header('access-control-allow-origin', origin)
    .header('access-control-allow-credentials', 'true')
    .header('access-control-expose-headers', 'Retry-After, Utgang-Receipt')
  return client
}

/**
 * How this browser may name a session to a page's question: from the same site by the session's own cookie, which
 * signs people in and so says who is here; from elsewhere by the SDK's handle.
 */
export function sessionKeys(request: FastifyRequest): SessionKey[] {
  const { cookie } = request.headers
  const handle = readCookie(cookie, sdkCookie)
  const own = readCookie(cookie, sessionCookie)
  return [
    ...(own === undefined ? [] : [{ cookieHash: hashSecret(own) }]),
    ...(handle === undefined ? [] : [{ handleHash: hashSecret(handle) }])
  ]
}

/** Whether a cookie that names a session, or named one, came along; of a name that comes twice nobody knows. */
export function cameWithCookie(request: FastifyRequest): boolean {
  return sessionKeys(request).length > 0
}

/** Counts a request. @throws OAuthError `too_many_requests` (429) with the seconds to wait */
export async function countAgainst(limit: RateLimit, { ip }: FastifyRequest): Promise<void> {
  const retryAfterSeconds = await limit.take(ip)
  if (retryAfterSeconds === 0) return
  throw new OAuthError('too_many_requests', 'too many requests from this address', 429, { retryAfterSeconds })
}
