import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { listen } from './listen.ts'

/** What a server does that a real one cannot be made to do. */
export type Behaviour =
  | { status?: number; body?: object | string; headers?: Record<string, string> }
  /** Takes the question and says nothing. */
  | 'hang'
  /** Takes the question and hangs up. */
  | 'cut'
  /** Begins to answer, and hangs up. */
  | 'cut_midway'
  /** Answers without leave for pages to read it. */
  | 'unreadable'

/** A server in the place of a real one: it answers what a test says, path by path, and notes what it was asked. */
export interface StandIn {
  origin: string
  /** By path; what is not said is 404. Preflights are always answered. */
  answers: Map<string, Behaviour | (() => Behaviour | Promise<Behaviour>)>
  /** Method and path of each request but preflights. */
  asked: string[]
  /** Path of each preflight. */
  preflights: string[]
  /** The last body that came to each path. */
  bodies: Map<string, string>
  /** What preflights wait for. */
  preflight: Promise<unknown>
  /** Stops answering at all, until {@link StandIn.up}. */
  down(): Promise<void>
  up(): Promise<void>
  close(): Promise<void>
}

/** Starts one, at `http://id.localhost:PORT`. */
export async function openStandIn(): Promise<StandIn> {
  const answers: StandIn['answers'] = new Map()
  const asked: string[] = []
  const preflights: string[] = []
  const bodies = new Map<string, string>()
  const listener: RequestListener = (request, response) => {
    serve(request, response).catch(error => response.destroy(error))
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split('?')[0] ?? '/'
    const leave = {
      'access-control-allow-origin': request.headers.origin ?? '*',
      'access-control-allow-credentials': 'true',
      'access-control-allow-headers': 'content-type',
      'access-control-expose-headers': 'Retry-After'
    }
    if (request.method === 'OPTIONS') {
      preflights.push(path)
      await standIn.preflight
      return void response.writeHead(204, leave).end()
    }
    asked.push(`${request.method} ${path}`)
    bodies.set(path, (await request.toArray()).join(''))
    const said = answers.get(path) ?? { status: 404 }
    const behaviour = typeof said === 'function' ? await said() : said
    if (behaviour === 'hang') return
    if (behaviour === 'cut') return void request.socket.destroy()
    if (behaviour === 'unreadable') return void response.end('{}')
    if (behaviour === 'cut_midway') {
      response.writeHead(200, { ...leave, 'content-length': '1000' })
      response.write('{"status":', () => request.socket.destroy())
      return
    }
    const { status = 200, body = {}, headers } = behaviour
    response
      .writeHead(status, { 'content-type': 'application/json', ...leave, ...headers })
      .end(typeof body === 'string' ? body : JSON.stringify(body))
  }

  let listening = await listen(listener)
  const { port } = listening
  const standIn: StandIn = {
    origin: `http://id.localhost:${port}`,
    answers,
    asked,
    preflights,
    preflight: Promise.resolve(),
    bodies,
    down: () => listening.close(),
    async up() {
      listening = await listen(listener, port)
    },
    close: () => listening.close()
  }
  return standIn
}

/** The answer about a signed-in person. */
export const connected = (more: object = {}): Behaviour => ({
  body: {
    status: 'connected',
    user_id: 'u-ola',
    sid: 'sid-1',
    cache_seconds: 60,
    server_time: 1_700_000_000,
    ...more
  }
})

/** The answer about nobody. */
export const notConnected = (more: object = {}): Behaviour => ({
  body: { status: 'notConnected', cache_seconds: 10, server_time: 1_700_000_000, ...more }
})

/** The answer to a logout that was done. */
export const ended: Behaviour = { body: { ended: true, by: 'cookie', receipt: 'r-1', server_time: 1 } }
