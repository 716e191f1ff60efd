import type { FastifyReply, FastifyRequest } from 'fastify'
import { authenticateClient } from '../clients/authenticate.ts'
import type { Client } from '../clients/client.ts'
import { OAuthError, UtgangError } from '../errors.ts'
import { formOf, type Parameters } from '../web/parameters.ts'
import type { DoorParts } from './door.ts'

/** A form that a client sent to one of our endpoints, and which client it was. */
export interface ClientForm {
  client: Client
  form: Parameters
}

/**
 * Reads a form and finds out which client sent it.
 * @throws OAuthError `invalid_request`, `invalid_client`
 */
export async function readClientForm(
  request: FastifyRequest,
  endpoint: string,
  parts: DoorParts
): Promise<ClientForm> {
  requireForm(request)
  const form = fieldsOf(request)
  const client = await authenticateClient(request, form, endpoint, parts.authentication)
  return { client, form }
}

/** OAuth's endpoints take forms and nothing else (RFC 7009 §2.1, RFC 7662 §2.1). */
function requireForm(request: FastifyRequest): void {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== undefined && type !== 'application/x-www-form-urlencoded')
    throw new OAuthError('invalid_request', 'the body has to be application/x-www-form-urlencoded')
}

function fieldsOf(request: FastifyRequest): Parameters {
  try {
    return formOf(request)
  } catch (error) {
    if (error instanceof UtgangError) throw new OAuthError('invalid_request', error.message)
    throw error
  }
}

/** @throws OAuthError `invalid_client` for a client that keeps no secret: it has not proved that it is itself. */
export function mustBeConfidential(client: Client): void {
  if (!client.confidential)
    throw new OAuthError('invalid_client', 'this endpoint needs client authentication', 401)
}

/** A required field. @throws OAuthError `invalid_request` */
export function required(form: Parameters, name: string): string {
  const value = form[name]
  if (!value) throw new OAuthError('invalid_request', `missing required parameter ${name}`)
  return value
}

/** Answers 405 for the other methods of a path that takes only POST. */
export function onlyPost(reply: FastifyReply): FastifyReply {
  return reply
    .code(405)
    .header('allow', 'POST')
    .send({ error: 'invalid_request', error_description: 'use POST' })
}
