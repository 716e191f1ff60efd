import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listen } from '../../browser/test/support/listen.ts'
import { outgoing } from '../src/outgoing.ts'

const out = outgoing()
let server: Awaited<ReturnType<typeof listen>>
beforeAll(async () => {
  server = await listen((req, res) => {
    const text = 'x'.repeat(req.url === '/bomb' ? 20_000_000 : 1000)
    // Twice, so that even the packed one is small.
    res.writeHead(200, { 'content-encoding': 'gzip, gzip' }).end(gzipSync(gzipSync(text)))
  })
})
afterAll(async () => {
  await out.close()
  await server.close()
})

test('an answer is unpacked as far as a megabyte, and then fails', async () => {
  const at = `http://id.localhost:${server.port}`
  const good = await out.fetch(`${at}/packed`)
  expect([good.status, (await good.text()).length]).toEqual([200, 1000])
  const bomb = await out.fetch(`${at}/bomb`)
  await expect(bomb.text()).rejects.toThrow('unpacks to more than 1048576 bytes')
})
