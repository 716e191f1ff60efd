import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { seeOther } from '../web/answers.ts'
import { formOf, type Parameters, queryOf } from '../web/parameters.ts'
import { routes } from './paths.ts'
import { refuseLongQuery } from './query-length.ts'

/** SPiD's addresses for signing in; each goes on to the authorization endpoint with what it was given. */
const aliases: Record<string, string | undefined> = {
  '/flow/login': undefined,
  '/flow/auth': undefined,
  '/login': undefined,
  '/flow/signup': 'create',
  '/signup': 'create'
}

/**
 * Other ways to the authorization endpoint: SPiD's paths, and a form post (OpenID Connect Core 1.0 §3.1.2.1), which
 * goes on as a GET so that the session's `Lax` cookie comes along.
 */
export async function authorizeAliases(app: FastifyInstance): Promise<void> {
  app.post(routes.authorization, (request, reply) => goOn(reply, { ...queryOf(request), ...formOf(request) }))
  for (const [path, prompt] of Object.entries(aliases)) {
    app.get(path, (request: FastifyRequest, reply: FastifyReply) => {
      const { response_type = 'code', ...rest } = queryOf(request)
      return goOn(reply, { ...rest, response_type, ...(prompt === undefined ? {} : { prompt }) })
    })
  }
}

function goOn(reply: FastifyReply, parameters: Parameters): FastifyReply {
  // Built at once: setting one after the other looks through all of them each time.
  const query = new URLSearchParams(
    Object.entries(parameters).flatMap(([name, value]): [string, string][] => (value ? [[name, value]] : []))
  ).toString()
  refuseLongQuery(query)
  return seeOther(reply, `${routes.authorization}?${query}`)
}
