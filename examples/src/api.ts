import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import * as openid from 'openid-client'
import { addresses, market, news, type Registration } from './clients.ts'
import type { Outgoing } from './outgoing.ts'
import { connect, type SignInServer } from './sign-in-server.ts'
import type { SavedItem } from './verdict.ts'

/** Where each list is, with its own access rules. */
export const apiPaths = { readingList: '/reading-list', favourites: '/favourites' } as const

/**
 * A resource server: takes a Bearer token and asks the sign-in server about it, each time.
 *
 * Each list belongs to the application whose client it asks as: introspection shows a client its own tokens only, so a
 * token of the marketplace opens no reading list. Taking any token for which `GET /api/2/me` answers would be shorter,
 * and wrong: then every application that a person ever signed in to could read both.
 */
export async function exampleApi(issuer: string, outgoing: Outgoing): Promise<FastifyInstance> {
  const app = fastify({ logger: { level: 'error' }, forceCloseConnections: true })
  await list(app, apiPaths.readingList, news, readingList)
  await list(app, apiPaths.favourites, market, favourites)
  return app

  async function list(
    to: FastifyInstance,
    path: string,
    client: Registration,
    items: readonly SavedItem[]
  ): Promise<void> {
    const server = await connect(issuer, client, outgoing)
    to.get(path, async (request, reply) => {
      const sub = await subjectOf(request, server)
      reply.header('cache-control', 'no-store')
      if (sub === undefined)
        return reply
          .code(401)
          .header('www-authenticate', `Bearer realm="${addresses.api}", error="invalid_token"`)
          .send({ error: 'invalid_token' })
      return { sub, items }
    })
  }
}

/** Whose token a request carries, as long as it is alive. Not cached: a revoked token is refused with the next request. */
async function subjectOf(request: FastifyRequest, server: SignInServer): Promise<string | undefined> {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (token === undefined) return undefined
  const answer = await openid.tokenIntrospection(server.openid, token)
  return answer.active && answer.token_type === 'Bearer' ? answer.sub : undefined
}

const readingList: readonly SavedItem[] = [
  { id: 'night-ferry', title: 'The last night ferry has learned to wait' },
  { id: 'lighthouse', title: 'A lighthouse keeper’s notes on leaving the light on' }
]

const favourites: readonly SavedItem[] = [
  { id: 'bicycle', title: 'Touring bicycle, 56 cm' },
  { id: 'armchair', title: 'Reading armchair in green wool' }
]
