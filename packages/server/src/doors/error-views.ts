import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { errorPage } from '../pages/error.ts'
import { localesFor } from '../pages/language.ts'
import { html } from '../web/answers.ts'
import { answerError, type ErrorView } from '../web/server.ts'

/** Shows an error to a person. */
export const pageErrors: ErrorView = (request, reply, { code, status, message }) =>
  html(
    reply.code(status),
    errorPage({ code, status, description: message, requestId: request.id, locale: localeOf(request) })
  )

/** Answers a program: the code as `error`, what was wrong, and the request's id for questions. */
export const showDataError: ErrorView = (request, reply, { code, status, message }) =>
  reply.code(status).send({ error: code, error_description: message, request_id: request.id })

/** The error handler of a part of the server that answers programs. */
export function dataErrors(error: FastifyError, request: FastifyRequest, reply: FastifyReply): unknown {
  return answerError(error, request, reply, showDataError)
}

function localeOf(request: FastifyRequest): string {
  const { ui_locales } = (request.query ?? {}) as { ui_locales?: unknown }
  return localesFor(ui_locales, request.headers)
}
