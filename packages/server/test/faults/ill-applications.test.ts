import { once } from 'node:events'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { receiver } from '../notify/receiver.ts'
import { clients } from '../support/fixtures.ts'
import { advance, startSystem, type TestSystem } from '../support/system.ts'
import { attempted, closedAddress, logOutOfAll, socketApplication } from './ill-applications.ts'

const quiet = clients.map(it => ({ ...it, backchannel_logout_uri: undefined }))
const start = (): Promise<TestSystem> =>
  startSystem({ config: { clients: quiet, allow_private_addresses: true } })

const answering = (text: string) => (socket: Socket) => void socket.end(text)

/** Sends a byte now and then, for as long as anybody listens. */
function dribble(socket: Socket, first: string, byte: string): void {
  socket.write(first)
  const timer = setInterval(() => socket.write(byte), 200)
  socket.on('close', () => clearInterval(timer))
}

/** What an application does with a Logout Token, and what is known of it after that one attempt. */
const ills: Record<string, { answer(socket: Socket): void; state: string; status: number | null }> = {
  'bad-request': {
    answer: answering('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'),
    state: 'refused',
    status: 400
  },
  'too-many': {
    answer: answering('HTTP/1.1 429 Too Many Requests\r\nretry-after: 600\r\ncontent-length: 0\r\n\r\n'),
    state: 'pending',
    status: 429
  },
  broken: {
    answer: answering('HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n'),
    state: 'pending',
    status: 500
  },
  elsewhere: {
    answer: answering('HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n'),
    state: 'pending',
    status: 302
  },
  garbage: { answer: answering('\0\x01 this is no HTTP\r\n\r\n'), state: 'pending', status: null },
  'hangs-up': { answer: socket => void socket.destroy(), state: 'pending', status: null },
  'cut-short': { answer: answering('HTTP/1.1 200 OK\r\ncontent-le'), state: 'pending', status: null },
  'ten-megabytes': {
    answer: answering(`HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n${'x'.repeat(10_000_000)}`),
    state: 'delivered',
    status: 200
  },
  'ten-megabytes-of-headers': {
    answer: answering(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(10_000_000)}\r\n\r\n`),
    state: 'pending',
    status: null
  },
  hangs: { answer: () => {}, state: 'pending', status: null },
  'slow-head': {
    answer: socket => dribble(socket, 'HTTP/1.1 200 OK\r\nx: ', 'x'),
    state: 'pending',
    status: null
  },
  // Its status has come, and nothing else of an answer matters.
  'slow-body': {
    answer: socket => dribble(socket, 'HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n', 'x'),
    state: 'delivered',
    status: 200
  }
}

test('of applications that are ill in every way each keeps its own state, and none its connection', async () => {
  const at = await start()
  const addresses: Record<string, string> = { closed: closedAddress() }
  const hungUp: Promise<unknown>[] = []
  for (const [name, { answer }] of Object.entries(ills)) {
    const app = await socketApplication(socket => {
      if (/^(slow|hangs$)/.test(name)) hungUp.push(once(socket, 'close'))
      answer(socket)
    })
    addresses[name] = app.address
  }
  const { status, receiptId } = await logOutOfAll(at, addresses)
  expect(status).toBe(303)
  const all = await attempted(at, receiptId, 1)
  const known = await Promise.all(
    Object.entries(all).map(async ([name, { id, state }]) => {
      const [first] = await at.storage.listAttempts(id)
      return [name, { state, status: first?.status }]
    })
  )
  expect(Object.fromEntries(known)).toEqual({
    closed: { state: 'pending', status: null },
    ...Object.fromEntries(Object.entries(ills).map(([name, { state, status }]) => [name, { state, status }]))
  })
  expect(hungUp).toHaveLength(3)
  await Promise.all(hungUp)
})

test('BCL-16: an application that asks to wait ten minutes is left alone until then', async () => {
  const at = await start()
  const app = await socketApplication(ills['too-many']?.answer ?? (() => {}))
  const { receiptId } = await logOutOfAll(at, { busy: app.address })
  const { busy } = await attempted(at, receiptId, 1)
  expect((busy?.nextAt ?? 0) - (busy?.createdAt ?? 0)).toBeGreaterThanOrEqual(600)
  advance(610)
  await attempted(at, receiptId, 2)
  expect(app.calls).toBe(2)
})

test('BCL-06: of fifty applications each is asked while the others still think', async () => {
  const at = await start()
  const thinking: Socket[] = []
  const addresses: Record<string, string> = {}
  for (let i = 0; i < 50; i++) {
    const app = await socketApplication(socket => {
      // Nobody answers before all have been asked.
      if (thinking.push(socket) < 50) return
      for (const it of thinking) it.end('HTTP/1.1 204 No Content\r\n\r\n')
    })
    addresses[`app-${i}`] = app.address
  }
  const { receiptId } = await logOutOfAll(at, addresses)
  const all = await attempted(at, receiptId, 1)
  expect(Object.values(all).map(it => it.state)).toEqual(Array(50).fill('delivered'))
})

test('five hundred dead applications keep neither the person nor a living one waiting for good, and stay owed', {
  timeout: 120_000
}, async () => {
  const at = await start()
  const living = await receiver()
  const addresses: Record<string, string> = {}
  for (let i = 0; i < 250; i++) {
    addresses[`closed-${i}`] = closedAddress()
    addresses[`hangs-${i}`] = (await socketApplication(() => {})).address
  }
  // The last in every order.
  const { status, receiptId, sidAt } = await logOutOfAll(at, { ...addresses, 'zz-living': living.address })
  expect(status).toBe(303)
  expect(await at.storage.listDeliveries(receiptId)).toHaveLength(501)
  await living.count(1)
  expect(living.received[0]?.claims.sid).toBe(sidAt('zz-living'))
  const all = await attempted(at, receiptId, 1)
  const states = Map.groupBy(Object.values(all), it => it.state)
  expect([...states].map(([state, of]) => [state, of.length]).toSorted()).toEqual([
    ['delivered', 1],
    ['pending', 500]
  ])
})
