import { readFileSync } from 'node:fs'
import formbody from '@fastify/formbody'
import { createAuth, memorySessions } from '@utgang/node'
import { fastifyAuth } from '@utgang/node/fastify'
import fastify, { type FastifyInstance } from 'fastify'
import { paths } from './clients.ts'
import { html } from './html.ts'
import { registerLogout } from './logout.ts'
import type { Outgoing } from './outgoing.ts'
import { signInServer } from './sign-in-server.ts'
import { leadElsewhere, registerSilentSignIn } from './sign-in-silently.ts'
import type { Site, SiteParts } from './site-parts.ts'
import { triedCookie } from './tried-cookie.ts'
import { newVisits } from './visits.ts'

const sdkModule = new URL(import.meta.resolve('@utgang/browser'))

/** Builds one site: the kit, sign-out without JavaScript, its own pages, its files. Does not listen yet. */
export async function openSite(
  site: Site,
  pages: (app: FastifyInstance, parts: SiteParts) => void,
  { issuer, outgoing }: { issuer: string; outgoing: Outgoing }
): Promise<FastifyInstance> {
  const parts = partsOf(site, issuer, outgoing)
  const app = fastify({ logger: { level: 'error' }, forceCloseConnections: true })
  await app.register(formbody)
  guard(app, site, issuer)
  await app.register(fastifyAuth, { auth: parts.auth })
  app.addHook('preClose', () => parts.auth.close())
  app.addHook('onClose', () => parts.sessions.close())
  registerFiles(app, site)
  registerSilentSignIn(app, parts)
  registerLogout(app, parts)
  pages(app, parts)
  app.setNotFoundHandler(async (request, reply) =>
    parts.show(reply.code(404), await parts.visitorOf(request, reply), {
      title: 'Nothing here',
      main: html`<section class="notice"><h1>Nothing here</h1><p>There is no page at this address. <a href="/">Go to the front page</a></p></section>`
    })
  )
  return app
}

function partsOf(site: Site, issuer: string, outgoing: Outgoing): SiteParts {
  const { client_id, client_secret } = site.client
  const sessions = memorySessions()
  const parts: SiteParts = {
    site,
    sessions,
    // The kit: everything under /auth.
    auth: createAuth({
      issuer,
      client_id,
      client_secret,
      origin: site.address,
      scope: 'openid profile email',
      sessions,
      after_logout: paths.signedOut,
      // Only because the demo runs on http.
      allow_http: true
    }),
    server: signInServer(issuer, site.client, outgoing),
    visits: newVisits(site.id),
    tried: triedCookie(site.id),
    outgoing,
    async visitorOf(request, reply) {
      const session = await parts.auth.session(request)
      if (session && parts.visits.see(request, reply, session)) parts.tried.forget(reply)
      return { session, left: session ? undefined : parts.visits.left(request), at: request.url }
    },
    show: (reply, visitor, page) =>
      reply
        .header('cache-control', 'no-store')
        .type('text/html; charset=utf-8')
        .send(site.frame(page, visitor).markup),
    page: render => async (request, reply) => {
      const visitor = await parts.visitorOf(request, reply)
      if (await leadElsewhere(parts, request, reply, visitor)) return reply
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
