import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Auth } from './auth.ts'

/** A request of Node's, whose body somebody may have read and parsed already. */
export type NodeRequest = IncomingMessage & { body?: unknown; originalUrl?: string }

/** Answers a request if it is for one of the kit's addresses. Resolves to whether it was, once the answer has been sent. */
export async function answerNode(auth: Auth, req: NodeRequest, res: ServerResponse): Promise<boolean> {
  const request = toRequest(auth, req)
  const response = request && (await auth.handle(request))
  if (!response) return false
  await send(response, res)
  return true
}

/** A web request out of one of Node's; undefined for one that is none of the kit's. */
export function toRequest({ basePath }: Pick<Auth, 'basePath'>, req: NodeRequest): Request | undefined {
  const { method = 'GET' } = req
  const path = req.originalUrl ?? req.url ?? ''
  if (!path.startsWith(`${basePath}/`) || /^(CONNECT|TRACE|TRACK)$/i.test(method)) return undefined
  const headers = new Headers()
  for (const [name, value] of Object.entries(req.headers)) {
    // Method and path of a request by HTTP/2 stand among its headers.
    if (name.startsWith(':')) continue
    for (const one of [value ?? []].flat()) headers.append(name, one)
  }
  const body = /^(GET|HEAD)$/i.test(method) ? undefined : bodyOf(req)
  // Only path and query count: which host it is, the options say.
  return new Request(`http://localhost${path}`, { method, headers, body, duplex: 'half' } as RequestInit)
}

/** The body as it came; of one that was parsed already, what it said. */
function bodyOf(req: NodeRequest): RequestInit['body'] {
  if (!req.readableDidRead) return unread(req)
  const { body } = req
  if (typeof body === 'string' || body instanceof Uint8Array) return body as RequestInit['body']
  if (typeof body !== 'object' || body === null) return undefined
  const isForm = req.headers['content-type']?.startsWith('application/x-www-form-urlencoded')
  return isForm ? formText(body) : JSON.stringify(body)
}

/**
 * Read only as far as somebody asks for it. What is left is thrown away, as Node does with a body that nobody reads: otherwise the
 * next request on the connection would wait for ever, and hanging up could lose the answer.
 */
function unread(req: IncomingMessage): ReadableStream {
  const chunks = req.iterator({ destroyOnReturn: false })
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await chunks.return?.()
        req.resume()
      }
    },
    { highWaterMark: 0 }
  )
}

function formText(body: object): string {
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(body))
    for (const one of [value].flat()) if (typeof one === 'string') form.append(name, one)
  return form.toString()
}

async function send(response: Response, res: ServerResponse): Promise<void> {
  res.statusCode = response.status
  for (const [name, value] of response.headers) if (name !== 'set-cookie') res.setHeader(name, value)
  for (const line of response.headers.getSetCookie()) res.appendHeader('set-cookie', line)
  res.flushHeaders()
  if (!response.body) return void res.end()
  try {
    await pipeline(Readable.fromWeb(response.body as never), res)
  } catch {
    // The browser has gone; the stream is cancelled by now.
  }
}
