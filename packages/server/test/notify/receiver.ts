import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { claimsOf } from '../support/sign-in.ts'

/** One Logout Token as an application received it. */
export interface Received {
  method: string
  contentType: string
  headers: IncomingMessage['headers']
  body: string
  /** The body's fields. */
  fields: Record<string, string>
  token: string
  header: Record<string, unknown>
  claims: Record<string, unknown>
}

/** An application's back-channel address. */
export interface Receiver {
  address: string
  received: Received[]
  /** How it answers from now on. */
  answer: (response: ServerResponse, request: IncomingMessage) => void
  /** Waits until so many have come in. */
  count(number: number): Promise<void>
}

/** A real HTTP server that is there until the test is done. */
export async function receiver(answer: Receiver['answer'] = ok): Promise<Receiver> {
  const waiting: (() => void)[] = []
  const it: Receiver = {
    address: '',
    received: [],
    answer,
    async count(number) {
      while (it.received.length < number) await new Promise<void>(resolve => waiting.push(resolve))
    }
  }
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    const fields = Object.fromEntries(new URLSearchParams(body))
    const token = fields.logout_token ?? ''
    it.received.push({
      method: request.method ?? '',
      contentType: request.headers['content-type'] ?? '',
      headers: request.headers,
      body,
      fields,
      token,
      header: JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString() || '{}'),
      claims: token ? claimsOf(token) : {}
    })
    it.answer(response, request)
    for (const wake of waiting.splice(0)) wake()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  })
  it.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/backchannel?kept=1`
  return it
}

/** The usual answer. */
export const ok = (response: ServerResponse): void =>
  void response.writeHead(200, { 'cache-control': 'no-store' }).end()

/** An answer with this status. */
export const status =
  (code: number, headers: Record<string, string> = {}, body = ''): Receiver['answer'] =>
  response =>
    void response.writeHead(code, headers).end(body)
