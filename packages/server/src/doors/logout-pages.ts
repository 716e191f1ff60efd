import type { FastifyReply, FastifyRequest } from 'fastify'
import { errorTable, UtgangError } from '../errors.ts'
import { routes } from '../oidc/paths.ts'
import { confirmLogoutPage } from '../pages/confirm-logout.ts'
import { errorPage } from '../pages/error.ts'
import { languageOf, localesFor } from '../pages/language.ts'
import type { SignedOutReceipt } from '../pages/receipt.ts'
import { signedOutPage } from '../pages/signed-out.ts'
import type { Session } from '../storage/records.ts'
import { html, seeOther } from '../web/answers.ts'
import { countVisit, sessionOf } from '../web/asking.ts'
import { pagePolicy } from '../web/headers.ts'
import { queryOf } from '../web/parameters.ts'
import type { DoorParts } from './door.ts'
import type { LogoutRecords, Outcome } from './logout-records.ts'
import type { LogoutRequest } from './logout-request.ts'
import { receiptEventsPath } from './receipt-events.ts'
import { signedOutReceipt } from './signed-out-receipt.ts'

/** The addresses of the redirect logout and its pages. */
export const paths = {
  logout: routes.end_session,
  confirm: '/logout/confirm',
  signedOut: '/logout/signed-out',
  stopped: '/logout/stopped'
} as const

/** Errors that pass: the same request may succeed in a moment. Where its address held a token, they are shown elsewhere. */
const passing = ['too_many_requests', 'storage_unavailable', 'server_error'] as const

/** Whether an error is one of {@link passing}. */
export const isPassing = (code: string): code is (typeof passing)[number] =>
  passing.some(known => known === code)

/** See {@link logoutPages}. */
export type LogoutPages = ReturnType<typeof logoutPages>

/** The pages of the redirect logout. */
export function logoutPages(parts: DoorParts, records: LogoutRecords) {
  const { storage, clients } = parts

  return {
    /** The confirmation page at its own, clean address. */
    async confirmation(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { request: id = '' } = queryOf(request)
      const pending = await records.findPending(id)
      if (!pending) throw new UtgangError('request_expired')
      const session = await sessionOf(parts, request)
      if (!session) return signedOut(request, reply)
      if (session.uid !== pending.sessionUid)
        throw new UtgangError('csrf_failed', 'This page was shown for another sign-in.')
      return confirmPage(reply, pending.asked, session, id)
    },

    confirmPage,
    signedOut,

    /** A refused logout at its own, clean address. */
    async stopped(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { error } = queryOf(request)
      const found: Outcome | undefined =
        error !== undefined && isPassing(error)
          ? { refused: error, locale: queryOf(request).ui_locales }
          : await outcomeOf(request)
      if (!found) throw new UtgangError('request_expired')
      return outcome(request, reply, found)
    },

    outcome
  }

  async function confirmPage(
    reply: FastifyReply,
    asked: LogoutRequest,
    session: Session,
    id: string
  ): Promise<FastifyReply> {
    await countVisit(parts, reply.request, session)
    const [user, client] = await Promise.all([
      storage.findUser(session.sub),
      asked.clientId === undefined ? undefined : clients.find(asked.clientId)
    ])
    return html(
      reply,
      confirmLogoutPage({
        action: paths.confirm,
        request: id,
        user: { name: user?.name ?? '', email: user?.email ?? '' },
        clientName: client?.name,
        locale: localesFor(asked.locale, reply.request.headers)
      })
    )
  }

  async function signedOut(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    // Somebody has signed in since, and the page would say what is no longer so.
    if (await sessionOf(parts, request)) return seeOther(reply, '/')
    const found = await outcomeOf(request)
    if (found) return outcome(request, reply, found)
    const { ui_locales: locale } = queryOf(request)
    return endPage(reply, { receipt: await receiptOf(ownReceipt(request)), locale })
  }

  /** What the address names. Whoever knows it reads the error; the receipt is for the browser that logged out. */
  async function outcomeOf(request: FastifyRequest): Promise<Outcome | undefined> {
    const { outcome: id } = queryOf(request)
    const found = id === undefined ? undefined : await records.findOutcome(id)
    if (!found || 'refused' in found || found.receiptId === ownReceipt(request)) return found
    return { ...found, receiptId: null }
  }

  async function outcome(request: FastifyRequest, reply: FastifyReply, it: Outcome): Promise<FastifyReply> {
    if ('refused' in it) return stoppedPage(request, reply, it)
    const client = it.clientId === undefined ? undefined : await clients.find(it.clientId)
    return endPage(reply.code(errorTable[it.error].status), {
      error: { code: it.error },
      clientName: client?.name,
      clientUri: client?.uri,
      receipt: await receiptOf(it.receiptId),
      locale: it.locale
    })
  }

  /** Says what was wrong with the request, and still lets whoever is signed in sign out (RP-Initiated Logout 1.0 §4). */
  async function stoppedPage(
    request: FastifyRequest,
    reply: FastifyReply,
    { refused, locale }: Extract<Outcome, { refused: unknown }>
  ): Promise<FastifyReply> {
    const session = await sessionOf(parts, request)
    const user = session && (await storage.findUser(session.sub))
    const { status } = errorTable[refused]
    return html(
      reply.code(status),
      errorPage({
        code: refused,
        status,
        requestId: request.id,
        signOut: user && {
          action: paths.confirm,
          request: await records.putPending({ vocabulary: 'oidc', locale }, session),
          user: { name: user.name, email: user.email }
        },
        locale: localesFor(locale, request.headers)
      })
    )
  }

  /** The receipt that this browser may read: that of its own last logout. */
  function ownReceipt(request: FastifyRequest): string | null {
    return parts.receiptCookie.read(request) ?? null
  }

  async function receiptOf(id: string | null): Promise<SignedOutReceipt | undefined> {
    return id === null ? undefined : signedOutReceipt(parts, id)
  }

  /** The page, with its script while something is under way. */
  function endPage(
    reply: FastifyReply,
    page: Omit<Parameters<typeof signedOutPage>[0], 'eventsAt'>
  ): FastifyReply {
    const { receipt } = page
    const locale = localesFor(page.locale, reply.request.headers)
    const isLive = receipt !== undefined && !receipt.isSettled
    if (isLive) reply.header('content-security-policy', pagePolicy({ script: true, events: true }))
    const eventsAt = isLive ? receiptEventsPath(receipt.id, languageOf(locale).lang) : undefined
    return html(reply, signedOutPage({ ...page, eventsAt, locale }))
  }
}
