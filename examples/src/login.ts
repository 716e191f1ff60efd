import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import * as openid from 'openid-client'
import { paths } from './clients.ts'
import { html } from './html.ts'
import type { SignedIn } from './rp-session.ts'
import type { SiteParts } from './site-parts.ts'

/** Sign-in by redirect: OpenID Connect's code flow with `state`, `nonce` and PKCE. */
export function registerLogin(app: FastifyInstance, parts: SiteParts): void {
  app.get<{ Querystring: { back_to?: string } }>('/sign-in', async (request, reply) =>
    startSignIn(parts, request, reply, { backTo: localPath(parts, request.query.back_to), silent: false })
  )
  app.get(paths.callback, (request, reply) => finishSignIn(parts, request, reply))
}

/** Sends the browser to the sign-in server. `silent`: without any page there (`prompt=none`), whatever comes of it. */
export async function startSignIn(
  { site, server, pending }: SiteParts,
  request: FastifyRequest,
  reply: FastifyReply,
  { backTo, silent }: { backTo: string; silent: boolean }
): Promise<FastifyReply> {
  const state = openid.randomState()
  const nonce = openid.randomNonce()
  const verifier = openid.randomPKCECodeVerifier()
  pending.start(request, reply, state, { nonce, verifier, backTo, silent })
  const address = openid.buildAuthorizationUrl(server.openid, {
    redirect_uri: site.address + paths.callback,
    scope: 'openid profile email',
    state,
    nonce,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(silent ? { prompt: 'none' } : {})
  })
  return reply.header('cache-control', 'no-store').redirect(address.href, 303)
}

async function finishSignIn(
  parts: SiteParts,
  request: FastifyRequest,
  reply: FastifyReply
): Promise<FastifyReply> {
  reply.header('cache-control', 'no-store')
  // The address as we know it, never as a Host header says.
  const address = new URL(request.url, parts.site.address)
  const state = address.searchParams.get('state') ?? ''
  const pending = parts.pending.take(request, state)
  // A browser that keeps no cookies must not be sent round and round.
  if (pending === 'no_cookies') return reply.redirect('/?sso=off', 303)
  if (pending === 'not_this_browser') {
    // The back button, mostly.
    if (parts.sessions.live(request)) return reply.redirect('/', 303)
    return showFailure(parts, request, reply, 'This sign-in is too old or was used already.')
  }
  try {
    const tokens = await openid.authorizationCodeGrant(parts.server.openid, address, {
      expectedState: state,
      expectedNonce: pending.nonce,
      pkceCodeVerifier: pending.verifier
    })
    parts.sessions.open(request, reply, await describe(parts, tokens))
    parts.tried.forget(reply)
    return reply.redirect(pending.backTo, 303)
  } catch (error) {
    const refusal = refusalOf(error)
    if (refusal === undefined) request.log.error(error)
    if (pending.silent && refusal !== undefined) return notVouchedFor(parts, request, reply, pending.backTo)
    return showFailure(parts, request, reply, reasonFor(refusal))
  }
}

async function describe(
  { server }: SiteParts,
  tokens: openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers
): Promise<SignedIn> {
  const claims = tokens.claims()
  const { access_token: accessToken, id_token: idToken } = tokens
  if (!claims || idToken === undefined) throw new Error('the sign-in server sent no ID Token')
  const { name, email = '' } = await openid.fetchUserInfo(server.openid, accessToken, claims.sub)
  return {
    user: { sub: claims.sub, name: name || email || 'Someone', email },
    sid: String(claims.sid),
    accessToken,
    idToken
  }
}

/**
 * The silent question was answered with no: a stranger stays a stranger, and whoever was signed in here has signed
 * out elsewhere.
 */
function notVouchedFor(
  parts: SiteParts,
  request: FastifyRequest,
  reply: FastifyReply,
  backTo: string
): FastifyReply {
  const session = parts.sessions.live(request)
  if (!session) return reply.redirect(backTo, 303)
  parts.sessions.leave(reply, session, { how: 'elsewhere' })
  parts.tried.stayOut(reply, 'for_a_moment')
  return reply.redirect(paths.signedOut, 303)
}

/** The code with which the sign-in server said no; `undefined` for any other trouble. */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof openid.AuthorizationResponseError) return error.error
  // `invalid_grant`: the code died on its way, because somebody signed out in another tab in just this moment.
  if (error instanceof openid.ResponseBodyError && error.error === 'invalid_grant') return error.error
  return undefined
}

function reasonFor(refusal: string | undefined): string {
  if (refusal === undefined) return 'The sign-in server did not answer as it should.'
  if (refusal === 'access_denied') return 'You chose not to sign in.'
  if (refusal === 'invalid_grant') return 'This sign-in ended before it was finished.'
  return `The sign-in server said: ${refusal}.`
}

function showFailure(
  parts: SiteParts,
  request: FastifyRequest,
  reply: FastifyReply,
  reason: string
): FastifyReply {
  return parts.show(reply.code(400), parts.visitorOf(request), {
    title: 'Not signed in',
    main: html`<section class="notice" id="sign-in-failed">
      <h1>You are not signed in</h1>
      <p>${reason}</p>
      <p class="actions"><a class="button" href="/sign-in">Try again</a> <a href="/">Go to the front page</a></p>
    </section>`
  })
}

/** Only a path of this very site is gone back to: never an address that somebody else put into a link. */
export function localPath({ site }: SiteParts, given = '/'): string {
  if (!given.startsWith('/') || !URL.canParse(given, site.address)) return '/'
  const address = new URL(given, site.address)
  // A path that begins with two slashes would be another host's address.
  if (address.origin !== site.address || address.pathname.startsWith('//')) return '/'
  return address.pathname + address.search + address.hash
}
