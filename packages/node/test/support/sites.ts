import { getRequestListener } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { listen } from '../../../browser/test/support/listen.ts'
import { expressAuth } from '../../src/express.ts'
import { fastifyAuth } from '../../src/fastify.ts'
import { type HonoAuthEnv, honoAuth } from '../../src/hono.ts'
import { nodeAuth } from '../../src/http.ts'
import type { Auth, RpSession } from '../../src/index.ts'

/** An application that has the kit in it and one page of its own, `/me`: who is signed in, in JSON. */
export interface RunningSite {
  /** Stops listening, and cuts every connection. */
  close(): Promise<void>
}

const me = (session: RpSession | undefined): object => ({ sub: session?.sub ?? null })

/** Each way to put the kit into an application, on a real server. */
export const adapters: Record<string, (auth: Auth, port: number) => Promise<RunningSite>> = {
  'node:http': nodeSite,

  express: (auth, port) => listen(expressSite(auth), port),

  'express, bodies parsed before': (auth, port) =>
    listen(expressSite(auth, [express.urlencoded({ extended: true }), express.json()]), port),

  fastify: async (auth, port) => {
    const app = fastify({ forceCloseConnections: true })
    await app.register(fastifyAuth, { auth })
    app.get('/me', async request => me(request.rpSession))
    await app.listen({ host: '127.0.0.1', port })
    return { close: () => app.close() }
  },

  'fastify, bodies parsed by the application': async (auth, port) => {
    const app = fastify({ forceCloseConnections: true })
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(body as string)))
    )
    app.get('/me', async request => me(request.rpSession))
    await app.register(fastifyAuth, { auth })
    await app.listen({ host: '127.0.0.1', port })
    return { close: () => app.close() }
  },

  hono: async (auth, port) => {
    const app = new Hono<HonoAuthEnv>()
    app.use(honoAuth(auth))
    app.get('/me', c => c.json(me(c.get('rpSession'))))
    const { close } = await listen(getRequestListener(app.fetch), port)
    return { close }
  }
}

/** The one without a framework. */
export function nodeSite(auth: Auth, port: number): Promise<RunningSite> {
  const handle = nodeAuth(auth)
  return listen((req, res) => {
    handle(req, res).then(
      isAnswered => isAnswered || answer(),
      () => res.writeHead(500).end()
    )
    function answer(): void {
      if (req.url?.split('?')[0] !== '/me') return void res.writeHead(404).end()
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(me(req.rpSession)))
    }
  }, port)
}

function expressSite(auth: Auth, before: express.RequestHandler[] = []): express.Express {
  const app = express()
  app.disable('x-powered-by')
  for (const it of before) app.use(it)
  app.use(expressAuth(auth))
  app.get('/me', (req, res) => void res.json(me(req.rpSession)))
  return app
}
