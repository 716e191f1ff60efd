import { readFileSync } from 'node:fs'
import formbody from '@fastify/formbody'
import fastify, { type FastifyInstance } from 'fastify'
import { html } from './html.ts'
import { registerLogin } from './login.ts'
import { registerLogout } from './logout.ts'
import type { Outgoing } from './outgoing.ts'
import { pendingSignIns } from './pending-sign-ins.ts'
import { rpSessions } from './rp-session.ts'
import { registerSdkBackend } from './sdk-backend.ts'
import { askAgainFirst } from './session-check.ts'
import { connect, type SignInServer } from './sign-in-server.ts'
import type { Site, SiteParts } from './site-parts.ts'
import { triedCookie } from './tried-cookie.ts'

const sdkModule = new URL(import.meta.resolve('@utgang/browser'))

/** Builds one site: sign-in, sign-out, its own pages, its files. Does not listen yet. */
export async function openSite(
  site: Site,
  pages: (app: FastifyInstance, parts: SiteParts) => void,
  { issuer, outgoing }: { issuer: string; outgoing: Outgoing }
): Promise<FastifyInstance> {
  const server = await connect(issuer, site.client, outgoing)
  const parts = partsOf(site, server, outgoing)
  const app = fastify({ logger: { level: 'error' }, forceCloseConnections: true })
  await app.register(formbody)
  guard(app, site, issuer)
  registerFiles(app, site)
  registerLogin(app, parts)
  registerLogout(app, parts)
  registerSdkBackend(app, parts)
  pages(app, parts)
  app.setNotFoundHandler((request, reply) =>
    parts.show(reply.code(404), parts.visitorOf(request), {
      title: 'Nothing here',
      main: html`<section class="notice"><h1>Nothing here</h1><p>There is no page at this address. <a href="/">Go to the front page</a></p></section>`
    })
  )
  return app
}

function partsOf(site: Site, server: SignInServer, outgoing: Outgoing): SiteParts {
  const sessions = rpSessions(site.id)
  const parts: SiteParts = {
    site,
    server,
    sessions,
    pending: pendingSignIns(site.id),
    tried: triedCookie(site.id),
    outgoing,
    visitorOf: request => ({
      session: sessions.live(request),
      left: sessions.left(request),
      at: request.url
    }),
    show: (reply, visitor, page) =>
      reply
        .header('cache-control', 'no-store')
        .type('text/html; charset=utf-8')
        .send(site.frame(page, visitor).markup),
    page: render => async (request, reply) => {
      if (await askAgainFirst(parts, request, reply)) return reply
      const visitor = parts.visitorOf(request)
      return parts.show(reply, visitor, await render(request, reply, visitor))
    }
  }
  return parts
}

function guard(app: FastifyInstance, site: Site, issuer: string): void {
  const policy = [
    "default-src 'none'",
    `script-src 'self'${site.sdk === 'script_of_the_server' ? ` ${issuer}/js/utgang.js` : ''}`,
    // The SDK asks this site's own backend and the sign-in server.
    `connect-src 'self' ${issuer}`,
    "style-src 'self'",
    "img-src 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    // A sign-out form is answered with a redirect to the sign-in server, which Chromium counts as where the form goes.
    `form-action 'self' ${issuer}`
  ].join('; ')
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      // The sign-in server may see from which site somebody comes to sign out, but not from which page.
      'referrer-policy': 'strict-origin-when-cross-origin'
    })
    const { origin } = request.headers
    if (request.method === 'POST' && origin !== undefined && origin !== site.address)
      return reply.code(403).send('This form came from another site.')
  })
}

function registerFiles(app: FastifyInstance, site: Site): void {
  const read = (path: string, base: URL): Buffer => readFileSync(new URL(path, base))
  const css = Buffer.concat([read('./site.css', site.folder), read('./panels.css', new URL(import.meta.url))])
  app.get('/site.css', (_request, reply) => reply.type('text/css; charset=utf-8').send(css))
  script('/back-button.js', read('./back-button.js', new URL(import.meta.url)))
  script('/sign-out-page.js', read('./sign-out-page.js', new URL(import.meta.url)))
  script('/sdk.js', read('./sdk.js', site.folder))
  if (site.sdk === 'module_of_the_site') script('/utgang.js', readFileSync(sdkModule))
  app.get<{ Params: { name: string } }>('/pictures/:name', (request, reply) => {
    const { name } = request.params
    if (!/^[a-z-]+\.svg$/.test(name)) return reply.callNotFound()
    try {
      return reply.type('image/svg+xml').send(read(`./pictures/${name}`, site.folder))
    } catch {
      return reply.callNotFound()
    }
  })

  function script(path: string, text: Buffer): void {
    app.get(path, (_request, reply) => reply.type('text/javascript; charset=utf-8').send(text))
  }
}
