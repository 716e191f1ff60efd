import { createServer, type IncomingHttpHeaders, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One request and its answer, as they went over the wire. */
export interface Exchange {
  method: string
  url: string
  asked: IncomingHttpHeaders
  askedBody: string
  status: number
  answered: IncomingHttpHeaders
  answeredBody: string
}

/** A value that went over the wire under a name. */
export interface Seen {
  name: string
  value: string
}

/** Passes everything on to a server and remembers it. */
export async function tap(
  origin: string
): Promise<{ origin: string; exchanges: Exchange[]; close(): Promise<void> }> {
  const exchanges: Exchange[] = []
  const { hostname, port } = new URL(origin)
  const server = createServer(async (incoming, outgoing) => {
    const { method = 'GET', url = '/', headers: asked } = incoming
    const askedBody = await textOf(incoming)
    const onward = request({ hostname, port, method, path: url, headers: asked }, async answer => {
      const answeredBody = await textOf(answer)
      exchanges.push({
        method,
        url,
        asked,
        askedBody,
        status: answer.statusCode ?? 0,
        answered: answer.headers,
        answeredBody
      })
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders).end(answeredBody)
    })
    onward.end(askedBody)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    close: () =>
      new Promise(done => {
        server.close(() => done())
        server.closeAllConnections()
      })
  }
}

/** Every value that an exchange carried: cookies, credentials, parameters, form fields, JSON fields, ids in addresses. */
export function valuesIn(it: Exchange): Seen[] {
  const seen: Seen[] = []
  const add = (name: string, value: string): void => void seen.push({ name, value })
  const addAddress = (address: string): void => {
    const url = new URL(address, 'http://id.localhost:4000')
    for (const [name, value] of [...url.searchParams, ...new URLSearchParams(url.hash.slice(1))])
      add(name, value)
    const interaction = /^\/(?:sign-in|oauth\/authorize)\/([^/]+)/.exec(url.pathname)?.[1]
    if (interaction) add('interaction', interaction)
  }
  addAddress(it.url)
  if (it.answered.location) addAddress(it.answered.location)
  for (const pair of [...(it.asked.cookie?.split('; ') ?? []), ...(it.answered['set-cookie'] ?? [])]) {
    const [name = '', value = ''] = (pair.split(';')[0] ?? '').split(/=(.*)/s)
    add(name, value)
  }
  const [scheme, credentials = ''] = it.asked.authorization?.split(' ') ?? []
  if (scheme === 'Bearer') add('bearer', credentials)
  if (scheme === 'Basic') add('basic', credentials)
  if (scheme === 'Basic') add('client_secret', decodeURIComponent(atob(credentials).split(':')[1] ?? ''))
  if (it.asked['content-type']?.includes('form'))
    for (const [name, value] of new URLSearchParams(it.askedBody)) add(name, value)
  if (it.answered['content-type']?.includes('json')) addJson(JSON.parse(it.answeredBody), add)
  for (const [input] of it.answeredBody.matchAll(/<input[^>]*type="?hidden"?[^>]*>/g))
    add(/name="([^"]*)"/.exec(input)?.[1] ?? '', /value="([^"]*)"/.exec(input)?.[1] ?? '')
  for (const [, href = ''] of it.answeredBody.matchAll(/(?:href|action)="([^"]*)"/g))
    addAddress(href.replaceAll('&amp;', '&'))
  return seen
}

function addJson(found: unknown, add: (name: string, value: string) => void, list = ''): void {
  if (typeof found !== 'object' || found === null) return
  for (const [key, value] of Object.entries(found)) {
    // The items of a list go by the name of the list.
    const name = Array.isArray(found) ? list : key
    if (typeof value === 'string') add(name, value)
    else addJson(value, add, name)
  }
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
