import type Provider from 'oidc-provider'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { newSalt, sessionState, stateCookie } from '../sessions/browser-state.ts'
import { readCookie } from '../web/cookies.ts'
import { isTopLevel } from '../web/fetch-metadata.ts'
import { stateLine } from '../web/state-cookie.ts'
import { isAuthorization, paramsOf } from './amendments.ts'
import type { OpParts } from './parts.ts'
import { interactionPath } from './paths.ts'
import { isFirst } from './session-names.ts'

/** The OP browser state that an answer speaks of. */
interface State {
  value: string
  /** `kept`: as the browser has it, or nothing that it could be given. */
  is: 'of_session' | 'signed_out' | 'kept'
}

/**
 * Puts `session_state` into every authorization response, errors too, and keeps the browser's state cookie in step with
 * it (Session Management 1.0 §2). Must run before the other amendments, so that it sees the answer as it leaves.
 */
export function sessionStates(provider: Provider, parts: OpParts): void {
  provider.on('authorization.success', (ctx, out) => {
    const { client, params } = ctx.oidc
    if (!out || !client) return
    out.session_state = stateFor(client.clientId, String(params?.redirect_uri), stateOf(ctx, parts).value)
  })
  const failed = (ctx: KoaContextWithOIDC): void => {
    ctx.state.failed = true
  }
  provider.on('authorization.error', failed)
  provider.on('server_error', failed)
  provider.use(async (ctx: KoaContextWithOIDC, next: () => Promise<unknown>) => {
    await next()
    if (!isAuthorization(ctx)) return
    if (ctx.state.sessionEnded === true) {
      // The session that its state names is not to be had: the next sign-in begins another one.
      if (isFirst(ctx)) keepInStep(ctx, { value: parts.sdkNames.states.signedOut(), is: 'signed_out' }, parts)
      return
    }
    const state = stateOf(ctx, parts)
    const told = addToError(ctx, state.value)
    // A browser of which nobody has been told anything needs none yet, unless somebody is about to sign in.
    const known = readCookie(ctx.req.headers.cookie, stateCookie) !== undefined
    const begins = (ctx.response.get('location') ?? '').startsWith(`${interactionPath}/`)
    if (state.is === 'of_session' || (state.is === 'signed_out' && (told || known || begins)))
      keepInStep(ctx, state, parts)
  })
}

function stateOf(ctx: KoaContextWithOIDC, { sdkNames: { states } }: OpParts): State {
  const session = ctx.oidc?.session
  if (session?.accountId !== undefined)
    return { value: states.of({ uid: session.uid, loginAt: session.loginTs ?? 0 }), is: 'of_session' }
  // A frame on another site never brings the session's cookie, so there the state stays as it is; where none came, its
  // pages cannot see one either, and whatever they are told says nothing.
  const isPage = isTopLevel(ctx.req.headers)
  const had = readCookie(ctx.req.headers.cookie, stateCookie)
  if (had !== undefined && (!isPage || states.isSignedOut(had))) return { value: had, is: 'kept' }
  return { value: states.signedOut(), is: isPage ? 'signed_out' : 'kept' }
}

function keepInStep(ctx: KoaContextWithOIDC, { value, is }: State, { config }: OpParts): void {
  const lasting = is === 'signed_out' || ctx.oidc.session?.transient !== true
  const line = stateLine(ctx.req.headers, value, config, lasting)
  if (line !== undefined) ctx.append('set-cookie', line)
}

const stateFor = (clientId: string, redirectUri: string, browserState: string): string =>
  sessionState({ clientId, origin: new URL(redirectUri).origin, browserState, salt: newSalt() })

/**
 * Adds it to an error on its way to the client; whether there is one. oidc-provider lets nobody touch what it says of an
 * error, so it goes at the end of the answer: of the query or the fragment of an address, or of the form that a page posts.
 */
function addToError(ctx: KoaContextWithOIDC, browserState: string): boolean {
  const { client_id: clientId, redirect_uri: redirectUri } = (paramsOf(ctx) ?? {}) as Record<string, unknown>
  if (ctx.state.failed !== true || typeof clientId !== 'string' || typeof redirectUri !== 'string')
    return false
  const location = ctx.response.get('location') ?? ''
  // Pages of ours, and an authorization that starts again, have an address without a host.
  const isRedirect = location !== '' && !location.startsWith('/')
  const isForm = typeof ctx.body === 'string' && ctx.body.includes('<input type="hidden" name="error"')
  if (!isRedirect && !isForm) return false
  const value = stateFor(clientId, redirectUri, browserState)
  if (isRedirect) ctx.set('location', `${location}&session_state=${value}`)
  else
    ctx.body = String(ctx.body).replace(
      '<noscript>',
      `<input type="hidden" name="session_state" value="${value}"/>\n    <noscript>`
    )
  return true
}
