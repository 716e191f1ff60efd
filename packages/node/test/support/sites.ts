import type { RequestListener } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import fastify, { type FastifyInstance } from 'fastify'
import { Hono } from 'hono'
import { listen } from '../../../browser/test/support/listen.ts'
import { expressAuth } from '../../src/express.ts'
import { fastifyAuth } from '../../src/fastify.ts'
import { type HonoAuthEnv, honoAuth } from '../../src/hono.ts'
import { nodeAuth } from '../../src/http.ts'
import type { Auth, RpSession } from '../../src/index.ts'

/** A server that listens before there is an application: its port goes into what the application is told. */
export interface Site {
  port: number
  /** Lets an application answer from now on. */
  use(application: RequestListener): void
  /** Stops listening, and cuts every connection. */
  close(): Promise<void>
}

/** Starts one. */
export async function openSite(): Promise<Site> {
  let answer: RequestListener = (_req, res) => void res.writeHead(503).end()
  const { port, close } = await listen((req, res) => answer(req, res))
  return {
    port,
    use(application) {
      answer = application
    },
    close
  }
}

const me = (session: RpSession | undefined): object => ({ sub: session?.sub ?? null })

/** Each way to put the kit into an application that has one page of its own, `/me`: who is signed in, in JSON. */
export const adapters: Record<string, (auth: Auth) => RequestListener | Promise<RequestListener>> = {
  'node:http': nodeSite,
  express: auth => expressSite(auth),
  'express, bodies parsed before': auth =>
    expressSite(auth, [express.urlencoded({ extended: true }), express.json()]),
  fastify: auth => fastifySite(auth),
  'fastify, bodies parsed by the application': auth =>
    fastifySite(auth, app =>
      app.addContentTypeParser(
        'application/x-www-form-urlencoded',
        { parseAs: 'string' },
        (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(body as string)))
      )
    ),
  hono: honoSite
}

/** The one without a framework. */
export function nodeSite(auth: Auth): RequestListener {
  const handle = nodeAuth(auth)
  return (req, res) => {
    handle(req, res).then(
      isAnswered => isAnswered || answer(),
      () => res.writeHead(500).end()
    )
    function answer(): void {
      if (req.url?.split('?')[0] !== '/me') return void res.writeHead(404).end()
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(me(req.rpSession)))
    }
  }
}

function expressSite(auth: Auth, before: express.RequestHandler[] = []): express.Express {
  const app = express()
  app.disable('x-powered-by')
  for (const it of before) app.use(it)
  app.use(expressAuth(auth))
  app.get('/me', (req, res) => void res.json(me(req.rpSession)))
  return app
}

async function fastifySite(
  auth: Auth,
  prepare = (_app: FastifyInstance): void => {}
): Promise<RequestListener> {
  const app = fastify()
  prepare(app)
  await app.register(fastifyAuth, { auth })
  app.get('/me', async request => me(request.rpSession))
  await app.ready()
  return app.routing
}

function honoSite(auth: Auth): RequestListener {
  const app = new Hono<HonoAuthEnv>()
  app.use(honoAuth(auth))
  app.get('/me', c => c.json(me(c.get('rpSession'))))
  return getRequestListener(app.fetch)
}
