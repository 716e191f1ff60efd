import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { localPath, startSignIn } from './login.ts'
import { signOnHasEnded } from './session-check.ts'
import type { Site, SiteParts } from './site-parts.ts'

/**
 * This site's backend for the browser SDK: what `init({ backend: '/auth' })` calls. And `/auth/clear`, which pages call
 * by themselves once the SDK has told them of a logout that went past this backend.
 */
export function registerSdkBackend(app: FastifyInstance, parts: SiteParts): void {
  app.get('/auth/session', (request, reply) => session(parts, request, reply))
  app.get<{ Querystring: { return_to?: string } }>('/auth/login', async (request, reply) =>
    startSignIn(parts, request, reply, { backTo: localPath(parts, request.query.return_to), silent: false })
  )
  const onRequest = onlyOwnPages(parts.site)
  app.post('/auth/logout', { onRequest }, (request, reply) => logout(parts, request, reply))
  app.post('/auth/clear', { onRequest }, (request, reply) => clear(parts, request, reply))
}

/** Who is signed in at this site. It is asked when somebody comes back to a page, so it finds out what happened elsewhere. */
async function session(
  parts: SiteParts,
  request: FastifyRequest,
  reply: FastifyReply
): Promise<FastifyReply> {
  // It costs the browser nothing to ask its own site, so nothing is kept that could be out of date.
  const now = { cache_seconds: 0, server_time: Math.floor(Date.now() / 1000) }
  const found = parts.sessions.live(request)
  reply.header('cache-control', 'no-store')
  if (found && (await signOnHasEnded(parts, found))) parts.sessions.leave(reply, found, { how: 'elsewhere' })
  if (!found || found.leaving) return reply.send({ status: 'notConnected', ...now })
  return reply.send({
    status: 'connected',
    user_id: found.user.sub,
    display_name: found.user.name,
    sid: found.sid,
    expires_at: Math.floor(found.expiresAt / 1000),
    ...now
  })
}

/**
 * Ends the login at this site, then the sign-on session. If the sign-in server cannot be reached (502), the login here
 * is as it was, for two reasons: a visitor who is told "signed out" would be signed in again by the sign-on session with
 * the next page; and only this login knows the `sid` with which the next attempt can end that session.
 */
async function logout(parts: SiteParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const session = parts.sessions.live(request)
  reply.header('cache-control', 'no-store')
  if (!session) return reply.send({ ended: false })
  try {
    let receipt: string | null = null
    await parts.sessions.leaveWith(reply, session, async () => {
      receipt = await parts.server.endSession(session.sid)
      return { how: 'everywhere', receiptId: receipt ?? undefined }
    })
    return reply.send({ ended: true, receipt })
  } catch {
    return reply.code(502).send({
      error: 'sign_in_server_unreachable',
      error_description: 'The sign-in server could not be reached, so nothing has ended'
    })
  }
}

/**
 * Ends the login at this site alone, for a page that has heard that the sign-on session is over. By now it may be
 * another login, of somebody who has signed in since: one whose session lives is left alone.
 */
async function clear(parts: SiteParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const session = parts.sessions.live(request)
  const isOver = session !== undefined && (await signOnHasEnded(parts, session)) !== false
  if (isOver) parts.sessions.leave(reply, session, { how: howOf(request.body) })
  return reply.header('cache-control', 'no-store').send({ cleared: isOver })
}

/** The page sends the event that it heard. */
function howOf(body: unknown): 'elsewhere' | 'everywhere' {
  return (body as { by?: unknown } | null)?.by === 'elsewhere' ? 'elsewhere' : 'everywhere'
}

/**
 * Lets in what a script on a page of this very site sends, and nothing else: a form cannot send JSON, and another
 * site's script cannot send it without being asked for permission, which this site gives to nobody.
 */
function onlyOwnPages({ address }: Site) {
  return async ({ headers }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    const site = headers['sec-fetch-site']
    // Browsers without Fetch Metadata send no Sec-Fetch-Site. They all send Origin with a POST.
    if (headers.origin !== address || (site !== undefined && site !== 'same-origin'))
      return reply
        .code(403)
        .send({ error: 'forbidden', error_description: 'Only pages of this site may ask for this' })
    if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? ''))
      return reply.code(415).send({ error: 'invalid_request', error_description: 'Send application/json' })
    return undefined
  }
}
