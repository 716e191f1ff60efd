import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serveSubject } from './serve.ts'

/** The least that a Node server can do: what everything else is compared with. */
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '5' }).end('hello')
})

server.listen(0, '127.0.0.1', () => {
  serveSubject((server.address() as AddressInfo).port, {
    signIn: async () => [],
    living: async () => ({ sessions: 0, tokens: 0 }),
    close: async () => {
      server.close()
      server.closeAllConnections()
    }
  })
})
