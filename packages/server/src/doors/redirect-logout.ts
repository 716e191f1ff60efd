import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, errorTable, UtgangError } from '../errors.ts'
import { sessionCookie } from '../sessions/session-cookie.ts'
import type { Session } from '../storage/records.ts'
import { seeOther } from '../web/answers.ts'
import { askedBy, sessionOf } from '../web/asking.ts'
import { comesTwice, expireCookie, readCookie } from '../web/cookies.ts'
import { isOwnForm, isTopLevel, provenance } from '../web/fetch-metadata.ts'
import { formOf, type Parameters, queryOf } from '../web/parameters.ts'
import { markSignedOut } from '../web/sdk-cookie.ts'
import { renewState } from '../web/state-cookie.ts'
import { leftBefore } from './cookie-sessions.ts'
import type { DoorParts } from './door.ts'
import { frontChannel, frontChannelPath } from './front-channel.ts'
import { isProven, type ResolvedLogout, resolveLogout } from './logout-decision.ts'
import { canBeLoadedAgain, logoutOnward } from './logout-onward.ts'
import { isPassing, logoutPages, paths } from './logout-pages.ts'
import { logoutRecords } from './logout-records.ts'
import { carriesToken, type LogoutRequest, readLogoutRequest } from './logout-request.ts'

/** Longest part of an unknown client_id that the audit trail keeps, in characters. */
const longestKept = 200

/**
 * Logout by redirect: SPiD's `/logout` and OpenID Connect's `end_session_endpoint` at once. Decides in this order:
 * parameters, vocabulary, client, address, proof; then ends, then goes on.
 */
export function redirectLogout(parts: DoorParts) {
  return async (app: FastifyInstance): Promise<void> => {
    const records = logoutRecords(parts)
    const show = logoutPages(parts, records)
    const frames = frontChannel(parts, records)
    const goOn = logoutOnward(records, show, frames)

    // A link checker or a browser that fetches ahead has not been told to sign anybody out.
    app.head(paths.logout, (_request, reply) => reply.header('cache-control', 'no-store').send())
    app.get(paths.logout, async (request, reply) => {
      if (provenance(request.headers).prefetch)
        return reply.code(503).header('cache-control', 'no-store').send()
      return withRefusals(request, reply, async () => {
        const { continue: kept, ...query } = queryOf(request)
        const asked = kept === undefined ? await readLogoutRequest(query, parts) : await takeKept(kept)
        return serve(asked, request, reply)
      })
    })
    app.post(paths.logout, (request, reply) =>
      withRefusals(request, reply, async () => {
        const asked = await readLogoutRequest(merged(queryOf(request), formOf(request)), parts)
        return lacksItsCookie(request) ? keepForGet(asked, request, reply) : serve(asked, request, reply)
      })
    )
    app.post(paths.confirm, (request, reply) => confirm(request, reply))
    app.get(paths.confirm, (request, reply) => show.confirmation(request, reply))
    app.get(paths.signedOut, (request, reply) => show.signedOut(request, reply))
    app.get(frontChannelPath, (request, reply) => frames.show(request, reply))
    app.get(paths.stopped, (request, reply) => show.stopped(request, reply))

    async function serve(
      asked: LogoutRequest,
      request: FastifyRequest,
      reply: FastifyReply
    ): Promise<unknown> {
      const session = await theSessionOf(request)
      const resolved = await resolveLogout(asked, session, parts)
      if ('refused' in resolved) return refuse(resolved.refused, asked, session, request, reply)
      if (session && !(await isProven(resolved, session, provenance(request.headers), parts)))
        return ask(asked, session, request, reply)
      return endAndGoOn(resolved, session, request, reply)
    }

    /** @throws UtgangError `invalid_request` where two session cookies come: one is not ours, and neither may be called ended */
    async function theSessionOf(request: FastifyRequest): Promise<Session | undefined> {
      if (comesTwice(request.headers.cookie, sessionCookie)) throw new UtgangError('invalid_request')
      return sessionOf(parts, request)
    }

    async function endAndGoOn(
      resolved: ResolvedLogout,
      session: Session | undefined,
      request: FastifyRequest,
      reply: FastifyReply
    ): Promise<unknown> {
      const { client, request: asked } = resolved
      const ended = await end(resolved, session, request)
      // Of two clicks the browser may never have heard the answer to the first: it was the same logout.
      const before = session || ended !== null ? undefined : await leftBefore(request, parts)
      const receiptId = ended ?? before?.endedBy ?? null
      if (!session && receiptId === null && isKept(resolved, request)) {
        const wait = await parts.limits.keptPosts.take(request.ip)
        if (wait > 0) return tooMany(wait, request, reply)
      }
      clearBrowser(request, reply, receiptId)
      // A frame does not bring the session's cookie along, so it proves nothing of this browser.
      if (client && asked.ticketHash !== undefined && isTopLevel(request.headers))
        await records.putReturn(asked.ticketHash, { clientId: client.clientId, receiptId })
      return goOn(resolved, { session: session ?? before, receiptId }, request, reply)
    }

    async function end(
      { request: asked, client, presented, tokenIgnored }: ResolvedLogout,
      session: Session | undefined,
      request: FastifyRequest
    ): Promise<string | null> {
      if (!session && !presented) return null
      const { receiptId, state } = await parts.heart.end({
        name: asked.vocabulary === 'oidc' ? 'rp_initiated' : 'redirect',
        sessionUid: session?.uid,
        sub: session?.sub ?? presented?.sub ?? undefined,
        clientId: client?.clientId,
        presented,
        by: askedBy(request),
        detail: tokenIgnored && { token_left_alone: tokenIgnored }
      })
      if (receiptId !== null && state === 'ended') await parts.firstAttempts(receiptId)
      return receiptId
    }

    function clearBrowser(request: FastifyRequest, reply: FastifyReply, receiptId: string | null): void {
      reply.header('clear-site-data', '"cache", "storage"').header('set-login', 'logged-out')
      if (request.headers.cookie?.includes(`${sessionCookie}=`)) expireCookie(reply, sessionCookie)
      // A frame or an image on another site brings these two cookies without the session's, which may be alive.
      if (isTopLevel(request.headers)) {
        markSignedOut(request, reply, parts.config)
        renewState(request, reply, parts)
      }
      if (receiptId === null) return
      reply.header('utgang-receipt', receiptId)
      parts.receiptCookie.set(reply, receiptId)
    }

    /** Puts the request away and asks; the page belongs to the session for which it is shown. */
    async function ask(
      asked: LogoutRequest,
      session: Session,
      request: FastifyRequest,
      reply: FastifyReply
    ): Promise<unknown> {
      const id = await records.putPending(asked, session)
      if (canBeLoadedAgain(request)) return show.confirmPage(reply, asked, session, id)
      return seeOther(reply, `${paths.confirm}?request=${id}`)
    }

    async function confirm(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
      if (!isOwnForm(provenance(request.headers), parts.config.issuer)) throw new UtgangError('csrf_failed')
      const { request: id = '', decision } = formOf(request)
      const pending = await records.findPending(id)
      if (!pending) throw new UtgangError('request_expired')
      const session = await theSessionOf(request)
      // Without a live session it has happened already: a second click lands where the first one did.
      if (session && session.uid !== pending.sessionUid)
        throw new UtgangError('csrf_failed', 'This page was shown for another sign-in.')
      if (decision === 'stay') return seeOther(reply, '/')
      const resolved = await resolveLogout(pending.asked, session, parts)
      if ('refused' in resolved) return refuse(resolved.refused, pending.asked, session, request, reply)
      return endAndGoOn(resolved, session, request, reply)
    }

    /** Answers what cannot even be read as what cannot be done: a page, nothing ended, nobody sent anywhere. */
    async function withRefusals(
      request: FastifyRequest,
      reply: FastifyReply,
      answer: () => Promise<unknown>
    ): Promise<unknown> {
      try {
        return await answer()
      } catch (error) {
        const code = error instanceof UtgangError ? error.code : 'server_error'
        if (errorTable[code].status === 400)
          return refuse(code, { vocabulary: 'oidc' }, await sessionOf(parts, request), request, reply)
        if (!isPassing(code) || !carriesToken(request.query)) throw error
        request.log.error({ err: error }, code)
        return seeOther(reply, `${paths.stopped}?error=${code}`)
      }
    }

    async function refuse(
      code: ErrorCode,
      { clientId, locale }: LogoutRequest,
      session: Session | undefined,
      request: FastifyRequest,
      reply: FastifyReply
    ): Promise<unknown> {
      const wait = await parts.limits.refusals.take(request.ip)
      if (wait > 0) return tooMany(wait, request, reply)
      await parts.storage.writeAudit(
        {
          event: 'logout_refused',
          clientId: clientId?.slice(0, longestKept),
          sub: session?.sub,
          ...askedBy(request),
          detail: { code }
        },
        parts.clock.now()
      )
      const outcome = { refused: code, locale }
      const stays = request.method === 'POST' || code === 'request_expired' || canBeLoadedAgain(request)
      if (stays && !carriesToken(request.query)) return show.outcome(request, reply, outcome)
      return seeOther(reply, `${paths.stopped}?outcome=${await records.putOutcome(outcome)}`)
    }

    /** A cross-site POST arrives without the `Lax` cookie; one that says nothing of where it comes from may be such. */
    function lacksItsCookie(request: FastifyRequest): boolean {
      const { site } = provenance(request.headers)
      const marked = site === 'same-origin' || site === 'same-site'
      return !marked && readCookie(request.headers.cookie, sessionCookie) === undefined
    }

    /** The GET that follows carries the cookie, and is judged by its own cookie and headers alone. */
    async function keepForGet(
      asked: LogoutRequest,
      request: FastifyRequest,
      reply: FastifyReply
    ): Promise<unknown> {
      const wait = await parts.limits.keptPosts.take(request.ip)
      if (wait > 0) return tooMany(wait, request, reply)
      return seeOther(reply, `${paths.logout}?continue=${await records.putContinued(asked)}`)
    }

    function tooMany(waitSeconds: number, request: FastifyRequest, reply: FastifyReply): FastifyReply {
      reply.header('retry-after', String(waitSeconds))
      if (!carriesToken(request.query)) throw new UtgangError('too_many_requests')
      return seeOther(reply, `${paths.stopped}?error=too_many_requests`)
    }

    async function takeKept(id: string): Promise<LogoutRequest> {
      const asked = await records.takeContinued(id)
      if (!asked) throw new UtgangError('request_expired')
      return asked
    }
  }
}

/** Whether the answer to a logout leaves something in the storage, though it may have ended nothing. */
function isKept({ request: { ticketHash }, mismatch }: ResolvedLogout, request: FastifyRequest): boolean {
  return ticketHash !== undefined || (mismatch && !canBeLoadedAgain(request))
}

function merged(query: Parameters, form: Parameters): Parameters {
  for (const name of Object.keys(form)) {
    if (query[name] !== undefined)
      throw new UtgangError('duplicate_parameter', `${name} is in the address and in the form`)
  }
  return { ...query, ...form }
}
