import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Client } from '../clients/client.ts'
import { OAuthError } from '../errors.ts'
import { routes } from '../oidc/paths.ts'
import type { Token } from '../storage/records.ts'
import { hashSecret } from '../storage/secrets.ts'
import { audienceOf, describeToken, inactive } from '../tokens/introspection.ts'
import { mustBeConfidential, onlyPost, readClientForm, required } from './client-form.ts'
import type { DoorParts } from './door.ts'

const endpoint = routes.introspection

/**
 * Token introspection (RFC 7662), on our own storage: a token is active exactly while its row, its grant and, where
 * it is bound, its session are. A caller sees its own tokens and those meant for it; all else is one and the same answer.
 */
export function introspection(parts: DoorParts) {
  return async (app: FastifyInstance): Promise<void> => {
    app.get(endpoint, (_request, reply) => onlyPost(reply))
    app.post(endpoint, { config: { quiet: true } }, (request, reply) => introspect(request, reply, parts))
  }
}

async function introspect(
  request: FastifyRequest,
  reply: FastifyReply,
  parts: DoorParts
): Promise<FastifyReply> {
  const { client, form } = await readClientForm(request, endpoint, parts)
  mustBeConfidential(client)
  if (!client.introspects)
    throw new OAuthError('unauthorized_client', 'this client may not introspect tokens', 403)
  const hash = hashSecret(required(form, 'token'))
  const token = await parts.storage.findToken(hash, parts.clock.now())
  if (!token || !isFor(client, token, parts.config)) {
    // A token that has ended is asked about for a while, and by no guess: only what never was counts as one.
    if (!token && !(await parts.storage.findTokenRow(hash))) await countGuess(client, parts)
    return reply.send(inactive)
  }
  return reply.send(describeToken(token, parts.config.issuer, usernameOf(token)))
}

/**
 * Too many unknown tokens are answered no more. A known one always is: whoever sends rubbish to an API, which asks here, must
 * not keep it from serving others.
 */
async function countGuess({ clientId }: Client, { limits: { tokenGuesses } }: DoorParts): Promise<void> {
  const retryAfterSeconds = await tokenGuesses.take(clientId)
  if (retryAfterSeconds > 0)
    throw new OAuthError('too_many_requests', 'too many unknown tokens', 429, { retryAfterSeconds })
}

function isFor({ clientId }: Client, token: Token, { resources }: DoorParts['config']): boolean {
  if (token.kind !== 'AccessToken' && token.kind !== 'RefreshToken' && token.kind !== 'ClientCredentials')
    return false
  if (token.clientId === clientId) return true
  const audience = audienceOf(token) ?? []
  return (
    audience.includes(clientId) ||
    resources.some(it => audience.includes(it.resource) && it.introspected_by.includes(clientId))
  )
}

/** The address of the user, for those alone to whom it was granted. */
function usernameOf({ userEmail, scope }: Token): string | undefined {
  return userEmail !== null && scope?.split(' ').includes('email') ? userEmail : undefined
}
