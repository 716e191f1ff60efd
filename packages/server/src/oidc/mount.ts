import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { OAuthError } from '../errors.ts'
import { sessionCookie } from '../sessions/session-cookie.ts'
import { askedBy } from '../web/asking.ts'
import { comesTwice, withoutCookie } from '../web/cookies.ts'
import type { Op } from './op.ts'
import type { OpParts } from './parts.ts'
import { routes } from './paths.ts'
import { refuseLongQuery } from './query-length.ts'

/** Looks at a request before oidc-provider does: throws, or answers it itself, to keep it away. */
type Check = (request: FastifyRequest, reply: FastifyReply) => unknown

/**
 * Gives oidc-provider those paths that are its own, and only those. It reads the raw request itself, so nothing
 * parses a body before it.
 */
export function mountOp(op: Op, { config, limits }: OpParts) {
  return async (app: FastifyInstance): Promise<void> => {
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _payload, done) => done(null))

    const pass = (method: 'GET' | 'POST' | 'OPTIONS', url: string, check: Check = () => {}): void => {
      app.route({
        method,
        url,
        exposeHeadRoute: false,
        handler: async (request, reply) => {
          await check(request, reply)
          if (!reply.sent) await handOver(op, request, reply)
        }
      })
    }
    app.addHook('onRequest', async (request, reply) => {
      // The page that posts a response to a client needs its one script: oidc-provider adds its hash to a list that is
      // there, and an empty list allows nothing.
      if (request.routeOptions.url?.startsWith(routes.authorization)) allowHashedScripts(reply)
    })
    pass('GET', routes.authorization, request =>
      refuseLongQuery(request.url.slice(routes.authorization.length))
    )
    pass('GET', `${routes.authorization}/:uid`)
    for (const method of ['POST', 'OPTIONS'] as const) pass(method, routes.token)
    for (const method of ['GET', 'POST', 'OPTIONS'] as const) pass(method, routes.userinfo)
    for (const path of [
      routes.jwks,
      '/.well-known/openid-configuration',
      '/.well-known/oauth-authorization-server'
    ]) {
      for (const method of ['GET', 'OPTIONS'] as const) pass(method, path)
    }
    if (config.registration !== false) {
      pass('POST', routes.registration, request => limitRegistration(request, limits))
      pass('GET', `${routes.registration}/:clientId`)
    }
  }
}

/** Longest registration that is read, in bytes. */
const longestRegistrationBytes = 16 * 1024

/** What is registered is kept for good, so neither much nor often. The length has to be told: it is not read to find out. */
async function limitRegistration(
  request: FastifyRequest,
  { registrations }: OpParts['limits']
): Promise<void> {
  if (!(Number(request.headers['content-length']) <= longestRegistrationBytes))
    throw new OAuthError(
      'invalid_request',
      `a registration has a Content-Length of at most ${longestRegistrationBytes}`,
      413
    )
  const retryAfterSeconds = await registrations.take(request.ip)
  if (retryAfterSeconds > 0)
    throw new OAuthError('too_many_requests', 'too many registrations from this address', 429, {
      retryAfterSeconds
    })
}

function allowHashedScripts(reply: FastifyReply): void {
  const policy = reply.getHeader('content-security-policy')
  if (typeof policy === 'string') reply.header('content-security-policy', `${policy}; script-src`)
}

/** Hands a request to oidc-provider, with the headers that our own plugins have set so far. */
export async function handOver(op: Op, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) reply.raw.setHeader(name, value)
  prepare(request)
  await op.handle(request.raw, reply.raw)
}

/** Readies a raw request for oidc-provider: see `provider.proxy`, and cookies that came twice count as none. */
export function prepare(request: FastifyRequest): void {
  const { headers } = request.raw
  headers['x-forwarded-proto'] = 'https'
  delete headers['x-forwarded-host']
  request.raw.askedBy = askedBy(request)
  const { cookie } = headers
  if (cookie !== undefined && comesTwice(cookie, sessionCookie))
    headers.cookie = withoutCookie(cookie, sessionCookie)
}
