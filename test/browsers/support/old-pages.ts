import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import type { Host } from './network.ts'

/** What pages with clients of SPiD's time hold in their `window`. */
export interface OldWindow {
  /** Every event that the page has heard, in order, with the user in it. */
  heard: [name: string, userId: unknown][]
  /** Schibsted's SDK. */
  identity: {
    hasSession(): Promise<Record<string, unknown>>
    isLoggedIn(): Promise<boolean>
    isConnected(): Promise<boolean>
    getUserId(): Promise<unknown>
    getExternalId(party: string): Promise<string>
    login(options: { state: string }): void
    logout(): void
  }
  /** Asks by a script tag; resolves to what the tag calls back with, `failed` where it could not be loaded. */
  ask(path: string, about: { clientId: string; redirectUri: string }): Promise<OldReply>
  /** What the callback of the last call was given. */
  calledBack?: [error: unknown, data: Record<string, unknown>]
}

/** What SPiD's script tags call back with: an error with a response beside it, or the response alone. */
export interface OldReply {
  failed?: true
  result?: boolean
  error?: { code: number; type: string }
  response?: Record<string, unknown>
}

/** What the pages are made for. */
export interface OldPageOptions {
  issuer: string
  origin: string
  clientId: string
}

/**
 * Pages of an origin: `/schibsted` with account-sdk-browser as it is on npm, `/spid` as SPiD's documentation shows one,
 * `/tags` with script tags as SPiD's sdk-js makes them. `?policy=` is their Referrer-Policy.
 */
export function oldPages(options: OldPageOptions, schibstedSdk: string): Host {
  const pages: Record<string, string> = {
    '/schibsted': schibstedPage(options),
    '/spid': spidPage(options),
    '/tags': tagsPage(options)
  }
  return (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', options.origin)
    if (pathname === '/schibsted.js')
      return void response.setHeader('content-type', 'text/javascript').end(schibstedSdk)
    const page = pages[pathname]
    if (page === undefined) return void response.writeHead(404).end()
    const policy = searchParams.get('policy')
    if (policy) response.setHeader('referrer-policy', policy)
    response.setHeader('content-type', 'text/html; charset=utf-8').end(page)
  }
}

/** account-sdk-browser, bundled as a site would: one script with the global `Schibsted`. */
export async function bundleSchibstedSdk(): Promise<string> {
  const bundled = await rolldown({
    input: fileURLToPath(import.meta.resolve('@schibsted/account-sdk-browser/identity')),
    platform: 'browser',
    logLevel: 'silent'
  })
  const { output } = await bundled.generate({ format: 'iife', name: 'Schibsted' })
  await bundled.close()
  return output[0].code
}

const spidEvents = [
  'login',
  'logout',
  'userChange',
  'sessionChange',
  'notLoggedin',
  'sessionInit',
  'statusChange'
]

function schibstedPage({ issuer, origin, clientId }: OldPageOptions): string {
  return `<!doctype html><title>A page</title>
<script src="/schibsted.js"></script>
<script>
  window.heard = []
  window.identity = new Schibsted.Identity({
    clientId: '${clientId}', redirectUri: '${origin}/schibsted', sessionDomain: '${issuer}', env: '${issuer}'
  })
  for (const name of ${JSON.stringify(spidEvents)})
    identity.on(name, session => heard.push([name, session?.userId ?? null]))
  identity.on('error', error => heard.push(['error', error.code]))
</script>`
}

/** Loaded late and called back, subscribed before `init`, links by `SPiD_Uri`: the way that SPiD's documentation shows. */
function spidPage({ issuer, origin, clientId }: OldPageOptions): string {
  return `<!doctype html><title>A page</title>
<a id="sign-in">Sign in</a> <a id="sign-out">Sign out</a> <button id="out">Sign out, by script</button>
<script>
  window.heard = []
  window.asyncSPiD = function () {
    ${JSON.stringify(spidEvents)}.concat('error').forEach(function (name) {
      SPiD.event.subscribe('SPiD.' + name, function (payload) {
        heard.push([name, (payload.session && payload.session.userId) || null])
      })
    })
    SPiD.init({ client_id: '${clientId}', server: '${new URL(issuer).host}', redirect_uri: '${origin}/spid' })
    document.getElementById('sign-in').href = SPiD_Uri.login('${origin}/spid')
    document.getElementById('sign-out').href = SPiD_Uri.logout('${origin}/spid')
    document.getElementById('out').onclick = function () {
      SPiD.logout(function (error, data) { window.calledBack = [error, data] })
    }
    SPiD.hasSession(function (error, data) { window.calledBack = [error, data] })
  };
  (function () {
    var script = document.createElement('script')
    script.async = true
    script.src = '${issuer}/js/utgang.js'
    document.head.appendChild(script)
  })()
</script>`
}

/** sdk-js itself is not on npm; this does what it sends and expects, by tags of its own. */
function tagsPage({ issuer }: OldPageOptions): string {
  return `<!doctype html><title>A page</title>
<script>
  const waiting = {}
  window.SPiD = { Talk: { response: (id, reply) => waiting[id]?.(reply) } }
  window.ask = (path, { clientId, redirectUri }) => new Promise(done => {
    const id = 'f' + Math.random().toString(16).slice(2)
    waiting[id] = done
    const tag = document.createElement('script')
    tag.onerror = () => done({ failed: true })
    tag.src = '${issuer}' + path + '?callback=' + id + '&redirect_uri=' + encodeURIComponent(redirectUri) +
      '&client_id=' + clientId
    document.head.append(tag)
  })
</script>`
}
