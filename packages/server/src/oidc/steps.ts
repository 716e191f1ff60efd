import type { FastifyReply, FastifyRequest } from 'fastify'
import { errors } from 'oidc-provider'
import type { Client } from '../clients/client.ts'
import { UtgangError } from '../errors.ts'
import { localesFor } from '../pages/language.ts'
import { moveIdleLimit } from '../sessions/lifetime.ts'
import type { User } from '../storage/records.ts'
import { seeOther } from '../web/answers.ts'
import { sessionOf } from '../web/asking.ts'
import { readCookie } from '../web/cookies.ts'
import { prepare } from './mount.ts'
import type { Op } from './op.ts'
import type { OpParts } from './parts.ts'
import { interactionCookies } from './paths.ts'
import { restartOfKept } from './restart.ts'

/** One interaction: what oidc-provider wants to know from the person, and for whom it asks. */
export interface Asked {
  uid: string
  prompt: string
  params: Record<string, unknown>
  client: Client | undefined
  /** In which languages the person reads, best first. */
  locale: string
  /** Whoever is signed in in this browser now. */
  current: { user: User; sessionUid: string } | undefined
}

/** What the steps of signing in share. */
export interface SignInParts extends OpParts {
  op: Op
  /** The interaction of this request; `undefined` when the answer has been given already (it started again). */
  ask(request: FastifyRequest, reply: FastifyReply): Promise<Asked | undefined>
  /** Ends the interaction and goes back to the authorization. */
  finish(request: FastifyRequest, reply: FastifyReply, result: Record<string, unknown>): Promise<void>
}

/** Builds what the steps share. */
export function signInParts(parts: OpParts & { op: Op }): SignInParts {
  const { op, storage, clients } = parts
  return {
    ...parts,
    async ask(request, reply) {
      prepare(request)
      try {
        const { uid, prompt, params } = await op.provider().interactionDetails(request.raw, reply.raw)
        // The cookie decides; a page of another interaction than the cookie's is not answered with this one.
        if ((request.params as { uid?: string }).uid !== uid) throw new UtgangError('request_expired')
        const clientId = typeof params.client_id === 'string' ? params.client_id : ''
        // Nobody is asked for a password by, or sent to, what a start with another configuration has taken away since.
        const known = await op.provider().Client.find(clientId)
        if (!known?.redirectUriAllowed(String(params.redirect_uri))) {
          await startAgain(request, reply)
          return undefined
        }
        const session = await sessionOf(parts, request)
        const user = session && (await storage.findUser(session.sub))
        if (session) await moveIdleLimit(parts, session)
        return {
          uid,
          prompt: prompt.name,
          params,
          client: await clients.find(clientId),
          locale: localesFor(params.ui_locales, request.headers),
          current: session && user && { user, sessionUid: session.uid }
        }
      } catch (error) {
        if (!(error instanceof errors.SessionNotFound)) throw error
        await startAgain(request, reply)
        return undefined
      }
    },
    async finish(request, reply, result) {
      try {
        const target = await op
          .provider()
          .interactionResult(request.raw, reply.raw, result, { mergeWithLastSubmission: true })
        seeOther(reply, target)
      } catch (error) {
        if (!(error instanceof errors.SessionNotFound)) throw error
        await startAgain(request, reply)
      }
    }
  }

  async function startAgain(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const cookie = readCookie(request.headers.cookie, interactionCookies.interaction)
    const address = cookie === undefined ? undefined : await restartOfKept(cookie, parts)
    if (address === undefined) throw new UtgangError('request_expired')
    seeOther(reply, address)
  }
}

/** The result of a sign-in: also resolves the prompt that led here (`create`, `select_account`). */
export function signedInAs(
  asked: Asked,
  { sub, mark }: Pick<User, 'sub' | 'mark'>,
  remember: boolean
): Record<string, unknown> {
  return {
    login: { accountId: sub, remember, amr: ['pwd'], provenUnder: mark },
    ...(asked.prompt === 'login' ? {} : { [asked.prompt]: {} })
  }
}

/** The name of a client for people. */
export const nameOf = (client: Client | undefined): string => client?.name ?? ''
