import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { paths } from './clients.ts'
import type { SiteParts, Visitor } from './site-parts.ts'

/**
 * Before a page is shown to somebody who is not signed in here. Returns true when the browser has been sent elsewhere.
 *
 * - Who was signed in a moment ago has signed out at another site: the kit was told, and has ended the login. That page says so.
 * - Anybody else may be signed on at the other site: the sign-in server is asked once, without any page of its own
 *   (`prompt=none`), then not again for a moment. While it is down, the page is shown as to a stranger.
 */
export async function leadElsewhere(
  { visits, tried, server }: SiteParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { session, left }: Visitor
): Promise<boolean> {
  if (session || !isNavigation(request)) return false
  // For the back button, browsers take a redirect from their cache.
  reply.header('cache-control', 'no-store')
  if (left && !left.leaving) {
    visits.leave(request, reply, { ...left, leaving: { how: 'elsewhere' } })
    tried.stayOut(reply, 'for_a_moment')
    reply.redirect(paths.signedOut, 303)
    return true
  }
  if (tried.isThere(request) || (request.query as { sso?: string }).sso === 'off') return false
  tried.stayOut(reply, 'for_a_moment')
  if (!(await server.answers())) return false
  reply.redirect(`/sign-in-silently?return_to=${encodeURIComponent(request.url)}`, 303)
  return true
}

/** The step between: a browser that keeps no cookies could not bring an answer back, and must not be sent round and round. */
export function registerSilentSignIn(app: FastifyInstance, { tried }: SiteParts): void {
  app.get<{ Querystring: { return_to?: string } }>('/sign-in-silently', (request, reply) => {
    reply.header('cache-control', 'no-store')
    if (!tried.isThere(request)) return reply.redirect('/?sso=off', 303)
    // The kit goes back only to a path of its own site, whatever this says.
    const back = encodeURIComponent(request.query.return_to ?? '/')
    return reply.redirect(`/auth/login?prompt=none&return_to=${back}`, 303)
  })
}

/** A person opens a page. Crawlers and tools get the page at once; so do browsers that fetch ahead of a click. */
function isNavigation({ headers }: FastifyRequest): boolean {
  return headers['sec-fetch-dest'] === 'document' && headers['sec-purpose'] === undefined
}
