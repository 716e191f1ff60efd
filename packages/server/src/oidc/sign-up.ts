import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { longestEmail, longestName, longestPassword, shortestPassword } from '../config/schema.ts'
import { UtgangError } from '../errors.ts'
import { type SignUpProblem, signUpCheckPage, signUpPage } from '../pages/sign-up.ts'
import { hashPassword } from '../users/passwords.ts'
import { newSub } from '../users/users.ts'
import { html } from '../web/answers.ts'
import { askedBy } from '../web/asking.ts'
import { formOf } from '../web/parameters.ts'
import { interactionPath } from './paths.ts'
import { type Asked, nameOf, type SignInParts } from './steps.ts'

/** The sign-up form of an interaction, and what it sends. */
export function registerSignUp(app: FastifyInstance, steps: SignInParts): void {
  app.get(`${interactionPath}/:uid/sign-up`, async (request, reply) => {
    const asked = await steps.ask(request, reply)
    return asked ? showSignUp(asked, reply) : reply
  })
  app.post(`${interactionPath}/:uid/sign-up`, (request, reply) => signUp(steps, request, reply))
}

/** Shows the sign-up form, again with what was wrong with it. */
export function showSignUp(
  asked: Asked,
  reply: FastifyReply,
  again: { email?: string; name?: string; problems?: SignUpProblem[] } = {}
): FastifyReply {
  const hint = typeof asked.params.login_hint === 'string' ? asked.params.login_hint : undefined
  return html(
    reply,
    signUpPage({
      action: `${interactionPath}/${asked.uid}/sign-up`,
      email: again.email ?? hint,
      name: again.name,
      problems: again.problems ?? [],
      shortestPassword,
      signInHref: signInHref(asked),
      clientName: nameOf(asked.client),
      locale: asked.locale
    })
  )
}

/**
 * Makes an account, unless the address has one. The answer is the same either way and takes as long (the password is
 * hashed first), so that nobody learns from it who has an account here.
 */
async function signUp(steps: SignInParts, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const asked = await steps.ask(request, reply)
  if (!asked) return reply
  const { email = '', name = '', password = '' } = formOf(request)
  const problems = problemsOf(email.trim(), name.trim(), password)
  if (problems.length > 0) {
    reply.code(400)
    return showSignUp(asked, reply, { email, name, problems })
  }
  const retryAfterSeconds = await steps.limits.hashes.take(request.ip)
  if (retryAfterSeconds > 0) throw new UtgangError('too_many_requests', undefined, { retryAfterSeconds })
  const passwordHash = await hashPassword(password)
  const sub = newSub()
  try {
    await steps.storage.addUser(
      { sub, email: email.trim(), name: name.trim(), passwordHash, claims: {} },
      steps.clock.now()
    )
    await steps.storage.writeAudit({ event: 'sign_up', sub, ...askedBy(request) }, steps.clock.now())
  } catch (error) {
    if (!(error instanceof UtgangError && error.code === 'duplicate_user')) throw error
    await steps.storage.writeAudit(
      { event: 'sign_up_of_known_address', ...askedBy(request) },
      steps.clock.now()
    )
  }
  return html(reply, signUpCheckPage({ signInHref: signInHref(asked), locale: asked.locale }))
}

function problemsOf(email: string, name: string, password: string): SignUpProblem[] {
  const problems: SignUpProblem[] = []
  if (email === '') problems.push({ field: 'email', code: 'required' })
  else if (email.length > longestEmail || !z.email().safeParse(email).success)
    problems.push({ field: 'email', code: 'invalid' })
  if (name === '') problems.push({ field: 'name', code: 'required' })
  else if (name.length > longestName) problems.push({ field: 'name', code: 'too_long' })
  if (password === '') problems.push({ field: 'password', code: 'required' })
  else if (password.length < shortestPassword) problems.push({ field: 'password', code: 'too_short' })
  else if (password.length > longestPassword) problems.push({ field: 'password', code: 'too_long' })
  return problems
}

const signInHref = (asked: Asked): string => `${interactionPath}/${asked.uid}?page=sign-in`
