import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server of a test, on loopback. */
export interface Listening {
  port: number
  /** Cuts every connection, and answers no more. */
  close(): Promise<void>
}

/** Starts one. @param port any free one by default */
export async function listen(listener: RequestListener, port = 0): Promise<Listening> {
  const server = createServer(listener)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () => stop(server)
  }
}

/** A port that nobody listens at. */
export async function freePort(): Promise<number> {
  const { port, close } = await listen(() => {})
  await close()
  return port
}

function stop(server: Server): Promise<void> {
  const closed = new Promise<void>(resolve => void server.close(() => resolve()))
  server.closeAllConnections()
  return closed
}
