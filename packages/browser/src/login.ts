import { call } from './answers.ts'
import { goTo } from './leaving.ts'
import { random } from './local-state.ts'
import type { Page } from './page.ts'
import { SdkError } from './sdk-error.ts'
import type { LoginOptions, Tokens } from './types.ts'

/**
 * Leaves for the sign-in page: authorization code with state, nonce and PKCE (RFC 7636); by the backend where there is one.
 * @throws SdkError `invalid_options` without a `redirect_uri`
 */
export async function login({ settings, local }: Page, options: LoginOptions = {}): Promise<never> {
  const { backend, server, client_id, redirect_uri, scope } = settings
  const { return_to = location.pathname + location.search, ...more } = options
  local.dropCache()
  if (backend) return goTo(`${backend}/login?return_to=${encodeURIComponent(return_to)}`)
  if (!redirect_uri)
    throw new SdkError('invalid_options', 'redirect_uri is missing: sign-in has to come back somewhere')
  const [state, nonce, verifier] = [random(), random(), random() + random()]
  local.keep(`login:${state}`, { nonce, verifier, redirect_uri })
  const address = new URL('/oauth/authorize', server)
  const parameters = {
    response_type: 'code',
    client_id,
    redirect_uri,
    scope,
    state,
    nonce,
    code_challenge: await challengeOf(verifier),
    code_challenge_method: 'S256',
    ...more
  }
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) address.searchParams.set(name, String(value))
  return goTo(address.href)
}

/**
 * Redeems the code that an address holds, once. The ID Token comes straight from the server over TLS, so its claims are
 * checked and its signature need not be (OpenID Connect Core 1.0 §3.1.3.7).
 * @throws SdkError `login_failed`; listeners hear `loginException`
 */
export async function finishLogin(page: Page, given?: string): Promise<Tokens | undefined> {
  const { searchParams } = new URL(given ?? location.href)
  const [state, code, error] = ['state', 'code', 'error'].map(name => searchParams.get(name))
  if (!state || !(code || error)) return undefined
  try {
    const begun = page.local.take(`login:${state}`)
    if (given === undefined) cleanAddress()
    if (!begun) throw failed('this sign-in was not begun in this tab, or is finished already')
    if (error || !code)
      throw failed(searchParams.get('error_description') ?? String(error), { error: String(error) })
    const { server } = page.settings
    if ((searchParams.get('iss') ?? server) !== server)
      throw failed(`the answer is from ${searchParams.get('iss')}`)
    const tokens = await redeem(page, code, begun)
    const claims = checkedClaims(page, tokens, begun)
    page.tokens = tokens
    page.settle(sessionFrom(claims))
    return tokens
  } catch (cause) {
    const exception =
      cause instanceof SdkError && cause.code === 'login_failed'
        ? cause
        : failed('the code was not redeemed', { cause })
    page.bus.fire('loginException', exception)
    throw exception
  }
}

type Begun = Record<string, string>

function redeem(
  { settings }: Page,
  code: string,
  { verifier = '', redirect_uri = '' }: Begun
): Promise<Tokens> {
  const { server, client_id, timeout } = settings
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    client_id,
    redirect_uri,
    code_verifier: verifier
  })
  return call<Tokens>(`${server}/oauth/token`, timeout, { method: 'POST', body, credentials: 'omit' })
}

interface Claims {
  iss: string
  aud: string | string[]
  sub: string
  exp: number
  nonce?: string
  sid?: string
  name?: string
}

function checkedClaims({ settings }: Page, { id_token }: Tokens, { nonce }: Begun): Claims {
  const claims = decoded(id_token)
  const audiences = [claims?.aud].flat()
  if (claims?.iss !== settings.server || !audiences.includes(settings.client_id) || claims.nonce !== nonce)
    throw failed('the ID Token is not the one that was asked for')
  if (claims.exp * 1000 < Date.now() - 60_000) throw failed('the ID Token has expired: is this clock right?')
  return claims
}

function decoded(jwt: string): Claims | undefined {
  try {
    const base64 = (jwt.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/')
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(base64), it => it.charCodeAt(0))))
  } catch {
    return undefined
  }
}

const sessionFrom = ({ sub, sid, name }: Claims) => ({
  result: true,
  userStatus: 'connected' as const,
  userId: sub,
  displayName: name,
  sid,
  serverTime: Math.floor(Date.now() / 1000),
  clientTime: Date.now(),
  expiresIn: 0
})

/** Code and state are of no more use, and have no place in bookmarks and Referers. */
function cleanAddress(): void {
  const address = new URL(location.href)
  for (const name of ['code', 'state', 'iss', 'session_state', 'error', 'error_description'])
    address.searchParams.delete(name)
  history.replaceState(history.state, '', address)
}

async function challengeOf(verifier: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
  return btoa(String.fromCharCode(...new Uint8Array(hash)))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')
}

const failed = (message: string, more?: { error?: string; cause?: unknown }): SdkError =>
  new SdkError('login_failed', message, more)
