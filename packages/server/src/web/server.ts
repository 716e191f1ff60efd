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
  trustProxy: readonly string[]
  showError: ErrorView
}

/**
 * The HTTP server without its routes: request ids, one log line per request (route and outcome, never a query string,
 * a header or a body), forms, and errors.
 */
export function webServer(options: WebOptions): WebServer {
  const app = fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: options.trustProxy.length > 0 ? [...options.trustProxy] : false,
    genReqId: () => randomUUID(),
    routerOptions: { ignoreTrailingSlash: false, caseSensitive: true, maxParamLength: 500 },
    bodyLimit: 256 * 1024,
    // Idle connections must not hold up a stop.
    forceCloseConnections: 'idle'
  })
  app.register(formbody)
  app.addHook('onResponse', async (request, reply) => logResponse(request, reply))
  app.setNotFoundHandler((request, reply) =>
    options.showError(request, reply, {
      code: 'not_found',
      message: 'There is nothing at this address.',
      status: 404
    })
  )
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, options.showError))
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
  if (known.status >= 500) request.log.error({ err: error, cause: known.cause }, known.code)
  else request.log.info({ code: known.code }, known.message)
  if (known.code === 'storage_unavailable') reply.header('retry-after', '1')
  return show(request, reply, { code: known.code, message: known.message, status: known.status })
}

/** Sends an error in OAuth's form (RFC 6749 §5.2). */
export function sendOAuthError(error: OAuthError, reply: FastifyReply): FastifyReply {
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
  // Fastify's own: an unreadable body, a wrong content type, a body that is too long.
  const status = (error as { statusCode?: number }).statusCode
  if (status !== undefined && status >= 400 && status < 500) {
    return new UtgangError('invalid_request', (error as Error).message, { cause: error })
  }
  return new UtgangError('server_error', undefined, { cause: error })
}

function logResponse(request: FastifyRequest, reply: FastifyReply): void {
  const quiet = reply.statusCode < 400 && request.routeOptions.config.quiet === true
  request.log[quiet ? 'debug' : 'info'](
    {
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10
    },
    'answered'
  )
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Successful answers of this route are logged at debug level only: it is called all the time. */
    quiet?: boolean
  }
}
