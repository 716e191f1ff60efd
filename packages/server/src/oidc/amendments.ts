import type Provider from 'oidc-provider'
import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider'
import { sessionCookie } from '../sessions/session-cookie.ts'
import { hashSecret } from '../storage/secrets.ts'
import { statusListsPath } from '../tokens/status-list-uri.ts'
import { handleLine } from '../web/sdk-cookie.ts'
import { renderProviderError } from './errors.ts'
import type { OpParts } from './parts.ts'
import { checkSessionPath, globalRevocationPath, returnPath, routes } from './paths.ts'
import { restartOf } from './restart.ts'
import { isFirst } from './session-names.ts'

type Next = () => Promise<unknown>

/** What `prompt=none` is there to find out: of these a client hears whoever it is (OpenID Connect Core 1.0 §3.1.2.6). */
const answersOfNoPrompt = [
  'login_required',
  'consent_required',
  'interaction_required',
  'account_selection_required'
]

/**
 * What we add around oidc-provider's own steps. Must run before its `callback()` is made: its chain is composed then.
 */
export function amendments(provider: Provider, parts: OpParts): void {
  const { clients, clock } = parts

  // An authorization whose session ended while it was under way starts again, signed out.
  provider.use(async (ctx: KoaContextWithOIDC, next: Next) => {
    await next()
    if (ctx.state.sessionEnded === true && isAuthorization(ctx))
      // Another tab may have begun it for somebody else, as whom nobody goes on without being asked.
      restart(ctx, paramsOf(ctx), isFirst(ctx) ? 'login' : undefined)
    else if (wantsAccountSwitch(ctx)) restart(ctx, ctx.oidc.entities.Interaction?.params, 'login')
    if (ctx.state.sessionEnded === true || ctx.oidc?.session?.accountId === undefined) keepSessionCookie(ctx)
    else if (isAuthorization(ctx)) tellBrowser(ctx, parts)
  })

  // An authorization is resumed by our own sign-in page. A page of a sibling host could have put its own resume
  // cookie here and bring the browser back to it: then somebody would be signed in as another.
  provider.use(async (ctx: KoaContextWithOIDC, next: Next) => {
    const uid = ctx.path.startsWith(returnPath) ? ctx.path.slice(returnPath.length) : undefined
    const site = ctx.get('sec-fetch-site')
    if (uid === undefined || (site !== 'cross-site' && site !== 'same-site')) return next()
    const record = await parts.storage.findRecord('interaction', hashSecret(uid), clock.now())
    if (!record) return next()
    restart(ctx, record.payload.params as object)
  })

  // Whoever registers itself must not get people sent to it from our address by a request that is wrong on purpose:
  // an error goes back only after somebody has signed in here (RFC 9700 §4.11.2).
  provider.on('authorization.error', (ctx, error) => {
    ctx.state.authorizationError = error
  })
  provider.use(async (ctx: KoaContextWithOIDC, next: Next) => {
    await next()
    const error = ctx.state.authorizationError as (ErrorOut & Error) | undefined
    if (!error || ctx.path !== routes.authorization || ctx.oidc.session?.accountId !== undefined) return
    const client = ctx.oidc.client && (await clients.find(ctx.oidc.client.clientId))
    if (client?.source !== 'registered' || ctx.status === 429 || answersOfNoPrompt.includes(error.error))
      return
    ctx.status = 400
    ctx.remove('location')
    await renderProviderError(ctx, error, error, parts)
  })

  // A request without scope means what the client has registered (SPiD's clients send none).
  provider.use(async (ctx: KoaContextWithOIDC, next: Next) => {
    const { client_id, scope } = ctx.query
    if (ctx.path === routes.authorization && !scope && typeof client_id === 'string') {
      const client = await clients.find(client_id)
      ctx.query = { ...ctx.query, scope: client?.scope ?? 'openid' }
    }
    await next()
  })

  provider.use(async (ctx: KoaContextWithOIDC, next: Next) => {
    await next()
    const body = ctx.body as Record<string, unknown> | undefined
    if (ctx.path.startsWith('/.well-known/') && body) amendDiscovery(body, parts)
    else if (ctx.path === routes.token && body?.error !== undefined) amendTokenError(ctx, body)
    // Reading one's own registration must not show the hash that stands where the secret was.
    else if (ctx.path.startsWith(`${routes.registration}/`) && body) delete body.client_secret
  })

  // SPiD's token replies say whose the tokens are and what time it is here (its clients correct their clocks by it).
  provider.on('grant.success', ctx => {
    const body = ctx.body as Record<string, unknown>
    body.user_id = ctx.oidc.account?.accountId ?? ctx.oidc.entities.AccessToken?.accountId ?? false
    body.server_time = clock.now()
  })

  function restart(ctx: KoaContextWithOIDC, params: object | undefined, prompt?: string): void {
    // A return that failed before it was read has been answered already: see errors.ts.
    if (!params) return
    ctx.status = 303
    ctx.type = 'text/plain'
    ctx.body = 'Starting again.'
    ctx.set('location', restartOf(params as Record<string, unknown>, prompt))
  }
}

/** What a browser keeps beside its session's cookie while somebody is signed in; each logout takes it back. */
function tellBrowser(ctx: KoaContextWithOIDC, { config, sdkNames }: OpParts): void {
  // Login Status API.
  ctx.set('set-login', 'logged-in')
  const { session } = ctx.oidc
  if (!session) return
  const handle = { handle: sdkNames.handleOf(session.uid), remembered: session.transient !== true }
  const line = handleLine(ctx.req.headers, handle, config)
  if (line !== undefined) ctx.append('set-cookie', line)
}

/**
 * Leaves the browser's session cookie as it is. A request that is nobody's would set one of an empty session, over the
 * one that another tab may have been given meanwhile.
 */
function keepSessionCookie(ctx: KoaContextWithOIDC): void {
  const lines = [ctx.response.get('set-cookie') ?? []].flat()
  const kept = lines.filter(line => !line.startsWith(`${sessionCookie}=`))
  if (kept.length === lines.length) return
  if (kept.length > 0) ctx.set('set-cookie', kept)
  else ctx.remove('set-cookie')
}

/** The parameters of the authorization that this request belongs to, as far as they are known. */
export function paramsOf(ctx: KoaContextWithOIDC): object | undefined {
  if (ctx.path === routes.authorization) return ctx.oidc?.params ?? ctx.query
  return ctx.oidc?.params ?? ctx.oidc?.entities.Interaction?.params
}

/** Whether a request asks for an authorization, or comes back to one. */
export function isAuthorization(ctx: KoaContextWithOIDC): boolean {
  return ctx.path === routes.authorization || ctx.path.startsWith(returnPath)
}

/**
 * oidc-provider answers a sign-in as somebody else with a form that posts to a logout of its own. Switching accounts
 * is ours (see sign-in.ts); this is left for the case in which the other signed in between form and return.
 */
function wantsAccountSwitch(ctx: KoaContextWithOIDC): boolean {
  if (!ctx.path.startsWith(returnPath)) return false
  const state = (ctx.oidc?.session as { state?: { postLogoutRedirectUri?: string } } | undefined)?.state
  return state?.postLogoutRedirectUri !== undefined
}

function amendDiscovery(body: Record<string, unknown>, { config }: OpParts): void {
  if ([...config.clients, ...config.resources].some(it => it.access_token_format === 'jwt'))
    body.status_list_aggregation_endpoint = config.issuer + statusListsPath
  // The password grant is for a few named clients and nobody else's business.
  body.grant_types_supported = (body.grant_types_supported as string[]).filter(type => type !== 'password')
  // What we answer ourselves, and how callers prove who they are there.
  const confidential = (body.token_endpoint_auth_methods_supported as string[]).filter(
    method => method !== 'none'
  )
  body.introspection_endpoint_auth_methods_supported = confidential
  body.introspection_endpoint_auth_signing_alg_values_supported =
    body.token_endpoint_auth_signing_alg_values_supported
  body.revocation_endpoint_auth_methods_supported = body.token_endpoint_auth_methods_supported
  body.revocation_endpoint_auth_signing_alg_values_supported =
    body.token_endpoint_auth_signing_alg_values_supported
  body.backchannel_logout_supported = true
  body.global_token_revocation_endpoint = config.issuer + globalRevocationPath
  // A JSON body has no room for `client_secret_post`; a token's type stands beside the methods (RFC 8414 §2).
  body.global_token_revocation_endpoint_auth_methods_supported = [
    ...confidential.filter(method => method !== 'client_secret_post'),
    'Bearer'
  ]
  body.backchannel_logout_session_supported = true
  body.frontchannel_logout_supported = true
  body.frontchannel_logout_session_supported = true
  body.check_session_iframe = config.issuer + checkSessionPath
  body.prompt_values_supported = ['none', 'login', 'consent', 'select_account', 'create']
}

/** SPiD's clients read `error_code` and `type`, and expect 401 only where they sent an Authorization header. */
function amendTokenError(ctx: KoaContextWithOIDC, body: Record<string, unknown>): void {
  if (ctx.status === 401 && ctx.get('authorization') === '') {
    ctx.status = 400
    ctx.remove('www-authenticate')
  }
  body.error_code = ctx.status
  body.type = 'OAuthException'
}
