import Provider, { type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider'
import { guessKey, tooManySecrets } from '../clients/authenticate.ts'
import { originsOf, secretMark } from '../clients/client.ts'
import { sessionCookie } from '../sessions/session-cookie.ts'
import { hashSecret } from '../storage/secrets.ts'
import { isIdTokenType } from '../tokens/id-token-hint.ts'
import { outgoingFetch } from '../web/outgoing.ts'
import { giveForms, resourceIndicators } from './access-tokens.ts'
import { accountFinder, claimsByScope } from './accounts.ts'
import { adapterFor } from './adapter.ts'
import { amendments } from './amendments.ts'
import { renderProviderError } from './errors.ts'
import { grantLoader, sessionSeconds } from './grants.ts'
import type { OpParts } from './parts.ts'
import { registerPasswordGrant } from './password-grant.ts'
import { interactionCookies, interactionPath, routes } from './paths.ts'
import { prompts } from './policy.ts'
import { checkRegistration, encryptionKeys, ownKeys } from './registration.ts'
import { nameSessions } from './session-names.ts'
import { sessionStates } from './session-state.ts'

/** Builds oidc-provider over our storage, with the signing keys of this moment. */
export function buildProvider(parts: OpParts): Provider {
  const provider = new Provider(parts.config.issuer, configuration(parts))
  // Behind our own server every request counts as https: all cookies are Secure, on loopback too.
  provider.proxy = true
  override(provider, parts)
  giveForms(provider, parts)
  registerPasswordGrant(provider, parts)
  nameSessions(provider, parts)
  sessionStates(provider, parts)
  amendments(provider, parts)
  provider.on('server_error', (ctx, error) =>
    parts.log.error({ err: error, route: ctx.oidc?.route, ...ctx.req.askedBy }, 'oidc-provider failed')
  )
  return provider
}

function configuration(parts: OpParts): Configuration {
  const { config, clock } = parts
  const { lifetimes } = config
  const cookie = { httpOnly: true, secure: true, sameSite: 'lax', signed: false, overwrite: true } as const
  return {
    adapter: (model: string) => adapterFor(model, parts),
    jwks: { keys: parts.keys().privateJwks },
    routes,
    findAccount: accountFinder(parts.storage),
    loadExistingGrant: grantLoader(parts),
    interactions: { url: (_ctx, interaction) => `${interactionPath}/${interaction.uid}`, policy: prompts() },
    cookies: {
      names: { session: sessionCookie, ...interactionCookies },
      long: { ...cookie, path: '/' },
      short: cookie
    },
    claims: claimsByScope,
    scopes: scopesOf(parts),
    responseTypes: ['code'],
    subjectTypes: ['public'],
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    enabledJWA: {
      idTokenSigningAlgValues: ['RS256', 'ES256'],
      clientAuthSigningAlgValues: ['RS256', 'ES256', 'PS256', 'EdDSA']
    },
    clientDefaults: {
      id_token_signed_response_alg: 'RS256',
      grant_types: ['authorization_code', 'refresh_token']
    },
    extraClientMetadata: {
      properties: [...ownKeys, ...encryptionKeys],
      validator: checkRegistration(config) as never
    },
    // Whether a client is a browser application of ours is the config's word (`sdk`), and so are its origins.
    clientBasedCORS: (_ctx, origin, client) =>
      client.sdk === true &&
      originsOf(client.origins as string[] | undefined, client.redirectUris ?? []).includes(origin),
    pkce: { required: (_ctx, client) => client.require_pkce !== false },
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: ctx => rotates(ctx, parts),
    // What lives with its session is decided by the grant, in the storage: see grants.ts.
    expiresWithSession: () => false,
    conformIdTokenClaims: true,
    allowOmittingSingleRegisteredRedirectUri: false,
    clockTolerance: 10,
    fetch: outgoingFetch(config) as never,
    renderError: (ctx, out, error) => renderProviderError(ctx, out, error, parts),
    discovery: { ui_locales_supported: ['en', 'nb'], claims_parameter_supported: false },
    ttl: {
      AccessToken: lifetimes.access_token_seconds,
      AuthorizationCode: lifetimes.code_seconds,
      ClientCredentials: lifetimes.access_token_seconds,
      Grant: lifetimes.refresh_token_max_seconds,
      IdToken: lifetimes.id_token_seconds,
      Interaction: lifetimes.interaction_seconds,
      RefreshToken: (_ctx, token) => refreshSeconds(lifetimes, token.iiat ?? clock.now(), clock.now()),
      Session: (_ctx, session) => sessionSeconds(lifetimes, session, clock.now())
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: true },
      userinfo: { enabled: true },
      registration: registration(parts),
      pushedAuthorizationRequests: { enabled: false },
      dPoP: { enabled: false },
      resourceIndicators: resourceIndicators(config, scopesOf(parts))
    }
  }
}

function override(provider: Provider, { limits: { wrongSecrets } }: OpParts): void {
  // Whatever Host header arrives, every address we give out is under the issuer.
  provider.OIDCContext.prototype.urlFor = (name: string, options?: object) =>
    provider.urlFor(name, options as never)
  provider.Client.prototype.includeSid = () => true
  // It knows a hint by signature, issuer and audience alone, and a Logout Token has these too (Back-Channel Logout 1.0 §4.1).
  const hints = provider.IdToken as unknown as HintReader
  const { validate } = hints
  hints.validate = async (jwt, client) => {
    const hint = await validate.call(hints, jwt, client)
    if (!isIdTokenType(hint.header.typ)) throw new errors.InvalidRequest('id_token_hint is no ID Token')
    return hint
  }
  provider.Client.prototype.compareClientSecret = async function (
    this: { clientId: string; clientSecret?: string },
    secret: string
  ) {
    const guesses = guessKey(this.clientId, Provider.ctx?.req.askedBy?.ip)
    const retryAfterSeconds = await wrongSecrets.look(guesses)
    if (retryAfterSeconds > 0) {
      Provider.ctx?.set('retry-after', String(retryAfterSeconds))
      throw Object.assign(new errors.InvalidClientAuth(tooManySecrets), { status: 429, statusCode: 429 })
    }
    const matches = this.clientSecret === secretMark + hashSecret(secret)
    if (!matches) await wrongSecrets.take(guesses)
    return matches
  } as never
}

interface HintReader {
  validate(jwt: string, client: unknown): Promise<{ header: { typ?: unknown } }>
}

function scopesOf({ config }: OpParts): string[] {
  const registered = [...config.clients, ...config.resources].flatMap(it => it.scope?.split(' ') ?? [])
  return [...new Set(['openid', 'offline_access', ...Object.keys(claimsByScope), ...registered])]
}

/** Public clients rotate their refresh tokens; a confidential one keeps its own, and its use moves the idle limit. */
async function rotates(ctx: KoaContextWithOIDC, { storage, clock, config }: OpParts): Promise<boolean> {
  const token = ctx.oidc.entities.RefreshToken
  if (!token || ctx.oidc.client?.clientAuthMethod === 'none') return true
  const now = clock.now()
  const seconds = refreshSeconds(config.lifetimes, token.iiat ?? now, now)
  await storage.extendToken(hashSecret(token.jti), now + seconds)
  return false
}

function refreshSeconds(
  lifetimes: OpParts['config']['lifetimes'],
  firstIssuedAt: number,
  now: number
): number {
  const left = firstIssuedAt + lifetimes.refresh_token_max_seconds - now
  return Math.max(1, Math.min(lifetimes.refresh_token_idle_seconds, left))
}

function registration({ config }: OpParts): NonNullable<Configuration['features']>['registration'] {
  if (config.registration === false) return { enabled: false }
  const initialAccessToken = config.registration === true ? false : config.registration.initial_access_token
  return { enabled: true, initialAccessToken, issueRegistrationAccessToken: true }
}
