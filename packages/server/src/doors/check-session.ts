import { hash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { checkSessionPath } from '../oidc/paths.ts'
import { checkSessionPage, checkSessionScript } from '../pages/check-session.ts'

/**
 * Headers of the page: the same bytes for everybody, without anything of anybody. The one page that may be framed, by
 * everybody: what it answers fits one client's own origin alone, there is nothing on it to click, and a list of origins
 * would name the clients. A page that demands it of its frames (`Cross-Origin-Embedder-Policy`) finds it so.
 */
const headers = {
  'cache-control': 'public, max-age=300',
  'content-security-policy': `default-src 'none'; script-src ${checkSessionScript}; base-uri 'none'; form-action 'none'; frame-ancestors *`,
  'cross-origin-resource-policy': 'cross-origin',
  'cross-origin-embedder-policy': 'require-corp',
  etag: `"${hash('sha256', checkSessionPage, 'base64url').slice(0, 16)}"`
}

/** `check_session_iframe` (OpenID Connect Session Management 1.0 §3.2, §3.3): all of it happens in the browser. */
export async function checkSession(app: FastifyInstance): Promise<void> {
  app.get(checkSessionPath, { config: { quiet: true } }, (request, reply) => {
    reply.headers(headers).removeHeader('x-frame-options').removeHeader('cross-origin-opener-policy')
    if (request.headers['if-none-match'] === headers.etag) return reply.code(304).send()
    return reply.type('text/html; charset=utf-8').send(checkSessionPage)
  })
}
