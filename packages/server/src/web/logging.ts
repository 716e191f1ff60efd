import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Logger, pino } from 'pino'

/** The log of a system: JSON lines. Requests are logged by route and outcome, so no token or cookie can get in. */
export function systemLog(level: string, destination?: { write(line: string): void }): Logger {
  const options = {
    level,
    base: undefined,
    // Should a header or parameter ever be handed to the log, these never get through.
    redact: {
      paths: [
        '*.authorization',
        '*.cookie',
        '*.password',
        '*.token',
        '*.oauth_token',
        '*.id_token_hint',
        '*.client_secret'
      ],
      censor: '******'
    },
    serializers: { err: pino.stdSerializers.err }
  }
  return destination ? pino(options, destination) : pino(options, pino.destination({ dest: 1, sync: false }))
}

/** The one line about a request: its route (never its address, which may hold a token) and what came of it. */
export function logResponse(request: FastifyRequest, reply: FastifyReply): void {
  const quiet = reply.statusCode < 400 && request.routeOptions?.config?.quiet === true
  request.log[quiet ? 'debug' : 'info'](
    {
      method: request.method,
      route: request.routeOptions?.url,
      status: reply.statusCode,
      code: request.failure,
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
