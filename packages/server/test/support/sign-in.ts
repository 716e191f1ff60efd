import { hash, randomBytes } from 'node:crypto'
import type { Answer, Asking, Browser } from './browser.ts'
import { clients, issuer, password, secretOf } from './fixtures.ts'
import type { TestSystem } from './system.ts'

/** What a sign-in at one client gives. */
export interface SignedIn {
  clientId: string
  accessToken: string
  refreshToken: string
  idToken: string
  sub: string
  sid: string
  code: string
}

/** How to sign in. */
export interface SignInOptions {
  email?: string
  remember?: boolean
  /** Further parameters of the authorization request; `undefined` takes one away. */
  params?: Record<string, string | undefined>
}

/** An authorization request's address and what is needed to redeem its code. */
export function authorization(
  clientId: string,
  params: SignInOptions['params'] = {}
): { path: string; verifier: string; redirectUri: string } {
  const verifier = randomBytes(32).toString('base64url')
  const redirectUri = redirectUriOf(clientId)
  const query = new URLSearchParams()
  const all = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    state: 'a-state',
    nonce: 'a-nonce',
    code_challenge: hash('sha256', verifier, 'base64url'),
    code_challenge_method: 'S256',
    ...params
  }
  for (const [name, value] of Object.entries(all)) if (value !== undefined) query.set(name, value)
  return { path: `/oauth/authorize?${query}`, verifier, redirectUri: all.redirect_uri ?? redirectUri }
}

/** Signs in in a browser, with the password where it is asked for, consent given where it is asked for. */
export async function signIn(
  at: TestSystem,
  browser: Browser,
  clientId: string,
  options: SignInOptions = {}
): Promise<SignedIn> {
  const { path, verifier, redirectUri } = authorization(clientId, options.params)
  const end = await answerPages(browser, await browser.visit(path), options)
  return redeem(at, clientId, codeOf(end), verifier, redirectUri)
}

/** Answers sign-in and consent pages until the authorization leaves for the client. */
export async function answerPages(
  browser: Browser,
  page: Answer,
  options: SignInOptions = {}
): Promise<Answer> {
  let at = page
  for (let step = 0; step < 4 && at.status === 200; step++) {
    if (at.text.includes('id="sign-in"')) {
      const remember = options.remember === false ? undefined : 'on'
      const login = options.email ?? 'ola@example.test'
      at = await browser.follow(await browser.submit(at, { login, password, remember }))
    } else if (at.text.includes('id="allow"')) {
      at = await browser.follow(await browser.submit(at, { decision: 'allow' }))
    } else break
  }
  return at
}

/** The code that an authorization sent to the client. */
export function codeOf(answer: Answer): string {
  const code = answer.location && new URL(answer.location).searchParams.get('code')
  if (!code) throw new Error(`no code: ${answer.status} ${answer.location} ${answer.text.slice(0, 400)}`)
  return code
}

/** Redeems a code. */
export async function redeem(
  at: TestSystem,
  clientId: string,
  code: string,
  verifier: string,
  redirectUri = redirectUriOf(clientId)
): Promise<SignedIn> {
  const answer = await token(at, clientId, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier
  })
  if (answer.status !== 200) throw new Error(`no tokens: ${answer.status} ${answer.text}`)
  const reply = answer.json<{ access_token: string; refresh_token: string; id_token: string }>()
  const claims = claimsOf(reply.id_token)
  return {
    clientId,
    accessToken: reply.access_token,
    refreshToken: reply.refresh_token,
    idToken: reply.id_token,
    sub: String(claims.sub),
    sid: String(claims.sid),
    code
  }
}

/** A request to the token endpoint, authenticated as the fixtures say. */
export function token(at: TestSystem, clientId: string, form: Record<string, string>): Promise<Answer> {
  return at.ask('/oauth/token', authenticated(clientId, form))
}

/** A form with the client's own authentication: the secret by Basic, or the bare id of a public client. */
export function authenticated(clientId: string, form: Record<string, string>): Asking {
  const { client_secret: secret } = clientOf(clientId) as { client_secret?: string }
  return secret === undefined
    ? { form: { ...form, client_id: clientId } }
    : { form, basic: [clientId, secretOf(clientId)] }
}

/** The status of every way in which a token can be used: all 200 while it lives. */
export async function usesOf(
  at: TestSystem,
  { clientId, accessToken, refreshToken }: Pick<SignedIn, 'clientId' | 'accessToken' | 'refreshToken'>
): Promise<{ api: number; userinfo: number; introspection: boolean; refresh: number }> {
  const [api, userinfo, introspection] = await Promise.all([
    at.ask('/api/2/me', { bearer: accessToken }),
    at.ask('/oauth/userinfo', { bearer: accessToken }),
    at.ask('/oauth/introspect', authenticated(clientId, { token: accessToken }))
  ])
  const refresh = await token(at, clientId, { grant_type: 'refresh_token', refresh_token: refreshToken })
  return {
    api: api.status,
    userinfo: userinfo.status,
    introspection: introspection.json<{ active: boolean }>().active,
    refresh: refresh.status
  }
}

/** {@link usesOf} of a token that is alive. */
export const alive = { api: 200, userinfo: 200, introspection: true, refresh: 200 }
/** {@link usesOf} of a token that is revoked, with its grant. */
export const dead = { api: 401, userinfo: 401, introspection: false, refresh: 400 }

/** The claims of a JWT, unchecked. */
export function claimsOf(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'))
}

/** The first redirect URI of a client of the fixtures. */
export function redirectUriOf(clientId: string): string {
  const { redirect_uris: [first] = [] } = clientOf(clientId) as { redirect_uris?: string[] }
  return first ?? `${issuer}/none`
}

function clientOf(clientId: string): object {
  return clients.find(it => it.client_id === clientId) ?? {}
}
