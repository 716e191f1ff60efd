import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { sidFor } from '../../src/sessions/sid.ts'
import type { Delivery } from '../../src/storage/records.ts'
import type { TestSystem } from '../support/system.ts'
import { prepareLogin } from './prepared-login.ts'

/** An application behind a bare socket, which need not speak HTTP. */
export interface SocketApplication {
  address: string
  /** How often somebody called. */
  calls: number
}

/** Listens until the test is done; `answer` gets each connection once a whole request has come. */
export async function socketApplication(answer: (socket: Socket) => void): Promise<SocketApplication> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    let asked = ''
    socket.on('data', part => {
      asked += part
      if (!/\r\n\r\nlogout_token=\S+$/.test(asked)) return
      asked = ''
      application.calls++
      answer(socket)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const application = { address: `http://127.0.0.1:${port}/backchannel`, calls: 0 }
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return application
}

/** An address at which nobody listens. */
export function closedAddress(): string {
  closed++
  // Each a host of its own on loopback, and a port that nobody is given: one that was just closed is soon another's.
  return `http://127.77.${closed >> 8}.${closed & 255}:1/backchannel`
}
let closed = 0

/** What the browser that logged out has in hand. */
export interface LoggedOut {
  status: number
  receiptId: string
  /** As the browser sends it. */
  receiptCookie: string
  sidAt(clientId: string): string
}

/** One session at all of these applications, ended by redirect. */
export async function logOutOfAll(at: TestSystem, addresses: Record<string, string>): Promise<LoggedOut> {
  const now = systemClock.now()
  const { uid, cookie } = await prepareLogin(at.storage, now)
  await Promise.all(
    Object.entries(addresses).map(async ([clientId, address]) => {
      const metadata = { client_name: clientId, backchannel_logout_uri: address }
      await at.storage.saveClient(
        { clientId, source: 'config', metadata, backchannelLogoutUri: address },
        now
      )
      await at.storage.joinSession({ sessionUid: uid, clientId, sid: sidFor(uid, clientId) }, now)
    })
  )
  const { status, headers, setCookies } = await at.ask('/logout?client_id=news', {
    headers: { cookie: `__Host-utgang=${cookie}` }
  })
  return {
    status,
    receiptId: String(headers['utgang-receipt']),
    receiptCookie: setCookies.find(it => it.startsWith('__Host-utgang-receipt='))?.split(';')[0] ?? '',
    sidAt: clientId => sidFor(uid, clientId)
  }
}

/** Waits until each delivery of a logout was attempted so often, and returns them by application. */
export async function attempted(
  at: TestSystem,
  receiptId: string,
  attempts: number
): Promise<Record<string, Delivery>> {
  for (;;) {
    const all = await at.storage.listDeliveries(receiptId)
    if (all.every(it => it.attempts >= attempts || it.state !== 'pending'))
      return Object.fromEntries(all.map(it => [it.clientId, it]))
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}
