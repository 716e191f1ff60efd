import { type Auth, type AuthOptions, createAuth, memorySessions, type RpSession } from '@utgang/node'
import { expressAuth } from '@utgang/node/express'
import { fastifyAuth } from '@utgang/node/fastify'
import { honoAuth } from '@utgang/node/hono'
import { nodeAuth } from '@utgang/node/http'
import { postgresSessions } from '@utgang/node/postgres'
import { redisSessions } from '@utgang/node/redis'
import { sqliteSessions } from '@utgang/node/sqlite'
import { requireToken } from '@utgang/node/tokens'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { Pool } from 'pg'
import { createClient } from 'redis'

// What an application may write; compiled against the declarations of the package that is published, never run.
const options: AuthOptions = {
  issuer: 'https://id.example',
  client_id: 'news',
  client_secret: 'secret',
  origin: 'https://news.example',
  sessions: memorySessions()
}
export const auth: Auth = createAuth(options)
export const stores = [
  sqliteSessions({ path: 'sessions.db' }),
  postgresSessions({ pool: new Pool(), prefix: 'news_' }),
  redisSessions({ client: createClient() }),
  redisSessions({ client: createClient({ RESP: 2 }), prefix: 'news:' })
]
export const site = express()
  .use(expressAuth(auth))
  .get('/', req => req.rpSession?.sub)
export const app = fastify()
await app.register(fastifyAuth, { auth })
app.get('/', async request => request.rpSession?.sub)
export const hono = new Hono().use(honoAuth(auth)).get('/', c => c.text(c.get('rpSession')?.sub ?? ''))
export const handle = nodeAuth(auth)
export const who = async (request: Request): Promise<RpSession | undefined> => auth.session(request)
export { requireToken }
