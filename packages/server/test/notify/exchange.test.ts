import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { exchange } from '../../src/notify/exchange.ts'

test('one whose time is over before its turn came is never sent, and says so', async () => {
  const bodies: string[] = []
  const waiting: ServerResponse[] = []
  const server = createServer(async (request, response) => {
    bodies.push(Buffer.concat(await request.toArray()).toString())
    if (bodies.length === 1) waiting.push(response)
    else response.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const dispatcher = new Agent({ connections: 1 })
  onTestFinished(async () => {
    await dispatcher.destroy()
    server.close()
  })
  const address = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  const send = (body: string, milliseconds: number) =>
    exchange({ address, headers: {}, body }, dispatcher, { milliseconds, bytes: 100 })
  const first = send('first', 60_000)
  await expect.poll(() => waiting.length).toBe(1)
  expect(await send('second', 20)).toMatchObject({ code: 'TimeoutError', neverSent: true })
  waiting[0]?.end()
  expect(await first).toMatchObject({ status: 200 })
  expect(await send('third', 60_000)).toMatchObject({ status: 200 })
  expect(bodies).toEqual(['first', 'third'])
})
