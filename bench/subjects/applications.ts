import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serveSubject } from './serve.ts'

let posts = 0

/** The applications that are told of logouts: at `/answers` they say 200, at `/hangs` nothing. */
const server = createServer((request, response) => {
  posts++
  request.resume()
  if (request.url === '/answers') request.once('end', () => response.writeHead(200).end())
})
server.keepAliveTimeout = 60_000

// Each application has an address of 127.0.0.0/8 to itself, as each has a host of its own.
server.listen(0, '0.0.0.0', () => {
  serveSubject((server.address() as AddressInfo).port, {
    signIn: async () => [],
    living: async () => ({ sessions: 0, tokens: 0 }),
    heard: async () => posts,
    close: async () => {
      server.close()
      server.closeAllConnections()
    }
  })
})
