import type { FastifyReply, FastifyRequest } from 'fastify'
import { errorTable } from '../errors.ts'
import type { Token } from '../storage/records.ts'
import { findAccessToken } from '../tokens/presented-token.ts'
import { bearerOf } from '../web/asking.ts'
import { formOf, queryOf } from '../web/parameters.ts'
import type { DoorParts } from './door.ts'

/** Sends data in SPiD's container (`SPP Container`, version 0.2). */
export function sendContainer(request: FastifyRequest, reply: FastifyReply, data: unknown): FastifyReply {
  return reply.send(container(request, 200, data, null))
}

/** Sends an error in SPiD's container; the status is the code. */
export function sendContainerError(
  request: FastifyRequest,
  reply: FastifyReply,
  code: number,
  description: string
): FastifyReply {
  return reply.code(code).send(container(request, code, null, { code, type: 'ApiException', description }))
}

function container(request: FastifyRequest, code: number, data: unknown, error: unknown): object {
  return {
    name: 'SPP Container',
    version: '0.2',
    api: 2,
    object: objectOf(request),
    type: typeof data === 'string' ? 'string' : 'element',
    code,
    request: { reset: 0, limit: 0, remaining: 0 },
    debug: {
      route: {
        name: objectOf(request),
        url: request.routeOptions.url,
        controller: `Api/2/${objectOf(request)}`
      },
      params: {}
    },
    meta: null,
    error,
    data
  }
}

function objectOf(request: FastifyRequest): string {
  return request.url.startsWith('/api/2/logout') ? 'Logout' : 'User'
}

/** Sends the 401 of a missing, dead or foreign token in SPiD's OAuth error shape (no `status`: it would wake a broken refresh in one of its clients). */
export function sendInvalidToken(
  reply: FastifyReply,
  description: string = errorTable.invalid_token.meaning
): FastifyReply {
  return reply
    .code(401)
    .header('www-authenticate', 'Bearer realm="utgang", error="invalid_token"')
    .send({ error: 'invalid_token', error_code: 401, type: 'OAuthException', error_description: description })
}

/**
 * The live access token of an API request: `Authorization: Bearer`, or `oauth_token` in the query or the form.
 * `undefined` when there is none, a dead one, one for another API, or two that differ.
 */
export async function tokenOf(request: FastifyRequest, parts: DoorParts): Promise<Token | undefined> {
  // An empty parameter is none, as everywhere in OAuth (RFC 6749 §3.2).
  const given = [bearerOf(request), queryOf(request).oauth_token, formOf(request).oauth_token].filter(Boolean)
  const [value, other] = new Set(given)
  if (value === undefined || other !== undefined) return undefined
  return findAccessToken(parts.storage, value, parts.clock.now())
}
