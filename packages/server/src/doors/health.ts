import type { FastifyInstance } from 'fastify'
import type { DoorParts } from './door.ts'

/** `/healthz`: the process answers. `/readyz`: its storage reads and writes, and it is not stopping. */
export function health(parts: DoorParts, isStopping: () => boolean) {
  return async (app: FastifyInstance): Promise<void> => {
    app.get('/healthz', { config: { quiet: true } }, async () => ({ status: 'ok' }))
    app.get('/readyz', { config: { quiet: true } }, async (_request, reply) => {
      if (isStopping()) return reply.code(503).send({ status: 'stopping' })
      await parts.storage.ping()
      return { status: 'ready' }
    })
  }
}
