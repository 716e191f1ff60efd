import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { InitOptions } from '@utgang/browser'
import * as openid from 'openid-client'
import type { Host } from './network.ts'
import { pageWith, type Shown } from './site-page.ts'

/** A site that signs people in with a backend, and whose pages use the SDK. */
export interface Site {
  origin: string
  host: Host
  /** What its pages told when they were shown, in order. */
  shown: readonly Shown[]
}

/** How a site's backend knows the identity server. */
export interface SiteOptions {
  origin: string
  issuer: string
  clientId: string
  secret: string
  /** Goes to the identity server from here. */
  fetch: openid.CustomFetch
  /** What the SDK is started with on each page, by the page's name. */
  pages: Readonly<Record<string, InitOptions>>
}

/** An RP session. */
interface Login {
  sub: string
  name: string
  sid: string
  accessToken: string
}

const sdk = readFileSync(fileURLToPath(import.meta.resolve('@utgang/browser')), 'utf8')
const loginCookie = '__Host-rp'
const begunCookie = '__Host-begun'
const attributes = 'Path=/; Secure; HttpOnly; SameSite=Lax'

/**
 * `/` and a name: that page, with the SDK; it says who is signed in, as the server knows, and browsers may keep it in
 * the back/forward cache, with `?no-store` only as they do with such pages. `/elsewhere`: another page.
 * `/auth/login`, `/auth/callback`, `/auth/session`, `/auth/logout`: the backend. RP sessions are in memory.
 */
export function newSite({ origin, issuer, clientId, secret, fetch, pages }: SiteOptions): Site {
  const logins = new Map<string, Login>()
  const begun = new Map<string, { verifier: string; state: string; nonce: string; returnTo: string }>()
  const shown: Shown[] = []
  let discovered: Promise<openid.Configuration> | undefined
  const server = (): Promise<openid.Configuration> => {
    discovered ??= openid.discovery(new URL(issuer), clientId, secret, openid.ClientSecretBasic(secret), {
      [openid.customFetch]: fetch
    })
    return discovered
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = new URL(request.url ?? '/', origin)
    response.setHeader('cache-control', address.searchParams.has('no-store') ? 'no-store' : 'no-cache')
    switch (`${request.method} ${address.pathname}`) {
      case 'GET /sdk.js':
        return send(response, 'text/javascript', sdk)
      case 'GET /elsewhere':
        return send(response, 'text/html', '<!doctype html><title>Another page</title>')
      case 'POST /shown':
        shown.push(JSON.parse(await text(request)))
        return void response.writeHead(204).end()
      case 'GET /auth/login':
        return begin(address, response)
      case 'GET /auth/callback':
        return finish(address, request, response)
      case 'GET /auth/session':
        return sendJson(response, sessionAnswer(await loginOf(request)))
      case 'POST /auth/logout':
        return logout(request, response)
    }
    const page = pages[address.pathname.slice(1)]
    if (page) return send(response, 'text/html', pageWith(page, (await loginOf(request))?.name ?? ''))
    response.writeHead(404).end()
  }

  /** Its tokens are bound to the OP session, so asking about one of them tells whether that has ended. */
  async function loginOf(request: IncomingMessage): Promise<Login | undefined> {
    const id = cookieOf(request, loginCookie)
    const login = logins.get(id)
    if (login && (await openid.tokenIntrospection(await server(), login.accessToken)).active) return login
    logins.delete(id)
    return undefined
  }

  async function begin(address: URL, response: ServerResponse): Promise<void> {
    const id = randomUUID()
    const it = {
      verifier: openid.randomPKCECodeVerifier(),
      state: openid.randomState(),
      nonce: openid.randomNonce(),
      returnTo: address.searchParams.get('return_to') ?? '/'
    }
    begun.set(id, it)
    const target = openid.buildAuthorizationUrl(await server(), {
      redirect_uri: `${origin}/auth/callback`,
      scope: 'openid profile',
      state: it.state,
      nonce: it.nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(it.verifier),
      code_challenge_method: 'S256'
    })
    response.setHeader('set-cookie', `${begunCookie}=${id}; ${attributes}`)
    redirect(response, target.href)
  }

  async function finish(address: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const it = begun.get(cookieOf(request, begunCookie))
    if (!it) return void response.writeHead(400).end('not begun here')
    const tokens = await openid.authorizationCodeGrant(await server(), address, {
      pkceCodeVerifier: it.verifier,
      expectedState: it.state,
      expectedNonce: it.nonce
    })
    const { sub = '', name = sub, sid }: Partial<openid.IDToken> = tokens.claims() ?? {}
    const id = randomUUID()
    logins.set(id, { sub, name: String(name), sid: String(sid), accessToken: tokens.access_token })
    response.setHeader('set-cookie', `${loginCookie}=${id}; ${attributes}`)
    redirect(response, it.returnTo)
  }

  async function logout(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isPage = request.headers['content-type'] === 'application/json'
    if (request.headers['sec-fetch-site'] !== 'same-origin' || !isPage)
      return void response.writeHead(403).end()
    const login = await loginOf(request)
    if (!login) return sendJson(response, { ended: false })
    logins.delete(cookieOf(request, loginCookie))
    response.setHeader('set-cookie', `${loginCookie}=; ${attributes}; Max-Age=0`)
    const answer = await fetch(`${issuer}/oauth/end_session`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ sid: login.sid }),
      headers: {
        authorization: `Basic ${btoa(`${clientId}:${secret}`)}`,
        'content-type': 'application/x-www-form-urlencoded'
      }
    })
    sendJson(response, (await answer.json()) as object)
  }

  return {
    origin,
    shown,
    host(request, response) {
      serve(request, response).catch(error => response.writeHead(502).end(String(error)))
    }
  }
}

const sessionAnswer = (login: Login | undefined): object =>
  login
    ? {
        status: 'connected',
        user_id: login.sub,
        display_name: login.name,
        sid: login.sid,
        cache_seconds: 0
      }
    : { status: 'notConnected', cache_seconds: 0 }

function cookieOf({ headers }: IncomingMessage, name: string): string {
  return new RegExp(`(?:^|; )${name}=([^;]*)`).exec(headers.cookie ?? '')?.[1] ?? ''
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(303, { location }).end()
}

function send(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(body)
}

const sendJson = (response: ServerResponse, body: object): void =>
  send(response, 'application/json', JSON.stringify(body))
