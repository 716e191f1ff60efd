import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Session } from '../storage/records.ts'
import { seeOther } from '../web/answers.ts'
import { type FrontChannelPages, frontChannelPath } from './front-channel.ts'
import type { ResolvedLogout } from './logout-decision.ts'
import { type LogoutPages, paths } from './logout-pages.ts'
import type { LogoutRecords } from './logout-records.ts'
import { carriesToken } from './logout-request.ts'

/**
 * Where a browser goes after a logout: past the page with the frames, where an application of the session needs one, to
 * the registered address, or else to our own page.
 */
export function logoutOnward(records: LogoutRecords, show: LogoutPages, frames: FrontChannelPages) {
  return async (
    { request: { locale }, client, target, mismatch }: ResolvedLogout,
    { session, receiptId }: { session: Session | undefined; receiptId: string | null },
    request: FastifyRequest,
    reply: FastifyReply
  ): Promise<unknown> => {
    const asked = session && receiptId !== null ? await frames.toAsk(session) : []
    const outcome = { error: 'redirect_uri_mismatch', clientId: client?.clientId, receiptId, locale } as const
    if (asked.length === 0 && mismatch && canBeLoadedAgain(request))
      return show.outcome(request, reply, outcome)
    const ours = mismatch ? `?outcome=${await records.putOutcome(outcome)}` : localeQuery(locale)
    const next = target ?? paths.signedOut + ours
    if (asked.length === 0 || receiptId === null) return seeOther(reply, next)
    const nextClientId = target === undefined ? undefined : client?.clientId
    const id = await records.putFrontChannel({ receiptId, asked, next, nextClientId, locale })
    return seeOther(reply, `${frontChannelPath}?page=${id}`)
  }
}

/** Whether a page shown in answer to this request is the same when its address is loaded again, and names no token. */
export function canBeLoadedAgain({ method, query }: FastifyRequest): boolean {
  return method === 'GET' && !carriesToken(query) && !Object.hasOwn(query as object, 'continue')
}

function localeQuery(locale: string | undefined): string {
  return locale === undefined ? '' : `?ui_locales=${encodeURIComponent(locale)}`
}
