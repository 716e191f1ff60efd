import { formOn } from '../../../server/test/support/browser.ts'
import { outgoing } from '../../src/outgoing.ts'
import { password } from './issuer.ts'

/** What a person's browser shows. */
export interface Shown {
  url: URL
  status: number
  headers: Headers
  text: string
  json<T = Record<string, unknown>>(): T
}

/** A browser of one person: cookies by host, redirects, forms. */
export interface Person {
  /** Opens an address, and follows redirects to their end. */
  open(address: string): Promise<Shown>
  /** One request without following. */
  ask(address: string, request?: RequestInit): Promise<Shown>
  /** Sends JSON as a script of the site's own page does. */
  post(address: string, body?: object): Promise<Shown>
  /** Opens a site's sign-in and goes through it. */
  signIn(origin: string, who?: 'ola' | 'kari', query?: string): Promise<Shown>
  /** A stream of a site, as an EventSource opens it. */
  listen(address: string): Promise<EventReader>
  /** Cookies of a host, by name. */
  cookies(origin: string): Map<string, string>
  /** Another browser with the same cookies. */
  copy(): Person
}

/** What comes over a stream. */
export interface EventReader {
  status: number
  headers: Headers
  /** The next event with a name; undefined when the stream is over. */
  next(): Promise<{ event: string; data: unknown } | undefined>
  /** Text that came so far. */
  text(): string
  close(): void
}

const { fetch } = outgoing()

/** A new browser. */
export function newPerson(jars = new Map<string, Map<string, string>>()): Person {
  const cookies = (origin: string): Map<string, string> => {
    const { hostname } = new URL(origin)
    const jar = jars.get(hostname) ?? new Map<string, string>()
    jars.set(hostname, jar)
    return jar
  }

  async function send(address: string, { headers, ...rest }: RequestInit = {}): Promise<Response> {
    const jar = cookies(address)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(address, {
      redirect: 'manual',
      headers: { ...(cookie ? { cookie } : {}), ...(headers as Record<string, string>) },
      ...rest
    })
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      const at = pair.indexOf('=')
      if (/max-age=0(;|$)/i.test(line) || /expires=Thu, 01 Jan 1970/i.test(line))
        jar.delete(pair.slice(0, at))
      else jar.set(pair.slice(0, at), pair.slice(at + 1))
    }
    return response
  }

  const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none' }

  async function shown(address: string, response: Response): Promise<Shown> {
    const text = await response.text()
    const { status, headers } = response
    return { url: new URL(address), status, headers, text, json: () => JSON.parse(text) }
  }

  async function follow(address: string, request: RequestInit = {}): Promise<Shown> {
    let at = address
    let response = await send(at, { ...request, headers: { ...navigation, ...(request.headers as object) } })
    for (let step = 0; step < 15; step++) {
      const location = response.headers.get('location')
      if (location === null) return shown(at, response)
      await response.body?.cancel()
      at = new URL(location, at).href
      response = await send(at, { headers: navigation })
    }
    throw new Error(`redirected for ever: ${at}`)
  }

  const person: Person = {
    open: address => follow(address),
    ask: async (address, request) => shown(address, await send(address, request)),
    post: (address, body = {}) =>
      person.ask(address, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          origin: new URL(address).origin,
          'sec-fetch-site': 'same-origin'
        },
        body: JSON.stringify(body)
      }),
    async signIn(origin, who = 'ola', query = '') {
      let page = await follow(`${origin}/auth/login${query}`)
      // The server's own pages: the sign-in form, and the question whether somebody else may go.
      while (page.url.origin !== origin) {
        const { action, hidden } = formOn({ ...page, path: page.url.pathname } as never)
        page = await follow(new URL(action, page.url).href, {
          method: 'POST',
          headers: { origin: page.url.origin, 'sec-fetch-site': 'same-origin' },
          body: new URLSearchParams({ ...hidden, login: `${who}@example.test`, password, choice: 'switch' })
        })
      }
      return page
    },
    async listen(address) {
      const stop = new AbortController()
      const response = await send(address, {
        headers: { accept: 'text/event-stream', 'sec-fetch-site': 'same-origin' },
        signal: stop.signal
      })
      return readEvents(response, () => stop.abort())
    },
    cookies,
    copy: () => newPerson(new Map([...jars].map(([host, jar]) => [host, new Map(jar)])))
  }
  return person
}

function readEvents(response: Response, close: () => void): EventReader {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  let seen = 0
  return {
    status: response.status,
    headers: response.headers,
    text: () => text,
    close,
    async next() {
      for (;;) {
        const end = text.indexOf('\n\n', seen)
        if (end < 0) {
          const read = await reader?.read()
          if (!read || read.done) return undefined
          text += read.value
          continue
        }
        const lines = text.slice(seen, end).split('\n')
        seen = end + 2
        const field = (name: string): string | undefined =>
          lines.find(it => it.startsWith(`${name}: `))?.slice(name.length + 2)
        const event = field('event')
        if (event !== undefined) return { event, data: JSON.parse(field('data') ?? 'null') }
      }
    }
  }
}
