import { randomUUID } from 'node:crypto'
import formbody from '@fastify/formbody'
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController
} from 'fastify'
import { type ErrorCode, OAuthError, UtgangError } from '../errors.ts'
import { pageHeaders } from './headers.ts'
import { knownRoutes } from './known-routes.ts'
import { logResponse } from './logging.ts'

/** How a part of the server shows an error: a page for people, JSON for programs. */
export type ErrorView = (
  request: FastifyRequest,
  reply: FastifyReply,
  error: { code: ErrorCode; message: string; status: number }
) => unknown

/** An HTTP server, or one part of it with headers and hooks of its own. */
export type WebServer = FastifyInstance

/** What a web server needs to know. */
export interface WebOptions {
  log: FastifyBaseLogger
  issuer: string
  trustProxy: readonly string[]
  /** Shows an error to a person, and where nobody knows who asks. */
  showError: ErrorView
  /** Shows an error to a program. */
  showDataError: ErrorView
}

/** The longest body that is taken, in bytes: forms of sign-in, tokens and logouts are far shorter. */
const longestBodyBytes = 64 * 1024

/** Longest that a client may take to send a request, in milliseconds. */
const longestRequestMs = 30_000

/** Longest that a stop waits for open requests, in milliseconds; then their connections are cut. */
const longestStopMs = 30_000

/** How often a stopping server lets go of connections whose request has been answered, in milliseconds. */
const letGoEveryMs = 50

/**
 * The HTTP server without its routes: request ids, one log line per request (route and outcome, never a query string,
 * a header or a body), forms, and errors. Every answer has its request's id in `X-Request-Id`.
 */
export function webServer(options: WebOptions): WebServer {
  const { log, issuer, trustProxy, showError, showDataError } = options
  const headers = pageHeaders(issuer)
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    trustProxy: trustProxy.length > 0 ? [...trustProxy] : false,
    genReqId: () => randomUUID(),
    routerOptions: { ignoreTrailingSlash: false, caseSensitive: true, maxParamLength: 500 },
    bodyLimit: longestBodyBytes,
    requestTimeout: longestRequestMs,
    // What comes in on an open connection while the server stops was accepted, so it is answered.
    return503OnClosing: false,
    // An address that cannot be decoded gets no further than the router: no hook runs, so all is done here.
    frameworkErrors(error, request, reply) {
      reply.headers(headers).header('x-request-id', request.id)
      answerError(error, request, reply, showError)
      logResponse(request, reply)
    }
  })
  app.register(formbody)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id)
    done()
  })
  app.addHook('preClose', done => {
    const letGo = setInterval(() => app.server.closeIdleConnections(), letGoEveryMs)
    const cut = setTimeout(() => app.server.closeAllConnections(), longestStopMs)
    app.server.once('close', () => {
      clearInterval(letGo)
      clearTimeout(cut)
    })
    done()
  })
  app.addHook('onResponse', async (request, reply) => logResponse(request, reply))
  const routes = knownRoutes(app)
  app.setNotFoundHandler((request, reply) => {
    const others = routes.at(request.url)
    reply.headers(headers)
    if (others.length === 0) return answerError(new UtgangError('not_found'), request, reply, showError)
    reply.header('allow', others.map(route => route.method).join(', '))
    const show = others.some(route => route.data) ? showDataError : showError
    return answerError(new UtgangError('method_not_allowed'), request, reply, show)
  })
  app.setErrorHandler((error, request, reply) =>
    answerError(error, request, reply.headers(headers), showError)
  )
  return app
}

/** Turns whatever was thrown into an answer; the cause goes to the log alone. */
export function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  show: ErrorView
): unknown {
  if (error instanceof OAuthError) return sendOAuthError(error, reply)
  const known = asUtgangError(error)
  const status = statusOf(error) ?? known.status
  request.failure = known.code
  if (status >= 500) request.log.error({ err: error, cause: known.cause }, known.code)
  const retryAfterSeconds = known.code === 'storage_unavailable' ? 1 : known.retryAfterSeconds
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds))
  return show(request, reply, { code: known.code, message: known.message, status })
}

/** Sends an error in OAuth's form (RFC 6749 §5.2). */
function sendOAuthError(error: OAuthError, reply: FastifyReply): FastifyReply {
  reply.request.failure = error.error
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds))
  if (error.status === 401 && error.error === 'invalid_client')
    reply.header('www-authenticate', 'Basic realm="utgang"')
  return reply
    .code(error.status)
    .header('cache-control', 'no-store')
    .type('application/json')
    .send(JSON.stringify({ error: error.error, error_description: error.message }))
}

function asUtgangError(error: unknown): UtgangError {
  if (error instanceof UtgangError) return error
  const status = statusOf(error)
  if (status === undefined) return new UtgangError('server_error', undefined, { cause: error })
  // The framework's own words would repeat the address or the body, tokens and all.
  return new UtgangError('invalid_request', reasons[status], { cause: error })
}

const reasons: Record<number, string> = {
  413: 'The body of the request is too long.',
  414: 'The address is too long.',
  415: 'The body has a content type that is not taken here.'
}

/** The status of an error that the framework found in the request: an unreadable address or body, or one too long. */
function statusOf(error: unknown): number | undefined {
  if (error instanceof UtgangError) return undefined
  const { statusCode } = error as { statusCode?: number }
  return statusCode !== undefined && statusCode >= 400 && statusCode < 500 ? statusCode : undefined
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The code of the error that this request was answered with, for the log. */
    failure?: string
  }
}
