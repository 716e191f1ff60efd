import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { UtgangError } from '../errors.ts'
import { consentPage } from '../pages/consent.ts'
import { selectAccountPage } from '../pages/select-account.ts'
import { signInPage } from '../pages/sign-in.ts'
import type { User } from '../storage/records.ts'
import { readHint } from '../tokens/id-token-hint.ts'
import { findByPassword } from '../users/users.ts'
import { html, seeOther } from '../web/answers.ts'
import { askedBy } from '../web/asking.ts'
import { waitToTry, wasRight } from '../web/attempts.ts'
import { isOwnForm, provenance } from '../web/fetch-metadata.ts'
import { formOf, queryOf } from '../web/parameters.ts'
import { offerSwitch, registerAccountSwitch } from './account-switch.ts'
import type { Op } from './op.ts'
import type { OpParts } from './parts.ts'
import { interactionPath } from './paths.ts'
import { restartOf } from './restart.ts'
import { registerSignUp, showSignUp } from './sign-up.ts'
import { type Asked, nameOf, type SignInParts, signedInAs, signInParts } from './steps.ts'

/** The pages of signing in: password, sign-up, consent, choice of account, switch of account. */
export function signInSteps(parts: OpParts & { op: Op }) {
  return async (app: FastifyInstance): Promise<void> => {
    const steps = signInParts(parts)
    app.addHook('preHandler', async request => {
      if (request.method === 'POST' && !isOwnForm(provenance(request.headers), parts.config.issuer)) {
        throw new UtgangError('csrf_failed')
      }
    })
    app.get(`${interactionPath}/:uid`, (request, reply) => showStep(steps, request, reply))
    app.post(`${interactionPath}/:uid`, (request, reply) => signIn(steps, request, reply))
    app.post(`${interactionPath}/:uid/consent`, (request, reply) => consent(steps, request, reply))
    app.post(`${interactionPath}/:uid/account`, (request, reply) => chooseAccount(steps, request, reply))
    app.get(`${interactionPath}/:uid/cancel`, (request, reply) => cancel(steps, request, reply))
    registerSignUp(app, steps)
    registerAccountSwitch(app, steps)
  }
}

async function showStep(steps: SignInParts, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const asked = await steps.ask(request, reply)
  if (!asked) return reply
  const { page } = queryOf(request)
  const { current, uid, client, locale } = asked
  if (page !== 'sign-in') {
    if (asked.prompt === 'create') return showSignUp(asked, reply)
    if (asked.prompt === 'select_account' && current) {
      return html(
        reply,
        selectAccountPage({
          action: `${interactionPath}/${uid}/account`,
          user: current.user,
          clientName: nameOf(client),
          locale
        })
      )
    }
    if (asked.prompt === 'consent' && current) {
      return html(
        reply,
        consentPage({
          action: `${interactionPath}/${uid}/consent`,
          clientName: nameOf(client),
          clientUri: client?.uri,
          scopes: scopesOf(asked),
          user: current.user,
          locale
        })
      )
    }
  }
  return showSignIn(asked, reply)
}

function showSignIn(
  asked: Asked,
  reply: FastifyReply,
  again: { login?: string; remember?: boolean; error?: { code: string; retryAfterSeconds?: number } } = {}
): FastifyReply {
  const { uid, client, locale, current, params } = asked
  const hint = typeof params.login_hint === 'string' ? params.login_hint : undefined
  return html(
    reply,
    signInPage({
      action: `${interactionPath}/${uid}`,
      login: again.login ?? hint,
      remember: again.remember ?? true,
      error: again.error,
      clientName: nameOf(client),
      signUpHref: `${interactionPath}/${uid}/sign-up`,
      cancelHref: `${interactionPath}/${uid}/cancel`,
      current: current?.user,
      locale
    })
  )
}

async function signIn(steps: SignInParts, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const asked = await steps.ask(request, reply)
  if (!asked) return reply
  const { login = '', password = '', remember } = formOf(request)
  const remembered = remember !== undefined
  const wait = await waitToTry(steps.limits, login, request.ip)
  if (wait > 0) {
    reply.code(429).header('retry-after', String(wait))
    return showSignIn(asked, reply, {
      login,
      remember: remembered,
      error: { code: 'too_many_attempts', retryAfterSeconds: wait }
    })
  }
  const user = await findByPassword(steps.storage, login, password)
  await steps.storage.writeAudit(
    {
      event: user ? 'sign_in' : 'sign_in_failed',
      sub: user?.sub,
      clientId: asked.client?.clientId,
      ...askedBy(request),
      detail: { by: 'password' }
    },
    steps.clock.now()
  )
  if (!user) {
    reply.code(401)
    return showSignIn(asked, reply, { login, remember: remembered, error: { code: 'invalid_credentials' } })
  }
  await wasRight(steps.limits, login, request.ip)
  if (await isAskedForAnother(steps, asked, user)) return steps.finish(request, reply, anotherIsMeant)
  if (asked.current && asked.current.user.sub !== user.sub)
    return offerSwitch(steps, asked, reply, user, remembered)
  return steps.finish(request, reply, signedInAs(asked, user, remembered))
}

/** Whether `id_token_hint` names somebody else: then the client gets an error, never this person (OpenID Connect Core 1.0 §3.1.2.1). */
async function isAskedForAnother(
  { keys, config }: SignInParts,
  { params }: Asked,
  user: User
): Promise<boolean> {
  const { id_token_hint: given } = params
  const hint = typeof given === 'string' ? await readHint(given, keys(), config.issuer) : undefined
  return hint !== undefined && hint.sub !== user.sub
}

const anotherIsMeant = {
  error: 'login_required',
  error_description: 'the End-User is not the one whom id_token_hint names'
}

async function consent(steps: SignInParts, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const asked = await steps.ask(request, reply)
  if (!asked) return reply
  if (formOf(request).decision !== 'allow') return steps.finish(request, reply, denied)
  if (!asked.current || !asked.client) return seeOther(reply, restartOf(asked.params))
  await steps.storage.saveConsent(
    { sub: asked.current.user.sub, clientId: asked.client.clientId, scopes: scopesOf(asked) },
    steps.clock.now()
  )
  return steps.finish(request, reply, { consent: {} })
}

async function chooseAccount(
  steps: SignInParts,
  request: FastifyRequest,
  reply: FastifyReply
): Promise<unknown> {
  const asked = await steps.ask(request, reply)
  if (!asked) return reply
  if (formOf(request).choice === 'continue' && asked.current)
    return steps.finish(request, reply, { select_account: {} })
  return seeOther(reply, `${interactionPath}/${asked.uid}?page=sign-in`)
}

async function cancel(steps: SignInParts, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const asked = await steps.ask(request, reply)
  return asked ? steps.finish(request, reply, denied) : reply
}

const denied = { error: 'access_denied', error_description: 'the End-User said no' }

function scopesOf(asked: Asked): string[] {
  return String(asked.params.scope ?? '')
    .split(' ')
    .filter(Boolean)
}
