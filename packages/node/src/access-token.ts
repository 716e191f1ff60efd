import * as openid from 'openid-client'
import { AuthError } from './auth-error.ts'
import type { HasCookies } from './cookies.ts'
import { resourceOf } from './login.ts'
import { now, type Parts } from './parts.ts'
import type { Found } from './rp-sessions.ts'
import type { RpSession } from './sessions/store.ts'

/** A token that is about to expire would not survive the call it is meant for; in seconds. */
const leastSeconds = 30

/**
 * The access token of whoever is signed in, refreshed when it is about to expire; calls at the same time share one refresh. A refresh
 * that the issuer refuses ends nothing: there is no token any more, and whether the session has ended is for others to say.
 */
export function accessTokens(parts: Parts): (request: HasCookies) => Promise<string | undefined> {
  const underWay = new Map<string, Promise<string | undefined>>()
  return async request => {
    const found = await parts.sessions.live(request)
    if (!found) return undefined
    if (isFresh(found.session)) return found.session.accessToken
    const { key } = found
    const refreshing = underWay.get(key) ?? refresh(parts, found).finally(() => void underWay.delete(key))
    underWay.set(key, refreshing)
    return refreshing
  }
}

async function refresh(parts: Parts, { key, session }: Found): Promise<string | undefined> {
  const { store } = parts.settings
  if (session.refreshToken === undefined) return undefined
  try {
    const tokens = await redeem(parts, session, session.refreshToken)
    // A logout may be asking about it by now; that stays.
    const latest = await store.find(key)
    const isKept = latest !== undefined && (await store.replace(key, { ...latest, ...tokens }))
    return isKept ? tokens.accessToken : undefined
  } catch (error) {
    if (!isRefusal(error)) {
      throw error instanceof AuthError
        ? error
        : new AuthError('issuer_unreachable', 'the access token could not be refreshed', { cause: error })
    }
    const latest = await store.find(key)
    if (!latest) return undefined
    // Another process was faster, and this refresh token was used up.
    if (latest.refreshToken !== session.refreshToken) return isFresh(latest) ? latest.accessToken : undefined
    const { refreshToken: _, ...without } = latest
    await store.replace(key, without)
    return undefined
  }
}

type Tokens = Pick<RpSession, 'accessToken' | 'accessTokenExpiresAt' | 'refreshToken' | 'idToken'>

async function redeem(
  { settings, issuer }: Parts,
  session: RpSession,
  refreshToken: string
): Promise<Tokens> {
  const tokens = await openid.refreshTokenGrant(await issuer.openid(), refreshToken, resourceOf(settings))
  const claims = tokens.claims()
  // OpenID Connect Core 1.0 §12.2: a new ID Token is of the same person.
  if (claims && claims.sub !== session.sub)
    throw new AuthError('issuer_refused', 'the refreshed ID Token is of somebody else')
  return {
    accessToken: tokens.access_token,
    accessTokenExpiresAt: now() + (tokens.expiresIn() ?? 300),
    refreshToken: tokens.refresh_token ?? refreshToken,
    idToken: tokens.id_token ?? session.idToken
  }
}

const isFresh = ({ accessTokenExpiresAt }: RpSession): boolean => accessTokenExpiresAt - now() >= leastSeconds

/** `invalid_target`: a session from before the application asked for a `resource`. */
const isRefusal = (error: unknown): boolean =>
  error instanceof openid.ResponseBodyError && ['invalid_grant', 'invalid_target'].includes(error.error)
