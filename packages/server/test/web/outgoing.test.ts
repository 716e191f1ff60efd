import dns from 'node:dns'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { isPrivate, outgoingFetch } from '../../src/web/outgoing.ts'

let server: Server
let port: number
const asked: string[] = []

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? '')
    if (request.url === '/away') response.writeHead(302, { location: '/landed' }).end()
    else if (request.url === '/packed' || request.url === '/bomb') {
      const text = 'x'.repeat(request.url === '/bomb' ? 20_000_000 : 1000)
      // Twice, so that even the packed one is small.
      response.writeHead(200, { 'content-encoding': 'gzip, gzip' }).end(gzipSync(gzipSync(text)))
    } else response.end('here')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => server.close())

test.each([
  ['0.0.0.0', true],
  ['10.1.2.3', true],
  ['100.64.0.1', true],
  ['127.0.0.1', true],
  ['127.255.255.254', true],
  ['169.254.169.254', true],
  ['172.16.0.1', true],
  ['172.31.255.255', true],
  ['192.168.1.1', true],
  ['224.0.0.1', true],
  ['255.255.255.255', true],
  ['::', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['::ffff:a9fe:a9fe', true],
  ['64:ff9b::7f00:1', true],
  ['::127.0.0.1', true],
  ['64:ff9b:1::a', true],
  ['2001:0:7f00:1::', true],
  ['2002:7f00:1::', true],
  ['fd00::1', true],
  ['fec0::1', true],
  ['fe80::1', true],
  ['ff02::1', true],
  ['8.8.8.8', false],
  ['100.128.0.1', false],
  ['172.32.0.1', false],
  ['2606:4700::1111', false],
  ['::ffff:8.8.8.8', false]
])('%s is private: %s', (address, expected) => {
  expect(isPrivate(address)).toBe(expected)
})

test.each([
  ['by its number', (at: number) => `http://127.0.0.1:${at}/secret`],
  ['by another number', (at: number) => `http://2130706433:${at}/secret`],
  ['by its number in IPv6', (at: number) => `http://[::ffff:127.0.0.1]:${at}/secret`],
  ['by name', (at: number) => `http://localhost:${at}/secret`],
  ['by a name that leads there', (at: number) => `http://inside.localhost:${at}/secret`]
])('what is on this machine is not asked %s', async (_how, address) => {
  await expect(outgoingFetch({ allow_private_addresses: false })(address(port))).rejects.toThrow()
  expect(asked).not.toContain('/secret')
})

test('an answer is unpacked as far as half a megabyte, and then fails', async () => {
  const fetch = outgoingFetch({ allow_private_addresses: true })
  const good = await fetch(`http://127.0.0.1:${port}/packed`)
  expect([good.status, (await good.text()).length]).toEqual([200, 1000])
  const bomb = await fetch(`http://127.0.0.1:${port}/bomb`)
  await expect(bomb.text()).rejects.toThrow('unpacks to more than 524288 bytes')
})

test('BCL-26: a name is looked up once for a connection, and judged by that: one that leads here the next moment does not help', async () => {
  const lookup = vi.spyOn(dns, 'lookup')
  onTestFinished(() => lookup.mockRestore())
  const addresses = ['203.0.113.1', '127.0.0.1']
  lookup.mockImplementation(((
    _name: string,
    _options: object,
    done: (error: null, found: object[]) => void
  ) => done(null, [{ address: addresses.shift() ?? '127.0.0.1', family: 4 }])) as never)
  const fetch = outgoingFetch({ allow_private_addresses: false })
  const address = `http://rebinding.example:${port}/rebound`
  // Nobody is at the first address, which the test need not wait for.
  await expect(fetch(address, { signal: AbortSignal.timeout(300) })).rejects.toThrow()
  expect(lookup).toHaveBeenCalledTimes(1)
  await expect(fetch(address)).rejects.toMatchObject({
    cause: { message: 'rebinding.example is on a private network' }
  })
  expect(asked).not.toContain('/rebound')
})

test('of several addresses of a name only public ones are called', async () => {
  const lookup = vi.spyOn(dns, 'lookup')
  onTestFinished(() => lookup.mockRestore())
  const both = ['203.0.113.1', '127.0.0.1', '::1'].map(address => ({ address, family: isIP(address) }))
  lookup.mockImplementation(((
    _name: string,
    _options: object,
    done: (error: null, found: object[]) => void
  ) => done(null, both)) as never)
  const fetch = outgoingFetch({ allow_private_addresses: false })
  const address = `http://several.example:${port}/several`
  await expect(fetch(address, { signal: AbortSignal.timeout(1500) })).rejects.toThrow()
  expect(asked).not.toContain('/several')
})

test('it is asked where the config allows it, and no redirect is followed even then', async () => {
  const fetch = outgoingFetch({ allow_private_addresses: true })
  expect(await (await fetch(`http://inside.localhost:${port}/open`)).text()).toBe('here')
  await expect(fetch(`http://127.0.0.1:${port}/away`)).rejects.toThrow()
  expect(asked).toContain('/away')
  expect(asked).not.toContain('/landed')
})
