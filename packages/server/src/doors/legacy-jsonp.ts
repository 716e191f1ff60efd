import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { UtgangError } from '../errors.ts'
import { askedBy } from '../web/asking.ts'
import { answerError, type ErrorView } from '../web/server.ts'
import type { RateLimit } from '../web/throttle.ts'
import { connectedOf, forgetSession, namedSessions } from './cookie-sessions.ts'
import type { DoorParts } from './door.ts'
import { noPlatformSession, platformSession, signedFor } from './platform-session.ts'
import { scriptCaller } from './script-caller.ts'
import { cameWithCookie } from './sdk-caller.ts'
import { connectedSession } from './sdk-session.ts'

/**
 * What SPiD's own script (sdk-js) asks for by script tags: who is signed in, and a logout. For clients with
 * `legacy_jsonp`, and no page but theirs. Answers call the page back, so each is a script and its status 200, whatever
 * went wrong: of a failed script the page would only learn that it failed.
 */
export function legacyJsonp(parts: DoorParts) {
  const show: ErrorView = (request, reply, { status, message }) =>
    callBack(request, reply.code(200), noSession(parts, errorOf(status, message)))

  return async (app: FastifyInstance): Promise<void> => {
    app.addHook('onRequest', (_request, reply, done) => {
      // A page of another site loads this.
      reply.header('cross-origin-resource-policy', 'cross-origin')
      done()
    })
    app.setErrorHandler((error, request, reply) => answerError(error, request, reply, show))
    // Looking at the headers of an address is neither a question nor a logout.
    const options = { exposeHeadRoute: false }
    for (const path of ['/ajax/hasSession.js', '/rpc/hasSession.js'])
      app.get(path, { ...options, config: { quiet: true } }, (request, reply) =>
        hasSession(request, reply, parts)
      )
    app.get('/ajax/logout.js', options, (request, reply) => logout(request, reply, parts))
  }
}

/** Asking is no activity. A client that is not connected hears what it would hear of nobody. */
async function hasSession(
  request: FastifyRequest,
  reply: FastifyReply,
  parts: DoorParts
): Promise<FastifyReply> {
  requireCallback(request)
  const client = await scriptCaller(request, parts)
  const session = await connectedSession(request, client, parts)
  if (typeof session === 'object')
    return callBack(request, reply, platformSession(session, client, parts, {}))
  await count(parts.limits.sdkMisses, request)
  return callBack(request, reply, noSession(parts, noSessionFound))
}

/** Ends this browser's OP session, for a client that is connected to it, as the SDK's logout does. */
async function logout(request: FastifyRequest, reply: FastifyReply, parts: DoorParts): Promise<FastifyReply> {
  requireCallback(request)
  const client = await scriptCaller(request, parts)
  if (client.logoutConfirmation === 'always')
    throw new UtgangError('access_denied', 'this client asks before every logout: use the redirect')
  await count(parts.limits.sdkLogouts, request)

  const named = await namedSessions(request, parts)
  const connected = await connectedOf(named, client, parts)
  const session = connected.find(it => it.live) ?? connected[0]
  // Of a browser whose cookie names nothing it is known that nobody is signed in; everything else would be a guess.
  if (!session && (!cameWithCookie(request) || named.some(it => it.live)))
    return callBack(request, reply, noSession(parts, noSessionFound))
  const receipt = session
    ? (
        await parts.heart.end({
          name: 'sdk',
          sessionUid: session.uid,
          sub: session.sub,
          clientId: client.clientId,
          by: askedBy(request),
          detail: { found_by: 'cookie', sent_by: 'script_tag' }
        })
      ).receiptId
    : null
  forgetSession(request, reply, receipt, parts)
  const done = { result: true, serverTime: parts.clock.now(), receipt }
  return callBack(request, reply, signedFor(client, done, parts))
}

/** An error in SPiD's form. */
interface PlatformError {
  code: number
  type: 'UserException' | 'ApiException'
  description: string
}

const noSessionFound: PlatformError = {
  code: 401,
  type: 'UserException',
  description: 'No session found!'
}

const errorOf = (status: number, description: string): PlatformError => ({
  code: status,
  type: 'ApiException',
  description
})

const noSession = ({ clock }: DoorParts, error: PlatformError): object => ({
  error,
  response: noPlatformSession(clock.now())
})

/** @throws UtgangError `too_many_requests` */
async function count(limit: RateLimit, { ip }: FastifyRequest): Promise<void> {
  const retryAfterSeconds = await limit.take(ip)
  if (retryAfterSeconds > 0) throw new UtgangError('too_many_requests', undefined, { retryAfterSeconds })
}

/** Nothing is done for a page that cannot be told of it. */
function requireCallback(request: FastifyRequest): void {
  if (callbackOf(request) === undefined)
    throw new UtgangError('invalid_request', 'callback is not a name that can be called')
}

function callbackOf({ query }: FastifyRequest): string | undefined {
  const { callback } = query as { callback?: unknown }
  return typeof callback === 'string' && /^[A-Za-z_$][\w$.]{0,63}$/.test(callback) ? callback : undefined
}

/**
 * The script that hands an answer to SPiD's. The callback's name is a text in it, never code, and the comment before it
 * keeps the first bytes from being taken for another kind of file. Without a name nobody can be called.
 */
function callBack(request: FastifyRequest, reply: FastifyReply, answer: object): FastifyReply {
  const callback = callbackOf(request)
  const script =
    callback === undefined
      ? '/* callback is not a name that can be called */'
      : `/**/SPiD.Talk.response(${literal(callback)}, ${literal(answer)});`
  return reply.type('application/javascript; charset=utf-8').send(script)
}

/** A value as JavaScript, also inside a page and for old engines (JSON allows U+2028 and U+2029 in texts). */
function literal(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<\u2028\u2029]/g,
    it => `\\u${it.charCodeAt(0).toString(16).padStart(4, '0')}`
  )
}
