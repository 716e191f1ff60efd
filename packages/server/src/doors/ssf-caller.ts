import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Client } from '../clients/client.ts'
import { OAuthError, UtgangError } from '../errors.ts'
import type { Stream } from '../storage/stream-store.ts'
import { findAccessToken } from '../tokens/presented-token.ts'
import { bearerOf } from '../web/asking.ts'
import type { DoorParts } from './door.ts'

/** Longest that a token may be used here, in seconds (CAEP Interoperability Profile 1.0 §2.7.3). */
const longestTokenSeconds = 3600

/** What a request does: look, or change something. */
type Doing = 'ssf.read' | 'ssf.manage'

/**
 * The receiver that asks: a client with the power to receive events, by a server token of its own with the scope for what
 * it does; who may change may look (CAEP Interoperability Profile 1.0 §2.7).
 * @throws OAuthError `invalid_token` 401, `insufficient_scope` and `access_denied` 403
 */
export async function receiverOf(
  request: FastifyRequest,
  reply: FastifyReply,
  doing: Doing,
  { storage, clients, clock }: DoorParts
): Promise<Client> {
  const value = bearerOf(request)
  const now = clock.now()
  const token = value === undefined ? undefined : await findAccessToken(storage, value, now)
  const good = token?.kind === 'ClientCredentials' && now - token.createdAt <= longestTokenSeconds
  const client = good && token.clientId !== null ? await clients.find(token.clientId) : undefined
  if (!good || !client) {
    // No word about an error where nothing was presented (RFC 6750 §3.1).
    reply.header(
      'www-authenticate',
      `Bearer realm="utgang"${value === undefined ? '' : ', error="invalid_token"'}`
    )
    throw new OAuthError('invalid_token', 'a live access token of the receiver itself is needed', 401)
  }
  const scopes = (token.scope ?? '').split(' ')
  if (!scopes.includes(doing) && !scopes.includes('ssf.manage')) {
    reply.header('www-authenticate', `Bearer realm="utgang", error="insufficient_scope", scope="${doing}"`)
    throw new OAuthError('insufficient_scope', `the token lacks the scope ${doing}`, 403)
  }
  if (client.mayReceiveEvents === false)
    throw new OAuthError('access_denied', 'this client may not receive events', 403)
  return client
}

/**
 * The receiver's own stream with this id. Others’ are no stream at all.
 * @throws UtgangError `not_found`
 */
export async function streamOfReceiver(client: Client, id: string, { storage }: DoorParts): Promise<Stream> {
  const stream = await storage.streamOf(client.clientId)
  if (stream?.id !== id) throw new UtgangError('not_found', 'this receiver has no such stream')
  return stream
}

/**
 * What a request's JSON, or query, must be.
 * @throws OAuthError `invalid_request`
 */
export function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const read = schema.safeParse(value ?? {})
  if (read.success) return read.data
  const [first] = read.error.issues
  const at = first?.path.join('.') || 'the request'
  throw new OAuthError('invalid_request', `${at}: ${first?.message ?? 'is not understood'}`)
}

/** A request about one stream. */
export const ofStream = z.object({ stream_id: z.string().min(1).max(200) })
