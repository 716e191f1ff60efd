import * as openid from 'openid-client'
import { page, redirect } from './answers.ts'
import { localPath, type Settings } from './options.ts'
import { now, type Parts } from './parts.ts'
import { stateAt } from './pending-sign-ins.ts'

/** What `login` hands on to the issuer as it came (OpenID Connect Core 1.0 §3.1.2.1). */
const handedOn = ['prompt', 'login_hint', 'ui_locales'] as const

/** Sends the browser to the issuer: authorization code flow with `state`, `nonce` and PKCE. */
export async function login(parts: Parts, request: Request): Promise<Response> {
  const { settings, issuer, pending } = parts
  const { searchParams } = new URL(request.url)
  const returnTo = pathAfter(parts, searchParams.get('return_to'))
  let server: openid.Configuration
  try {
    server = await issuer.openid()
  } catch (error) {
    settings.onError(error)
    return page(503, {
      title: 'You cannot sign in at the moment',
      text: 'The sign-in server cannot be reached.',
      code: 'issuer_unreachable',
      links: linksTo(parts, returnTo)
    })
  }
  const state = stateAt(now(), openid.randomState())
  const nonce = openid.randomNonce()
  const verifier = openid.randomPKCECodeVerifier()
  const asked = handedOn.flatMap(name => {
    const value = searchParams.get(name)
    return value ? [[name, value]] : []
  })
  const address = openid.buildAuthorizationUrl(server, {
    ...Object.fromEntries(asked),
    redirect_uri: `${settings.origin}${settings.basePath}/callback`,
    scope: settings.scope,
    ...resourceOf(settings),
    state,
    nonce,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256'
  })
  const isSilent = searchParams.get('prompt') === 'none'
  return redirect(address.href, await pending.start(request, { state, nonce, verifier, returnTo, isSilent }))
}

/** The API that a request for a token names, if there is one (RFC 8707 §2). */
export const resourceOf = ({ resource }: Settings): { resource?: string } =>
  resource === undefined ? {} : { resource }

/** Where a sign-in leads: a path of this site, but none of the kit's own, which could go round for ever. */
function pathAfter({ settings }: Parts, given: string | null): string {
  const { origin, basePath, afterLogin } = settings
  const path = localPath(given, origin)
  return path === undefined || path.startsWith(`${basePath}/`) ? afterLogin : path
}

/** The links under a sign-in that came to nothing. */
export const linksTo = (
  { settings: { basePath } }: Parts,
  returnTo: string
): { to: string; label: string }[] => [
  { to: `${basePath}/login?return_to=${encodeURIComponent(returnTo)}`, label: 'Try again' },
  { to: '/', label: 'Front page' }
]
