import type { FastifyInstance } from 'fastify'
import { askedBy } from '../web/asking.ts'
import type { DoorParts } from './door.ts'
import { sendContainer, sendInvalidToken, tokenOf } from './platform-container.ts'

/**
 * Logout by API (SPiD): ends every token of the presented token's grant, a server token alone, and no session on any
 * device. For apps that log in through login APIs and have no session.
 */
export function apiLogout(parts: DoorParts) {
  return async (app: FastifyInstance): Promise<void> => {
    app.route({
      method: ['GET', 'POST'],
      url: '/api/2/logout',
      // Looking at the headers of an address is no wish to sign out.
      exposeHeadRoute: false,
      handler: async (request, reply) => {
        const token = await tokenOf(request, parts)
        if (!token) return sendInvalidToken(reply)
        const { receiptId } = await parts.heart.end({
          name: 'api',
          presented: token,
          sub: token.sub ?? undefined,
          clientId: token.clientId ?? undefined,
          by: askedBy(request)
        })
        if (receiptId !== null) reply.header('utgang-receipt', receiptId)
        return sendContainer(request, reply, 'OK')
      }
    })
  }
}
