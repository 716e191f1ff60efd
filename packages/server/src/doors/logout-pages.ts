import type { FastifyReply, FastifyRequest } from 'fastify'
import { type ErrorCode, errorTable, UtgangError } from '../errors.ts'
import { receiptForBrowser } from '../logout/receipt.ts'
import { confirmLogoutPage } from '../pages/confirm-logout.ts'
import { errorPage } from '../pages/error.ts'
import { type SignedOutReceipt, signedOutPage } from '../pages/signed-out.ts'
import { hashSecret } from '../storage/secrets.ts'
import type { Session } from '../storage/storage.ts'
import { html } from '../web/answers.ts'
import { queryOf } from '../web/parameters.ts'
import { type DoorParts, sessionOf } from './door.ts'
import type { LogoutRequest } from './logout-request.ts'

/** The addresses of the redirect logout and its pages. */
export const paths = {
  logout: '/logout',
  confirm: '/logout/confirm',
  signedOut: '/logout/signed-out',
  stopped: '/logout/stopped'
} as const

/** What a page tells after a logout that does not go back to a client, or after one that was refused. */
export type Outcome =
  | {
      error: 'redirect_uri_mismatch'
      clientId: string | undefined
      receiptId: string | null
      locale: string | undefined
    }
  | { refused: ErrorCode; pending: string | undefined; locale: string | undefined }

/** The pages of the redirect logout. */
export function logoutPages(parts: DoorParts) {
  const { storage, clients, clock } = parts

  return {
    /** The confirmation page at its own, clean address. */
    async confirmation(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const { request: id = '' } = queryOf(request)
      const record = await storage.findRecord('pending_logout', hashSecret(id), clock.now())
      const session = await sessionOf(parts, request)
      if (!record) throw new UtgangError('request_expired')
      if (!session) return signedOut(request, reply)
      if (session.uid !== record.sessionUid)
        throw new UtgangError('csrf_failed', 'This page was shown for another sign-in.')
      return confirmPage(reply, record.payload as unknown as LogoutRequest, session, id)
    },

    confirmPage,
    signedOut,

    /** A refused logout at its own, clean address. */
    async stopped(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const found = await findOutcome(request)
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
        locale: asked.locale
      })
    )
  }

  async function signedOut(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const found = await findOutcome(request)
    if (found) return outcome(request, reply, found)
    const { ui_locales: locale } = queryOf(request)
    return html(reply, signedOutPage({ receipt: await ownReceipt(request), locale }))
  }

  async function findOutcome(request: FastifyRequest): Promise<Outcome | undefined> {
    const { outcome: id } = queryOf(request)
    if (id === undefined) return undefined
    return (await storage.findRecord('logout_outcome', hashSecret(id), clock.now()))?.payload as
      | Outcome
      | undefined
  }

  async function outcome(request: FastifyRequest, reply: FastifyReply, it: Outcome): Promise<FastifyReply> {
    if ('refused' in it) {
      reply.code(errorTable[it.refused].status)
      const session = it.pending === undefined ? undefined : await sessionOf(parts, request)
      const user = session && (await storage.findUser(session.sub))
      const signOut =
        user && it.pending !== undefined
          ? { action: paths.confirm, request: it.pending, user: { name: user.name, email: user.email } }
          : undefined
      return html(
        reply,
        errorPage({
          code: it.refused,
          status: errorTable[it.refused].status,
          requestId: request.id,
          signOut,
          locale: it.locale
        })
      )
    }
    const client = it.clientId === undefined ? undefined : await clients.find(it.clientId)
    reply.code(errorTable[it.error].status)
    const receipt = await receiptOf(it.receiptId)
    return html(
      reply,
      signedOutPage({
        error: { code: it.error },
        clientName: client?.name,
        clientUri: client?.uri,
        receipt,
        locale: it.locale
      })
    )
  }

  /** The receipt that this browser may read: that of its own last logout. */
  async function ownReceipt(request: FastifyRequest): Promise<SignedOutReceipt | undefined> {
    return receiptOf(parts.receiptCookie.read(request) ?? null)
  }

  async function receiptOf(id: string | null): Promise<SignedOutReceipt | undefined> {
    const found = id === null ? undefined : await receiptForBrowser(storage, id)
    if (!found) return undefined
    const applications = await Promise.all(
      found.clients.map(async ({ clientId, state }) => {
        const client = await clients.find(clientId)
        // A delivery that no worker has touched yet is only queued: the page must not sound as if it had been sent.
        const shown = state === 'not_registered' ? 'none' : state === 'pending' ? 'queued' : state
        return { name: client?.name ?? clientId, uri: client?.uri, state: shown } as const
      })
    )
    return {
      id: found.id,
      at: found.at,
      sessionsEnded: found.sessions_ended,
      tokensRevoked: found.grants_revoked + found.tokens_revoked > 0,
      applications
    }
  }
}
