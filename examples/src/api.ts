import { fastifyTokenGuard, requireToken } from '@utgang/node/tokens'
import fastify, { type FastifyInstance } from 'fastify'
import { market, news, type Registration } from './clients.ts'
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
export function exampleApi(issuer: string): FastifyInstance {
  const app = fastify({ logger: { level: 'error' }, forceCloseConnections: true })
  list(apiPaths.readingList, news, readingList)
  list(apiPaths.favourites, market, favourites)
  return app

  function list(path: string, { client_id, client_secret }: Registration, items: readonly SavedItem[]): void {
    const guard = requireToken({
      issuer,
      // Nothing is remembered: a revoked token is refused with the next request.
      introspection: { client_id, client_secret, cache_seconds: 0 },
      // Only because the demo runs on http.
      allow_http: true
    })
    app.addHook('onClose', () => guard.close())
    app.get(path, { onRequest: fastifyTokenGuard(guard) }, async ({ accessToken }, reply) => {
      reply.header('cache-control', 'no-store')
      return { sub: accessToken?.sub, items }
    })
  }
}

const readingList: readonly SavedItem[] = [
  { id: 'night-ferry', title: 'The last night ferry has learned to wait' },
  { id: 'lighthouse', title: 'A lighthouse keeper’s notes on leaving the light on' }
]

const favourites: readonly SavedItem[] = [
  { id: 'bicycle', title: 'Touring bicycle, 56 cm' },
  { id: 'armchair', title: 'Reading armchair in green wool' }
]
