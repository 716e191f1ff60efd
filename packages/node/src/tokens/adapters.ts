import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestHandler } from 'express'
import type { onRequestAsyncHookHandler } from 'fastify'
import type { MiddlewareHandler } from 'hono'
import type { TokenGuard } from './require-token.ts'
import type { AccessToken } from './verdict.ts'

declare module 'node:http' {
  interface IncomingMessage {
    /** The token of this request, once a guard has let it pass. */
    accessToken?: AccessToken | undefined
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The token of this request, once a guard has let it pass. */
    accessToken?: AccessToken | undefined
  }
}

/** What {@link honoTokenGuard} sets. */
export interface HonoTokenEnv {
  Variables: { accessToken: AccessToken }
}

/** What a guarded address needs besides what the guard's options say. */
export interface Wants {
  /** Scopes, with spaces between. */
  scope?: string
}

/**
 * For a server of `node:http` without a framework: refuses the request, or sets `req.accessToken`.
 * @returns resolves to whether the request may go on; if not, it has been answered
 */
export function nodeTokenGuard(
  guard: TokenGuard,
  wants?: Wants
): (req: IncomingMessage, res: ServerResponse) => Promise<boolean> {
  return async (req, res) => {
    const { token, refusal } = await guard.check(req, wants)
    if (token) req.accessToken = token
    else {
      res.writeHead(refusal.status, Object.fromEntries(refusal.headers))
      res.end(await refusal.text())
    }
    return token !== undefined
  }
}

/** For Express: refuses the request, or sets `req.accessToken` and goes on. */
export function expressTokenGuard(guard: TokenGuard, wants?: Wants): RequestHandler {
  const watch = nodeTokenGuard(guard, wants)
  return (req, res, next) => {
    watch(req, res).then(mayGoOn => mayGoOn && next(), next)
  }
}

/** For Fastify, as an `onRequest` hook of a route or of a scope: refuses the request, or sets `request.accessToken`. */
export function fastifyTokenGuard(guard: TokenGuard, wants?: Wants): onRequestAsyncHookHandler {
  return async (request, reply) => {
    const { token, refusal } = await guard.check(request, wants)
    if (!token) return reply.send(refusal)
    request.accessToken = token
  }
}

/** For Hono: refuses the request, or sets `accessToken` in the context. */
export function honoTokenGuard(guard: TokenGuard, wants?: Wants): MiddlewareHandler<HonoTokenEnv> {
  return async (c, next) => {
    const { token, refusal } = await guard.check(c.req.raw, wants)
    if (!token) return refusal
    c.set('accessToken', token)
    await next()
  }
}
