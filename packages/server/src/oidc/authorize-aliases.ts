import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { seeOther } from '../web/answers.ts'
import { apart, type Parameters } from '../web/parameters.ts'
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
  app.post(routes.authorization, ({ query, body }, reply) => goOn(reply, {}, query, body))
  for (const [path, prompt] of Object.entries(aliases)) {
    app.get(path, ({ query }: FastifyRequest, reply: FastifyReply) =>
      goOn(reply, { response_type: 'code' }, query, prompt === undefined ? {} : { prompt })
    )
  }
}

/** Goes on with what was given; of what comes in two places the later counts. */
function goOn(reply: FastifyReply, ...given: unknown[]): FastifyReply {
  // `resource` alone may come several times (RFC 8707 §2).
  const parts = given.map(from => apart(from, 'resource'))
  const parameters: Parameters = Object.assign({}, ...parts.map(it => it.rest))
  const resources = parts.map(it => it.values).findLast(values => values.length > 0) ?? []
  // Built at once: setting one after the other looks through all of them each time.
  const query = new URLSearchParams([
    ...Object.entries(parameters).flatMap(([name, value]): [string, string][] =>
      value ? [[name, value]] : []
    ),
    ...resources.map((value): [string, string] => ['resource', value])
  ]).toString()
  refuseLongQuery(query)
  return seeOther(reply, `${routes.authorization}?${query}`)
}
