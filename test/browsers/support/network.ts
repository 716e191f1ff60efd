import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { certificateFor } from './authority.ts'

/** What answers for one name. */
export type Host = (request: IncomingMessage, response: ServerResponse) => void

/** An internet on loopback: some names over https, and a proxy by which browsers reach these and nothing else. */
export interface Network {
  /** Port of the proxy. */
  proxyPort: number
  /** See `Certificate`. */
  keyHash: string
  close(): Promise<void>
}

/** Starts it. Every other name is a 502, so that a browser's own traffic ends here. */
export async function openNetwork(hosts: Readonly<Record<string, Host>>): Promise<Network> {
  const { key, cert, keyHash } = await certificateFor(Object.keys(hosts))
  const front = createTlsServer({ key, cert }, (request, response) => {
    const name = request.headers.host?.split(':')[0] ?? ''
    const host = hosts[name]
    if (host) host(request, response)
    else response.writeHead(421).end()
  })
  const proxy = createServer((_request, response) => void response.writeHead(502).end())
  const frontPort = await listen(front)
  const tunnels = new Set<Duplex>()
  proxy.on('connect', (request, socket) => {
    const [name = '', port] = (request.url ?? '').split(':')
    socket.on('error', () => socket.destroy())
    if (!hosts[name] || port !== '443') return void socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
    const upstream = connect(frontPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.pipe(upstream).pipe(socket)
    })
    upstream.on('error', () => socket.destroy())
    tunnels.add(socket)
    socket.on('close', () => {
      tunnels.delete(socket)
      upstream.destroy()
    })
  })
  const proxyPort = await listen(proxy)
  return {
    proxyPort,
    keyHash,
    async close() {
      for (const it of tunnels) it.destroy()
      await Promise.all([front, proxy].map(server => stop(server)))
    }
  }
}

/** Hands requests on to an http server on this machine, as an https proxy in front of it does. */
export function passOnTo(port: () => number): Host {
  return (incoming, response) => {
    const headers = { ...incoming.headers, 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.7' }
    const outgoing = request(
      { host: '127.0.0.1', port: port(), method: incoming.method, path: incoming.url, headers },
      answer => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      }
    )
    // A server that is not there is an address that cannot be reached, not an answer.
    outgoing.on('error', () => incoming.socket.destroy())
    incoming.pipe(outgoing)
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return (server.address() as AddressInfo).port
}

function stop(server: Server): Promise<void> {
  const closed = new Promise<void>(resolve => void server.close(() => resolve()))
  server.closeAllConnections()
  return closed
}
