import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Client, originsOf } from '../clients/client.ts'
import { OAuthError } from '../errors.ts'
import type { Session, Token } from '../storage/records.ts'
import { hashSecret } from '../storage/secrets.ts'
import { readHint } from '../tokens/id-token-hint.ts'
import { askedBy } from '../web/asking.ts'
import { preflightFrom } from '../web/cors.ts'
import { provenance } from '../web/fetch-metadata.ts'
import { formOf, type Parameters, queryOf } from '../web/parameters.ts'
import { connectedOf, forgetSession, namedSessions } from './cookie-sessions.ts'
import type { DoorParts } from './door.ts'
import { cameWithCookie, countAgainst, sdkCaller } from './sdk-caller.ts'

const endpoint = '/sdk/logout'

/**
 * The SDK's `logout()`: ends this browser's OP session for a page of a client that is connected to it. The session is
 * the one that the SDK's cookie names; where browsers keep that back, the one of which the page shows an access token
 * together with an ID Token, both of its client and this `sid`. JSON only, so that no form can send it.
 */
export function sdkLogout(parts: DoorParts) {
  const origins = sdkOrigins(parts)
  return async (app: FastifyInstance): Promise<void> => {
    app.options(endpoint, (request, reply) => preflightFrom(origins, request, reply, 'POST'))
    app.post(endpoint, (request, reply) => logout(request, reply, parts))
  }
}

/** What is ended, and how it was found. */
interface Target {
  session: Session
  by: 'cookie' | 'token'
}

async function logout(request: FastifyRequest, reply: FastifyReply, parts: DoorParts): Promise<FastifyReply> {
  requirePage(request)
  const body = bodyOf(request)
  const client = await sdkCaller(request, reply, queryOf(request).client_id ?? body.client_id, parts)
  if (body.client_id !== undefined && body.client_id !== client.clientId)
    throw new OAuthError('invalid_request', 'client_id in the address and in the body differ')
  await countAgainst(parts.limits.sdkLogouts, request)

  const named = await namedSessions(request, parts)
  const token = await presentedToken(body, client, parts)
  const targets = [...(await byCookie(named, client, parts)), ...(await byToken(body, token, client, parts))]
  // What lives goes first: a cookie that was left over does not keep a page from ending its own session.
  const target = targets.find(it => it.session.live) ?? targets[0]
  // A client that asks before every logout has the page that asks: the redirect.
  if (target?.session.live && client.logoutConfirmation === 'always') return notEnded(reply, parts)
  if (target) return end(target, token, client, request, reply, parts)
  // Of a browser whose cookie names nothing it is known that nobody is signed in; everything else would be a guess.
  if (cameWithCookie(request) && !named.some(it => it.live))
    return send(request, reply, { by: 'cookie', receipt: null }, parts)
  return notEnded(reply, parts)
}

const notEnded = (reply: FastifyReply, { clock }: DoorParts): FastifyReply =>
  reply.send({ ended: false, server_time: clock.now() })

/** Those of them that this client is connected to. */
async function byCookie(named: Session[], client: Client, parts: DoorParts): Promise<Target[]> {
  return (await connectedOf(named, client, parts)).map(session => ({ session, by: 'cookie' }))
}

/**
 * The session of an access token and an ID Token of this client that name the same `sid` and user. Neither alone is
 * enough: every API sees the one, and the other leaks. A dead token still shows that its own session has ended.
 */
async function byToken(
  { id_token_hint: given }: Parameters,
  token: Token | undefined,
  client: Client,
  { storage, clock, config, keys }: DoorParts
): Promise<Target[]> {
  if (!given || !token) return []
  const hint = await readHint(given, keys(), config.issuer)
  if (!hint?.sid || hint.clientId !== client.clientId || hint.sid !== token.sid || hint.sub !== token.sub)
    return []
  const session = await storage.findSessionBySid(client.clientId, hint.sid, clock.now())
  if (!session || session.sub !== hint.sub) return []
  if (session.live && !(await isLive(token, storage, clock.now()))) return []
  return [{ session, by: 'token' }]
}

/** The access token of this client that the page shows, alive or dead. */
async function presentedToken(
  { access_token: value }: Parameters,
  client: Client,
  { storage }: DoorParts
): Promise<Token | undefined> {
  const token = value ? await storage.findTokenRow(hashSecret(value)) : undefined
  return token?.kind === 'AccessToken' && token.clientId === client.clientId ? token : undefined
}

async function isLive(token: Token, storage: DoorParts['storage'], now: number): Promise<boolean> {
  return (await storage.findToken(token.hash, now)) !== undefined
}

async function end(
  { session, by }: Target,
  token: Token | undefined,
  client: Client,
  request: FastifyRequest,
  reply: FastifyReply,
  parts: DoorParts
): Promise<FastifyReply> {
  const ofUser = token !== undefined && token.sub === session.sub
  const presented = ofUser && (await isLive(token, parts.storage, parts.clock.now())) ? token : undefined
  const { receiptId } = await parts.heart.end({
    name: 'sdk',
    sessionUid: session.uid,
    sub: session.sub,
    clientId: client.clientId,
    presented,
    by: askedBy(request),
    detail: { found_by: by, ...(token && !ofUser ? { token_left_alone: 'of_another_user' } : {}) }
  })
  return send(request, reply, { by, receipt: receiptId }, parts)
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  ended: { by: Target['by']; receipt: string | null },
  parts: DoorParts
): FastifyReply {
  forgetSession(request, reply, ended.receipt, parts)
  return reply.send({ ended: true, ...ended, server_time: parts.clock.now() })
}

/** @throws OAuthError `invalid_request`: no JSON (415), or not sent by a page's CORS request (403) */
function requirePage(request: FastifyRequest): void {
  const { origin } = provenance(request.headers)
  const mode = request.headers['sec-fetch-mode']
  if (origin === undefined || (mode !== undefined && mode !== 'cors'))
    throw new OAuthError('invalid_request', 'pages send this by a CORS request, with an Origin', 403)
  if (!/^application\/json *(;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new OAuthError('invalid_request', 'the body has to be application/json', 415)
}

/** The fields of the JSON body. @throws OAuthError `invalid_request` for a body that is no object of texts */
function bodyOf(request: FastifyRequest): Parameters {
  const { body } = request
  if (body === undefined || body === null) return {}
  const fields = typeof body === 'object' && !Array.isArray(body) ? Object.values(body) : [null]
  if (fields.some(value => value !== undefined && typeof value !== 'string'))
    throw new OAuthError('invalid_request', 'the body has to be a JSON object whose values are texts')
  return formOf(request)
}

/** Origins that may send this at all; which client's they are is judged with the request itself. */
function sdkOrigins({ config }: DoorParts): ReadonlySet<string> {
  return new Set(config.clients.flatMap(it => (it.sdk ? originsOf(it.origins, it.redirect_uris) : [])))
}
