import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { InitOptions } from '../../src/index.ts'
import { listen } from './listen.ts'

/** The pages of an application, at `http://ANY-NAME.localhost:PORT`. */
export interface Site {
  /** The origin that tests use as the application's own. */
  origin: string
  /** Another origin, of another site. */
  otherOrigin: string
  /** Options by path: a page at that path starts the SDK by itself. */
  starts: Map<string, Partial<InitOptions>>
  /** HTML by path, for pages that are not the usual one. */
  pages: Map<string, string>
  /** What answers under `/auth`, the application's backend; 404 by default. */
  backend: RequestListener
  close(): Promise<void>
}

const dist = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../dist/${name}`, import.meta.url)), 'utf8')
const types = { js: 'text/javascript', html: 'text/html' }
const files = { '/sdk.js': dist('index.js'), '/utgang.js': dist('utgang.js') }

const eventNames = [
  ...['login', 'logout', 'userChange', 'sessionChange', 'sessionInit', 'statusChange', 'notLoggedin'],
  ...['visitor', 'error', 'loginException']
]

/** Starts a site. Its usual page has the SDK as `sdk`, and `start(options)`, which writes what is heard into `heard`. */
export async function openSite(): Promise<Site> {
  const { port, close } = await listen((request, response) => {
    const { pathname } = new URL(request.url ?? '/', site.origin)
    const send = (type: string, text: string): void =>
      void response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(text)
    if (pathname in files) return send(types.js, files[pathname as keyof typeof files])
    if (pathname.startsWith('/auth/')) return site.backend(request, response)
    if (pathname === '/favicon.ico') return void response.writeHead(404).end()
    send(types.html, site.pages.get(pathname) ?? usualPage(site.starts.get(pathname)))
  })
  const site: Site = {
    origin: `http://site-a.localhost:${port}`,
    otherOrigin: `http://site-b.localhost:${port}`,
    starts: new Map(),
    pages: new Map(),
    backend: (_request, response) => void response.writeHead(404).end(),
    close
  }
  return site
}

function usualPage(options: Partial<InitOptions> | undefined): string {
  return `<!doctype html>
<title>A page</title>
<script type="module">
  import * as sdk from '/sdk.js'
  window.sdk = sdk
  window.heard = []
  window.start = options => {
    const utgang = sdk.init(options)
    for (const name of ${JSON.stringify(eventNames)})
      utgang.on(name, payload => heard.push({ name, payload: payload instanceof Error ? { ...payload } : payload }))
    return (window.utgang = utgang)
  }
  const options = ${JSON.stringify(options ?? null)}
  if (options) start(options)
  window.isReady = true
</script>`
}
