import { call, withQuery } from './answers.ts'
import { isRight } from './id-token.ts'
import { stay } from './leaving.ts'
import type { Page } from './page.ts'
import { base64url, newSecret } from './random.ts'
import { SdkError } from './sdk-error.ts'
import type { LoginOptions, Tokens } from './types.ts'

/** What the tab that left for a sign-in has to know when it is back. */
interface Attempt {
  state: string
  nonce: string
  verifier: string
  redirectUri: string
  /** The page's own. */
  text: string | undefined
}

const keyOf = ({ settings }: Page): string => `utgang:${settings.clientId}:login`

/** See `Utgang.login`. */
export async function login(page: Page, options: LoginOptions): Promise<never> {
  const { settings, tabStore } = page
  const { state: text, scope = settings.scope, return_to = herePath(), ...asked } = options
  const { redirectUri, backend } = settings
  if (backend) return leaveFor(withQuery(`${backend}/login`, { return_to, ...asked }))
  if (!redirectUri)
    throw new SdkError('invalid_options', 'redirect_uri is undefined: give where a sign-in comes back to')
  if (!crypto.subtle) throw failed('it needs https')
  const attempt: Attempt = {
    state: newSecret(),
    nonce: newSecret(),
    verifier: newSecret(),
    redirectUri,
    text
  }
  if (!tabStore.set(keyOf(page), JSON.stringify(attempt)))
    throw failed('this browser stores nothing, so no answer could be recognised')
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(attempt.verifier))
  return leaveFor(
    withQuery(`${settings.server}/oauth/authorize`, {
      response_type: 'code',
      client_id: settings.clientId,
      redirect_uri: redirectUri,
      scope,
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: base64url(new Uint8Array(digest)),
      code_challenge_method: 'S256',
      ...asked
    })
  )
}

/** See `Utgang.finishLogin`. */
export async function finishLogin(page: Page, address: string): Promise<Tokens | undefined> {
  const url = new URL(address, location.href)
  const answer = Object.fromEntries(url.searchParams)
  if (!answer.state || !(answer.code || answer.error)) return undefined
  const attempt = takeAttempt(page)
  if (url.href === location.href) cleanAddressBar(url)
  try {
    if (attempt?.state !== answer.state)
      throw failed('this tab began no such sign-in: start again with login()')
    if (answer.iss && answer.iss !== page.settings.server) throw failed(`${answer.iss} is not the server`)
    if (answer.error) throw failed(answer.error_description ?? answer.error, answer.error)
    stay(page)
    const mark = page.tabs.mark()
    const tokens = await redeem(page, attempt, answer.code ?? '')
    if (!isRight(tokens.id_token, { ...page.settings, nonce: attempt.nonce }))
      throw failed('its ID Token is missing, too old, or of another server, client or sign-in')
    // As with any answer that was asked for before a logout: it signs nobody in after it.
    if (mark !== page.tabs.mark()) throw failed('a logout came meanwhile')
    page.tokens = tokens
    page.cache.drop()
    return { ...tokens, state: attempt.text }
  } catch (cause) {
    const error = isFailed(cause)
      ? cause
      : failed('the code could not be redeemed', (cause as SdkError).error, cause)
    page.fire('loginException', error)
    throw error
  }
}

const herePath = (): string => location.pathname + location.search + location.hash

function leaveFor(address: string): Promise<never> {
  location.assign(address)
  return new Promise(() => {})
}

/** Once: whoever comes back a second time, with whatever, finds nothing. */
function takeAttempt(page: Page): Attempt | undefined {
  const text = page.tabStore.get(keyOf(page))
  page.tabStore.remove(keyOf(page))
  return text ? JSON.parse(text) : undefined
}

/** Takes the answer out of the address bar, and so out of bookmarks, history and referrers. */
function cleanAddressBar(url: URL): void {
  for (const name of ['code', 'state', 'iss', 'session_state', 'error', 'error_description', 'error_uri'])
    url.searchParams.delete(name)
  history.replaceState(history.state, '', url)
}

async function redeem({ settings }: Page, attempt: Attempt, code: string): Promise<Tokens> {
  const answer = await call(`${settings.server}/oauth/token`, settings.timeoutMs, {
    method: 'POST',
    credentials: 'omit',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: settings.clientId,
      redirect_uri: attempt.redirectUri,
      code,
      code_verifier: attempt.verifier
    })
  })
  return answer as unknown as Tokens
}

const failed = (why: string, error?: string, cause?: unknown): SdkError =>
  new SdkError('login_failed', `signing in failed: ${why}`, { error, cause })

const isFailed = (it: unknown): it is SdkError => it instanceof SdkError && it.code === 'login_failed'
