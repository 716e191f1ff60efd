import type { FastifyInstance } from 'fastify'
import { homePage } from '../pages/home.ts'
import { localesFor } from '../pages/language.ts'
import { pageScripts } from '../pages/page-scripts.ts'
import { stylesheet, stylesheetHref } from '../pages/style.ts'
import { html, seeOther } from '../web/answers.ts'
import { countVisit, sessionOf } from '../web/asking.ts'
import { queryOf } from '../web/parameters.ts'
import type { DoorParts } from './door.ts'

/** The front page, which says who is signed in here, the addresses of the account, which lead there, the stylesheet of all pages and the scripts of a few. */
export function home(parts: DoorParts) {
  return async (app: FastifyInstance): Promise<void> => {
    app.get('/', async (request, reply) => {
      const session = await sessionOf(parts, request)
      if (session) await countVisit(parts, request, session)
      const user = session && (await parts.storage.findUser(session.sub))
      return html(
        reply,
        homePage({
          user: user && { name: user.name, email: user.email },
          locale: localesFor(queryOf(request).ui_locales, request.headers)
        })
      )
    })
    // Where SPiD's SDK sends people who want to see their account.
    for (const path of ['/account', '/account/summary'])
      app.get(path, (_request, reply) => seeOther(reply, '/'))
    for (const [path, script] of Object.entries(pageScripts))
      app.get(path, { config: { quiet: true } }, (_request, reply) =>
        reply
          .header('cache-control', 'public, max-age=300')
          .type('text/javascript; charset=utf-8')
          .send(script)
      )
    app.get(stylesheetHref, { config: { quiet: true } }, (_request, reply) =>
      reply.header('cache-control', 'public, max-age=300').type('text/css; charset=utf-8').send(stylesheet)
    )
  }
}
