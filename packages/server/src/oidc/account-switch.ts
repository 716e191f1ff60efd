import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { UtgangError } from '../errors.ts'
import { switchAccountPage } from '../pages/switch-account.ts'
import type { User } from '../storage/records.ts'
import { hashSecret, newSecret } from '../storage/secrets.ts'
import { html, seeOther } from '../web/answers.ts'
import { askedBy } from '../web/asking.ts'
import { formOf } from '../web/parameters.ts'
import { interactionPath } from './paths.ts'
import { restartOf } from './restart.ts'
import { type Asked, nameOf, type SignInParts, signedInAs } from './steps.ts'

/** How long the question stays open, in seconds. */
const openSeconds = 600

/**
 * Somebody else has given the right password in a browser where a session is live: a page says who will be signed
 * out. One browser holds one OP session.
 */
export async function offerSwitch(
  steps: SignInParts,
  asked: Asked,
  reply: FastifyReply,
  to: User,
  remember: boolean
): Promise<FastifyReply> {
  if (!asked.current) throw new UtgangError('request_expired')
  const ticket = newSecret()
  await steps.storage.putRecord({
    kind: 'account_switch',
    hash: hashSecret(ticket),
    payload: { interaction: hashSecret(asked.uid), sub: to.sub, mark: to.mark, remember },
    expiresAt: steps.clock.now() + openSeconds,
    sessionUid: asked.current.sessionUid
  })
  return html(
    reply,
    switchAccountPage({
      action: `${interactionPath}/${asked.uid}/switch`,
      ticket,
      from: asked.current.user,
      to,
      clientName: nameOf(asked.client),
      locale: asked.locale
    })
  )
}

/** The answer to that page: the heart ends the old session, then the authorization goes on with a clean one. */
export function registerAccountSwitch(app: FastifyInstance, steps: SignInParts): void {
  app.post(`${interactionPath}/:uid/switch`, async (request: FastifyRequest, reply: FastifyReply) => {
    const asked = await steps.ask(request, reply)
    if (!asked) return reply
    const { ticket = '', choice } = formOf(request)
    const record = await steps.storage.takeRecord('account_switch', hashSecret(ticket), steps.clock.now())
    // The page was used already (a second click), was open for too long, or spoke of somebody who is signed in here no
    // more; and whoever stays goes on as who she is.
    const answers =
      record?.payload.interaction === hashSecret(asked.uid) && record.sessionUid === asked.current?.sessionUid
    if (!record || !answers || choice !== 'switch') return seeOther(reply, restartOf(asked.params))
    await steps.heart.end({
      name: 'account_switch',
      sessionUid: asked.current?.sessionUid,
      sub: asked.current?.user.sub,
      clientId: asked.client?.clientId,
      by: askedBy(request)
    })
    await detach(steps, asked.uid)
    const { sub, mark, remember } = record.payload
    return steps.finish(
      request,
      reply,
      signedInAs(asked, { sub: String(sub), mark: String(mark) }, remember === true)
    )
  })
}

/** Takes the ended session, and what its user had answered, out of the interaction, which would otherwise have ended with it. */
async function detach({ storage, clock }: SignInParts, uid: string): Promise<void> {
  const record = await storage.findRecord('interaction', hashSecret(uid), clock.now())
  if (!record) return
  const { session: _session, grantId: _grantId, lastSubmission: _answered, ...payload } = record.payload
  await storage.putRecord({
    kind: 'interaction',
    hash: hashSecret(uid),
    payload,
    expiresAt: record.expiresAt,
    sessionUid: null
  })
}
