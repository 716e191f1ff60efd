import { randomUUID } from 'node:crypto'
import type { RpSession } from '@utgang/node'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { paths } from './clients.ts'
import { readReceipt } from './receipt.ts'
import { signedOutPage } from './signed-out.ts'
import type { SiteParts, Visitor } from './site-parts.ts'
import type { Leaving } from './visits.ts'

/** The two ways out that need no JavaScript, and the page on which every way out ends. The third one is the kit's. */
export function registerLogout(app: FastifyInstance, parts: SiteParts): void {
  app.post('/sign-out', (request, reply) => signOutEverywhere(parts, request, reply))
  app.post('/sign-out-here', (request, reply) => signOutHere(parts, request, reply))
  app.get(paths.signedOut, async (request, reply) => {
    const visitor = await arrived(parts, request, reply)
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
async function signOutEverywhere(
  parts: SiteParts,
  request: FastifyRequest,
  reply: FastifyReply
): Promise<FastifyReply> {
  const { hand_over } = (request.body ?? {}) as { hand_over?: string }
  const left = parts.visits.left(request)
  // On a second click the first one has ended the login already, and may never have reached the sign-in server.
  const session = (await parts.auth.end(request)) ?? left?.session
  const state = left?.leaving?.state ?? randomUUID()
  if (session) parts.visits.leave(request, reply, { session, leaving: { how: 'everywhere', state } })
  const address =
    parts.site.logoutWords === 'spid'
      ? spidLogout(parts, hand_over === undefined ? undefined : session)
      : oidcLogout(parts, session, state)
  return reply.header('cache-control', 'no-store').redirect(address.href, 303)
}

/** SPiD's words. With the token handed over, it dies too; without, this site's backend may go on using it. */
function spidLogout({ site, server }: SiteParts, handingOver: RpSession | undefined): URL {
  return addressAt(server.issuer, {
    client_id: site.client.client_id,
    redirect_uri: site.address + paths.signedOut,
    oauth_token: handingOver?.accessToken
  })
}

/** OpenID Connect's words (RP-Initiated Logout 1.0). The ID Token proves whose logout this is, so nothing is asked. */
function oidcLogout({ site, server }: SiteParts, session: RpSession | undefined, state: string): URL {
  return addressAt(server.issuer, {
    client_id: site.client.client_id,
    post_logout_redirect_uri: site.address + paths.signedOut,
    state,
    id_token_hint: session?.idToken
  })
}

function addressAt(issuer: string, parameters: Record<string, string | undefined>): URL {
  const address = new URL('/logout', issuer)
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) address.searchParams.set(name, value)
  return address
}

/**
 * Sign-out by API, from server to server: every token of this sign-in dies, the sign-on session lives on, and the
 * other sites notice nothing. This site's own login ends too.
 */
async function signOutHere(
  parts: SiteParts,
  request: FastifyRequest,
  reply: FastifyReply
): Promise<FastifyReply> {
  const session = await parts.auth.end(request)
  if (session) {
    const outcome = await endTokens(parts, session)
    parts.visits.leave(request, reply, { session, leaving: { how: 'this_app', ...outcome } })
    parts.tried.stayOut(reply, 'until_asked')
  }
  return reply.header('cache-control', 'no-store').redirect(paths.signedOut, 303)
}

async function endTokens(
  { server }: SiteParts,
  { accessToken }: RpSession
): Promise<Pick<Leaving, 'receiptId' | 'failed'>> {
  try {
    const { status, receiptId } = await server.withToken('POST', '/api/2/logout', accessToken)
    // 401: the token was dead already, and that is what we came for.
    return status === 200 || status === 401 ? { receiptId } : { failed: true }
  } catch {
    return { failed: true }
  }
}

/** Who has come to the page on which every way out ends. */
async function arrived(parts: SiteParts, request: FastifyRequest, reply: FastifyReply): Promise<Visitor> {
  const { visits, sessions } = parts
  const before = await parts.visitorOf(request, reply)
  const { session } = before
  // A page that a script took to the sign-in server may be back before this site has been told.
  if (session && (await hasEnded(parts, session))) await sessions.endBySid(session.iss, session.sid, 'logout')
  const { left } = session ? await parts.visitorOf(request, reply) : before
  if (left && !left.leaving) visits.leave(request, reply, { ...left, leaving: { how: 'everywhere' } })
  // Whoever signs in from here is done with this page.
  return { ...(await parts.visitorOf(request, reply)), at: '/' }
}

async function hasEnded({ server }: SiteParts, session: RpSession): Promise<boolean> {
  const receipt = await readReceipt(server, { session }).catch(() => undefined)
  return receipt !== undefined
}
