import { onTestFinished } from 'vitest'
import { clients, issuer, secretOf } from '../../../../server/test/support/fixtures.ts'
import { authenticated, type SignedIn, signIn, token } from '../../../../server/test/support/sign-in.ts'
import { openSystem, type TestSystem } from '../../../../server/test/support/system.ts'
import { outgoing } from '../../../src/outgoing.ts'
import { requireToken, type TokenGuard, type TokenOptions } from '../../../src/tokens/index.ts'

/** The API that is guarded, as its tokens name it. */
export const api = 'https://api.example/'

/** How long the issuer's lists are good for in these tests, in seconds. */
export const listSeconds = 5

export { issuer }

/** A real issuer, and the way to it. */
export interface Issuer extends TestSystem {
  /** Paths that guards have asked for. */
  asked: string[]
  /** Paths that nobody answers at the moment. */
  down: Set<string>
  /** Done before a path is asked for. */
  before: Map<string, () => Promise<void> | void>
  /** A guard of the API in this process; closed with the test. */
  guard(options?: Partial<TokenOptions>): Guarded
  fetch(input: string | URL, init?: RequestInit): Promise<Response>
  signIn(clientId: string, browser?: ReturnType<TestSystem['browser']>): Promise<SignedIn>
  /** The token of a client that speaks for itself. */
  serverToken(scope?: 'things' | 'no scope'): Promise<string>
  revoke(clientId: string, value: string): Promise<unknown>
}

/** A guard with what it reported. */
export interface Guarded extends TokenGuard {
  errors: unknown[]
  /** The status with which a token is answered; 200 for one that passes. */
  status(accessToken: string, wants?: { scope?: string }): Promise<number>
}

/** How the API is known at the issuer. */
export const credentials = { client_id: 'api', client_secret: secretOf('api') }

/** Tokens of both forms: of `news`, `market` and `backend` JWTs for the API, of `forum` opaque ones. */
export async function openIssuer(): Promise<Issuer> {
  const at = await openSystem({
    config: {
      status_list_seconds: listSeconds,
      // Of these tests' own receivers.
      allow_private_addresses: true,
      clients: [
        ...clients.map(it => ({
          ...it,
          access_token_format: it.client_id === 'forum' ? 'opaque' : 'jwt',
          scope: it.scope === undefined ? undefined : `${it.scope} things`
        })),
        {
          ...credentials,
          grant_types: ['client_credentials'],
          scope: 'ssf.manage ssf.read',
          may_receive_events: 'all'
        }
      ],
      resources: [{ resource: api, access_token_format: 'jwt', introspected_by: ['api'] }]
    }
  })
  const out = outgoing()
  const asked: string[] = []
  const down = new Set<string>()
  const before = new Map<string, () => Promise<void> | void>()

  async function fetch(input: string | URL, init?: RequestInit): Promise<Response> {
    const { pathname } = new URL(input)
    asked.push(pathname)
    await before.get(pathname)?.()
    if (down.has(pathname)) throw new TypeError('fetch failed')
    return out.fetch(at.origin + pathname, init)
  }

  return {
    ...at,
    asked,
    down,
    before,
    fetch,
    guard(options = {}) {
      const errors: unknown[] = []
      const guard = requireToken({
        issuer,
        audience: api,
        allow_http: true,
        fetch,
        on_error: error => void errors.push(error),
        ...options
      })
      onTestFinished(() => guard.close())
      return {
        ...guard,
        errors,
        async status(accessToken, wants) {
          const headers = { authorization: `Bearer ${accessToken}` }
          const { refusal } = await guard.check({ headers }, wants)
          return refusal?.status ?? 200
        }
      }
    },
    signIn: (clientId, browser = at.browser()) =>
      signIn(at, browser, clientId, {
        params: { resource: clientId === 'forum' ? undefined : api, scope: 'openid profile email things' }
      }),
    async serverToken(scope = 'things') {
      const answer = await token(at, 'backend', {
        grant_type: 'client_credentials',
        resource: api,
        ...(scope === 'things' ? { scope } : {})
      })
      return String(answer.json().access_token)
    },
    revoke: (clientId, value) => at.ask('/oauth/revoke', authenticated(clientId, { token: value })),
    async close() {
      await out.close()
      await at.close()
    }
  }
}

/** The path of the first status list. */
export const listPath = '/oauth/status_lists/1'
