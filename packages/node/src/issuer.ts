import { createRemoteJWKSet, customFetch, type JWKSCacheInput, jwksCache, type RemoteJWKSet } from 'jose'
import * as openid from 'openid-client'
import { AuthError } from './auth-error.ts'
import { type Fetch, isPublicKeyAlg, type Settings } from './options.ts'

/** The sign-in server, as this application talks to it. */
export interface Issuer {
  /**
   * For everything that OpenID Connect defines. Discovery happens when it is first needed, and again after a failure, so that
   * an issuer that is down at start breaks nothing.
   * @throws AuthError `issuer_unreachable`
   */
  openid(): Promise<openid.Configuration>
  /** What Logout Tokens may be signed with. @throws AuthError `issuer_unreachable` when discovery fails */
  keys(): Promise<IssuerKeys>
  /**
   * Ends the sign-on session that this application knows by `sid`. One that has ended already is no failure.
   * @returns the receipt; null when the issuer knows nothing of such a session any more
   * @throws AuthError `issuer_unreachable` after three seconds at most, `issuer_refused`
   */
  endSession(sid: string): Promise<string | null>
  /** Whether the sign-on session has been ended. Undefined when the issuer does not say within two seconds. */
  hasEnded(sid: string): Promise<boolean | undefined>
}

/** The issuer's public keys. */
export interface IssuerKeys {
  /** Asked for by the `kid` of a token; read anew when it is unknown, at most every ten seconds. */
  find: RemoteJWKSet
  algorithms: string[]
  /** When the keys were last read, in UTC seconds; 0 before the first time. */
  readAt(): number
}

/** See {@link Issuer}. Asks nothing yet. */
export function issuerOf(settings: Settings, fetch: Fetch): Issuer {
  const { issuer, clientId, clientSecret } = settings
  const basic = `Basic ${btoa([clientId, clientSecret].map(encodeURIComponent).join(':'))}`
  let discovered: Promise<openid.Configuration> | undefined
  let keys: Promise<IssuerKeys> | undefined

  async function read(): Promise<IssuerKeys> {
    return keysOf((await it.openid()).serverMetadata(), settings, fetch)
  }

  async function ask(path: string, timeoutMs: number, request: RequestInit = {}): Promise<Response> {
    const signal = AbortSignal.timeout(timeoutMs)
    const headers = { authorization: basic }
    return fetch(issuer.replace(/\/$/, '') + path, { ...request, headers, signal, redirect: 'manual' })
  }

  const it: Issuer = {
    openid() {
      discovered ??= discover(settings, fetch).catch(cause => {
        discovered = undefined
        throw new AuthError('issuer_unreachable', `${issuer} cannot be discovered: ${why(cause)}`, { cause })
      })
      return discovered
    },
    keys() {
      keys ??= read().catch(error => {
        keys = undefined
        throw error
      })
      return keys
    },
    async endSession(sid) {
      let status: number
      let answer: { receipt?: string | null; error?: string; ended?: boolean }
      try {
        // A page that asked gives up after five seconds, and should hear why.
        const response = await ask('/oauth/end_session', 3000, {
          method: 'POST',
          body: new URLSearchParams({ sid })
        })
        status = response.status
        answer = await response.json()
      } catch (cause) {
        throw new AuthError('issuer_unreachable', `${issuer} did not end the session: ${why(cause)}`, {
          cause
        })
      }
      if (status === 200 && answer.ended === true) return answer.receipt ?? null
      if (answer.error === 'unknown_session') return null
      throw new AuthError(
        status >= 400 && status < 500 && status !== 429 ? 'issuer_refused' : 'issuer_unreachable',
        `${issuer} did not end the session: ${status} ${answer.error ?? ''}`
      )
    },
    async hasEnded(sid) {
      try {
        const response = await ask(`/logout/receipts?sid=${encodeURIComponent(sid)}`, 2000)
        await response.body?.cancel()
        return response.status === 200 ? true : response.status === 404 ? false : undefined
      } catch {
        return undefined
      }
    }
  }
  return it
}

async function discover(settings: Settings, fetch: Fetch): Promise<openid.Configuration> {
  const { issuer, clientId, clientSecret, alg } = settings
  const found = await openid.discovery(
    new URL(issuer),
    clientId,
    { id_token_signed_response_alg: alg },
    openid.ClientSecretBasic(clientSecret),
    {
      timeout: 5,
      // The ID Token's signature counts too, not only whom it came from.
      execute: [
        openid.enableNonRepudiationChecks,
        ...(issuer.startsWith('http:') ? [openid.allowInsecureRequests] : [])
      ],
      [openid.customFetch]: fetch as unknown as openid.CustomFetch
    }
  )
  const { issuer: itself } = found.serverMetadata()
  // Discovery overlooks a slash at the end. No Logout Token would ever be believed then.
  if (itself !== issuer) throw new Error(`it calls itself ${itself}: give that as issuer`)
  return found
}

function keysOf(metadata: openid.ServerMetadata, { issuer, alg }: Settings, fetch: Fetch): IssuerKeys {
  if (!metadata.jwks_uri)
    throw new AuthError('issuer_unreachable', `the discovery document of ${issuer} names no jwks_uri`)
  const cache: JWKSCacheInput = {}
  const find = createRemoteJWKSet(new URL(metadata.jwks_uri), {
    timeoutDuration: 3000,
    cooldownDuration: 10_000,
    [jwksCache]: cache,
    [customFetch]: fetch as never
  })
  // Discovery that names none means RS256 (OpenID Connect Discovery 1.0 §3).
  const named = metadata.id_token_signing_alg_values_supported ?? ['RS256']
  return {
    find,
    algorithms: alg === undefined ? named.filter(isPublicKeyAlg) : [alg],
    readAt: () => Math.floor(('uat' in cache ? cache.uat : 0) / 1000)
  }
}

/** The innermost message of an error: "fetch failed" says nothing. */
function why(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: unknown }
  return cause instanceof Error ? why(cause) : (message ?? String(error))
}
