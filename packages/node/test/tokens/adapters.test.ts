import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import {
  expressTokenGuard,
  fastifyTokenGuard,
  honoTokenGuard,
  nodeTokenGuard,
  type TokenGuard
} from '../../src/tokens/index.ts'
import { credentials, type Issuer, openIssuer } from './support/issuer.ts'

let at: Issuer
beforeAll(async () => {
  at = await openIssuer()
})
afterAll(() => at.close())

/** Each answers `GET /` with whose the token is, and wants the scope `things`. */
const servers: [string, (guard: TokenGuard) => Promise<number>][] = [
  [
    'node:http',
    guard => {
      const watch = nodeTokenGuard(guard, { scope: 'things' })
      return listening(
        createServer(async (req, res) => {
          if (await watch(req, res)) res.end(JSON.stringify({ sub: req.accessToken?.sub }))
        })
      )
    }
  ],
  [
    'Express',
    guard => {
      const app = express()
      app.get('/', expressTokenGuard(guard, { scope: 'things' }), (req, res) => {
        res.json({ sub: req.accessToken?.sub })
      })
      return listening(createServer(app))
    }
  ],
  [
    'Fastify',
    async guard => {
      const app = fastify()
      onTestFinished(() => app.close())
      app.get('/', { onRequest: fastifyTokenGuard(guard, { scope: 'things' }) }, async request => ({
        sub: request.accessToken?.sub
      }))
      await app.listen({ port: 0, host: '127.0.0.1' })
      return (app.server.address() as AddressInfo).port
    }
  ],
  [
    'Hono',
    guard => {
      const app = new Hono()
      app.get('/', honoTokenGuard(guard, { scope: 'things' }), c => c.json({ sub: c.get('accessToken').sub }))
      return new Promise(resolve => {
        const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
          resolve(port)
        )
        onTestFinished(() => void server.close())
      })
    }
  ]
]

test.each(servers)('%s', async (_name, open) => {
  const port = await open(at.guard({ introspection: { ...credentials, cache_seconds: 0 } }))
  const get = (authorization?: string) =>
    fetch(`http://127.0.0.1:${port}/`, { headers: authorization ? { authorization } : {} })
  const { accessToken } = await at.signIn('news')

  const passed = await get(`Bearer ${accessToken}`)
  expect([passed.status, await passed.json()]).toEqual([200, { sub: 'u-ola' }])

  const none = await get()
  expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer scope="things"'])
  expect(none.headers.get('content-type')).toContain('application/json')
  expect(await none.json()).toMatchObject({ error: 'token_required' })

  const little = await get(`Bearer ${await at.serverToken('no scope')}`)
  expect([little.status, (await little.json()).error]).toEqual([403, 'insufficient_scope'])

  at.down.add('/oauth/introspect')
  const unsure = await get(`Bearer ${accessToken}`)
  expect([unsure.status, unsure.headers.get('retry-after')]).toEqual([503, '1'])
  at.down.clear()

  await at.revoke('news', accessToken)
  const refused = await get(`Bearer ${accessToken}`)
  expect(refused.status).toBe(401)
  expect(refused.headers.get('www-authenticate')).toContain('error="invalid_token"')
  expect(refused.headers.get('cache-control')).toBe('no-store')
})

function listening(server: Server): Promise<number> {
  onTestFinished(() => void server.close())
  return new Promise(resolve =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  )
}
