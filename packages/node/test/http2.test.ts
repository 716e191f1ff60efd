import { connect, createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import { afterAll, expect, test } from 'vitest'
import { fastifyAuth } from '../src/fastify.ts'
import { nodeAuth } from '../src/http.ts'
import { createAuth, memorySessions } from '../src/index.ts'

const auth = createAuth({
  issuer: 'http://id.localhost:1',
  client_id: 'site',
  client_secret: 'secret',
  origin: 'http://site.localhost:1',
  allow_http: true,
  sessions: memorySessions()
})
afterAll(() => auth.close())

test('a server of node:http2 answers the kit’s addresses', async () => {
  const handle = nodeAuth(auth)
  const server = createServer((req, res) => void handle(req as never, res as never))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  expect(await askedAt(server.address())).toEqual(answers)
  await new Promise(resolve => server.close(resolve))
})

test('so does Fastify, listening for HTTP/2', async () => {
  const app = fastify({ http2: true })
  await app.register(fastifyAuth as never, { auth })
  await app.listen({ port: 0, host: '127.0.0.1' })
  expect(await askedAt(app.server.address())).toEqual(answers)
  await app.close()
})

const answers = [
  [200, expect.objectContaining({ status: 'notConnected' })],
  [400, expect.objectContaining({ error_description: 'the body is larger than 32768 bytes' })]
]

/** The answers to a question and to a post, on one connection. */
async function askedAt(address: unknown): Promise<unknown[]> {
  const connection = connect(`http://127.0.0.1:${(address as AddressInfo).port}`)
  const ask = async (headers: Record<string, string>, body: string[]): Promise<unknown> => {
    const stream = connection.request(headers, { endStream: body.length === 0 })
    const status = new Promise(resolve => stream.once('response', it => resolve(it[':status'])))
    for (const part of body) stream.end(part)
    return [await status, JSON.parse((await stream.toArray()).join(''))]
  }
  const form = { ':method': 'POST', 'content-type': 'application/x-www-form-urlencoded' }
  const found = [
    await ask({ ':path': '/auth/session' }, []),
    await ask({ ':path': '/auth/backchannel-logout', ...form }, ['x'.repeat(40_000)])
  ]
  connection.close()
  return found
}
