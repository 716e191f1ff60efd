import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { assertionType, clientByAssertion } from '../clients/assertion.ts'
import { authenticateClient } from '../clients/authenticate.ts'
import type { Client } from '../clients/client.ts'
import { globalRevocationScope } from '../config/client-schema.ts'
import { OAuthError } from '../errors.ts'
import { globalRevocationPath as endpoint } from '../oidc/paths.ts'
import type { User } from '../storage/records.ts'
import { findAccessToken } from '../tokens/presented-token.ts'
import { findSubject } from '../users/subject-identifier.ts'
import { askedBy, bearerOf } from '../web/asking.ts'
import { onlyPost } from './client-form.ts'
import type { DoorParts } from './door.ts'

const bodyForm = z.strictObject({ sub_id: z.looseObject({ format: z.string() }) })

/**
 * Global Token Revocation (draft -05): a trusted party names a user, and all that was given to or for that user ends, in
 * every session and at every application, offline too. For clients with `may_revoke_globally`.
 */
export function globalTokenRevocation(parts: DoorParts) {
  return async (app: FastifyInstance): Promise<void> => {
    app.get(endpoint, (_request, reply) => onlyPost(reply))
    app.post(endpoint, (request, reply) => revoke(request, reply, parts))
  }
}

async function revoke(request: FastifyRequest, reply: FastifyReply, parts: DoorParts): Promise<FastifyReply> {
  const client = await callerOf(request, reply, parts)
  if (client.mayRevokeGlobally === false)
    throw new OAuthError('access_denied', 'this client may not revoke globally', 403)
  const { sub_id } = readBody(request)
  const user = await reachable(client, sub_id, parts)
  const { receiptId } = await parts.heart.end({
    name: 'global_token_revocation',
    sub: user.sub,
    clientId: client.clientId,
    by: askedBy(request),
    detail: { format: sub_id.format }
  })
  if (receiptId !== null) reply.header('utgang-receipt', receiptId)
  return reply.code(204).send()
}

/**
 * The client that asks: by a server token with the one scope that is for this, by a signed assertion as the bearer, or by
 * its secret.
 * @throws OAuthError `invalid_token` and `invalid_client` 401, `insufficient_scope` 403
 */
async function callerOf(request: FastifyRequest, reply: FastifyReply, parts: DoorParts): Promise<Client> {
  const bearer = bearerOf(request)
  if (bearer === undefined) return authenticateClient(request, {}, endpoint, parts.authentication)
  const token = await findAccessToken(parts.storage, bearer, parts.clock.now())
  if (!token && isAssertion(bearer)) {
    const form = { client_assertion: bearer, client_assertion_type: assertionType }
    return clientByAssertion(form, endpoint, parts.authentication)
  }
  const challenge = (error: string) => reply.header('www-authenticate', `Bearer realm="utgang", ${error}`)
  if (!token) {
    challenge('error="invalid_token"')
    throw new OAuthError('invalid_token', 'the token is unknown, expired, revoked, or for another API', 401)
  }
  const client = token.clientId === null ? undefined : await parts.clients.find(token.clientId)
  const isScoped = token.scope?.split(' ').includes(globalRevocationScope) === true
  if (!client || token.kind !== 'ClientCredentials' || !isScoped) {
    challenge(`error="insufficient_scope", scope="${globalRevocationScope}"`)
    throw new OAuthError(
      'insufficient_scope',
      `a token of the client itself with the scope ${globalRevocationScope} is needed`,
      403
    )
  }
  return client
}

/** Whether a bearer value looks like an assertion that a client made about itself (RFC 7523 §3). */
function isAssertion(value: string): boolean {
  try {
    const claims = JSON.parse(Buffer.from(value.split('.')[1] ?? '', 'base64url').toString('utf8'))
    return typeof claims.iss === 'string' && claims.iss === claims.sub
  } catch {
    return false
  }
}

function readBody(request: FastifyRequest): z.infer<typeof bodyForm> {
  const type = request.headers['content-type'] ?? ''
  const body = /^application\/json *(;|$)/i.test(type) ? bodyForm.safeParse(request.body) : undefined
  if (!body?.success)
    throw new OAuthError('invalid_request', 'the body has to be JSON with sub_id, and nothing else')
  return body.data
}

/** @throws OAuthError `unknown_user` 404, `ambiguous_subject` 422, 429 after too many that name nobody */
async function reachable(client: Client, subject: object, parts: DoorParts): Promise<User> {
  const { subjectGuesses } = parts.limits
  const retryAfterSeconds = await subjectGuesses.look(client.clientId)
  if (retryAfterSeconds > 0)
    throw new OAuthError('too_many_requests', 'too many unknown users', 429, { retryAfterSeconds })
  const { storage, config } = parts
  const named = await findSubject(storage, config.issuer, subject, user => mayReach(client, user, parts))
  // Nobody's everything can be ended where the identifiers are of several.
  if (named === 'several')
    throw new OAuthError('ambiguous_subject', 'the identifiers are of different users', 422)
  if (named === 'nobody') {
    await subjectGuesses.take(client.clientId)
    throw new OAuthError('unknown_user', 'no such user', 404)
  }
  return named
}

/** A client that reaches its own users alone cannot tell others from such as never were. */
async function mayReach(
  { clientId, mayRevokeGlobally }: Client,
  { sub, status }: User,
  { storage }: DoorParts
): Promise<boolean> {
  return status !== 'deleted' && (mayRevokeGlobally === true || (await storage.hasSignedInTo(sub, clientId)))
}
