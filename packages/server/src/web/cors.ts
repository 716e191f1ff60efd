import type { FastifyReply, FastifyRequest } from 'fastify'

interface Callable {
  sdk: boolean
  origins: ReadonlySet<string>
}

/** Lets the pages of a client with `sdk` read this answer; without credentials. */
export function allowClientOrigin(request: FastifyRequest, reply: FastifyReply, client: Callable): void {
  const { origin } = request.headers
  if (origin === undefined) return
  reply.header('vary', 'Origin')
  if (client.sdk && client.origins.has(origin)) reply.header('access-control-allow-origin', origin)
}

/**
 * Answers a preflight. Which client will call is not known yet, so every origin may try; the answer itself is then
 * readable for the origins of the client alone.
 */
export function preflight(request: FastifyRequest, reply: FastifyReply, methods: string): FastifyReply {
  const { origin } = request.headers
  if (origin !== undefined) {
    reply
      .header('vary', 'Origin')
      .header('access-control-allow-origin', origin)
      .header('access-control-allow-methods', methods)
    reply
      .header('access-control-allow-headers', 'authorization, content-type')
      .header('access-control-max-age', '3600')
  }
  return reply.code(204).send()
}

/** How long browsers may keep the answer to a preflight, in seconds: the longest that Chromium takes. */
const preflightSeconds = 7200

/** Answers a preflight of a request with credentials: only to origins that are known, and only for JSON. */
export function preflightFrom(
  origins: ReadonlySet<string>,
  request: FastifyRequest,
  reply: FastifyReply,
  methods: string
): FastifyReply {
  const { origin } = request.headers
  reply.header('vary', 'Origin')
  if (origin === undefined || !origins.has(origin)) return reply.code(403).send()
  return reply
    .code(204)
    .header('access-control-allow-origin', origin)
    .header('access-control-allow-credentials', 'true')
    .header('access-control-allow-methods', methods)
    .header('access-control-allow-headers', 'content-type')
    .header('access-control-max-age', String(preflightSeconds))
    .send()
}
