import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import * as openid from 'openid-client'
import { paths } from './clients.ts'
import type { RpSession } from './rp-session.ts'
import { signOnHasEnded } from './session-check.ts'
import { signedOutPage } from './signed-out.ts'
import type { SiteParts } from './site-parts.ts'

/** The two ways out that need no JavaScript, and the page on which every way out ends. */
export function registerLogout(app: FastifyInstance, parts: SiteParts): void {
  app.post('/sign-out', (request, reply) => signOutEverywhere(parts, request, reply))
  app.post('/sign-out-here', (request, reply) => signOutHere(parts, request, reply))
  app.get(paths.signedOut, async (request, reply) => {
    const session = parts.sessions.live(request)
    // A page that went to the sign-in server by a script comes back with its login.
    if (session && (await signOnHasEnded(parts, session)))
      parts.sessions.leave(reply, session, { how: 'everywhere' })
    // Whoever signs in from here is done with this page.
    const visitor = { ...parts.visitorOf(request), at: '/' }
    return parts.show(
      reply,
      visitor,
      await signedOutPage(parts, visitor, request.query as { state?: string })
    )
  })
}

/**
 * Sign-out by redirect: ends this site's own login first, then sends the browser to the sign-in server, which ends the
 * sign-on session and sends it back. Own login first, because nobody knows whether the browser will ever come back;
 * should the person decide to stay there, the next page signs them in again without a question.
 */
function signOutEverywhere(parts: SiteParts, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { hand_over } = (request.body ?? {}) as { hand_over?: string }
  // On a second click the first one has ended the login already, and may never have reached the sign-in server.
  const session = parts.sessions.live(request) ?? parts.sessions.left(request)
  const state = session?.leaving?.state ?? openid.randomState()
  if (session) parts.sessions.leave(reply, session, { how: 'everywhere', state })
  const address =
    parts.site.logoutWords === 'spid'
      ? spidLogout(parts, hand_over === undefined ? undefined : session)
      : oidcLogout(parts, session, state)
  return reply.header('cache-control', 'no-store').redirect(address.href, 303)
}

/** SPiD's words. With the token handed over, it dies too; without, this site's backend may go on using it. */
function spidLogout({ site, server }: SiteParts, handingOver: RpSession | undefined): URL {
  const address = new URL('/logout', server.issuer)
  address.searchParams.set('client_id', site.client.client_id)
  address.searchParams.set('redirect_uri', site.address + paths.signedOut)
  if (handingOver) address.searchParams.set('oauth_token', handingOver.accessToken)
  return address
}

/** OpenID Connect's words (RP-Initiated Logout 1.0). The ID Token proves whose logout this is, so nothing is asked. */
function oidcLogout({ site, server }: SiteParts, session: RpSession | undefined, state: string): URL {
  return openid.buildEndSessionUrl(server.openid, {
    post_logout_redirect_uri: site.address + paths.signedOut,
    state,
    ...(session ? { id_token_hint: session.idToken } : {})
  })
}

/**
 * Sign-out by API, from server to server: every token of this sign-in dies, the sign-on session lives on, and the
 * other sites notice nothing. Then this site's own login ends.
 */
async function signOutHere(
  parts: SiteParts,
  request: FastifyRequest,
  reply: FastifyReply
): Promise<FastifyReply> {
  const session = parts.sessions.live(request)
  if (session) {
    const outcome = await endTokens(parts, session)
    parts.sessions.leave(reply, session, { how: 'this_app', ...outcome })
    parts.tried.stayOut(reply, 'until_asked')
  }
  return reply.header('cache-control', 'no-store').redirect(paths.signedOut, 303)
}

async function endTokens(
  { server }: SiteParts,
  { accessToken }: RpSession
): Promise<{ receiptId?: string; failed?: boolean }> {
  try {
    const { status, receiptId } = await server.callWithToken('POST', '/api/2/logout', accessToken)
    // 401: the token was dead already, and that is what we came for.
    return status === 200 || status === 401 ? { receiptId } : { failed: true }
  } catch {
    return { failed: true }
  }
}
