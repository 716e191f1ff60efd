import type Provider from 'oidc-provider'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { absoluteLimit, idleLimit } from '../sessions/lifetime.ts'
import { newGrantId } from '../tokens/grant-id.ts'
import { sessionHasEnded } from './adapter-base.ts'
import type { OpParts } from './parts.ts'

type Grant = InstanceType<Provider['Grant']>

/**
 * The grant under which an authorization goes on, or `undefined` when the person has to be asked first. One grant for
 * each client, session and binding: it is extended, never replaced, and it is new after an API logout revoked it.
 */
export function grantLoader({ storage, clients, clock, config }: OpParts) {
  return async function loadExistingGrant(ctx: KoaContextWithOIDC): Promise<Grant | undefined> {
    const { session, client: known, params, provider, account } = ctx.oidc
    const client = known && (await clients.find(known.clientId))
    if (!client || !session?.accountId || !account) return undefined
    const scopes = String(params?.scope ?? '')
      .split(' ')
      .filter(Boolean)
    const allowed = client.consent === 'skip' || (await isAllowed(session.accountId, client.clientId, scopes))
    if (!allowed) return undefined
    await saveSession(ctx)
    const now = clock.now()
    const expiresAt = now + config.lifetimes.refresh_token_max_seconds
    const opened = await storage.openGrant(
      {
        id: newGrantId(),
        sub: session.accountId,
        clientId: client.clientId,
        sessionUid: session.uid,
        bound: client.tokensEndWithSession && !scopes.includes('offline_access'),
        payload: { kind: 'Grant', iat: now, openid: { scope: scopes.join(' ') } },
        expiresAt
      },
      now
    )
    if (opened === 'ended') throw sessionHasEnded()
    const grant = await provider.Grant.find(opened.id)
    if (!grant) throw sessionHasEnded()
    if (extend(grant, scopes, ctx)) await grant.save()
    return grant
  }

  async function isAllowed(sub: string, clientId: string, scopes: string[]): Promise<boolean> {
    const consent = await storage.findConsent(sub, clientId)
    return consent !== undefined && scopes.every(scope => consent.scopes.includes(scope))
  }

  /**
   * A session is on disk before anything is made in it: grants and codes are only taken while it lives. The provider
   * itself would save it after the code. Still marked as touched, so that it sets the cookie.
   */
  async function saveSession(ctx: KoaContextWithOIDC): Promise<void> {
    const session = ctx.oidc.session as unknown as SavableSession | undefined
    if (!session?.touched) return
    await session.save(sessionSeconds(config.lifetimes, session, clock.now()))
    session.touched = true
  }
}

/** Adds what is asked for to what a grant allows, here and at each API that was named. False when it was there already. */
function extend(grant: Grant, scopes: string[], ctx: KoaContextWithOIDC): boolean {
  const lacks = (encountered: string): boolean => {
    const before = new Set(encountered.split(' '))
    return scopes.some(scope => !before.has(scope))
  }
  const here = lacks(grant.getOIDCScopeEncountered())
  if (here) grant.addOIDCScope(scopes.join(' '))
  const missing = Object.keys(ctx.oidc.resourceServers ?? {}).filter(name =>
    lacks(grant.getResourceScopeEncountered(name))
  )
  for (const name of missing) grant.addResourceScope(name, scopes.join(' '))
  return here || missing.length > 0
}

interface SavableSession {
  touched?: boolean
  transient?: boolean
  loginTs?: number
  save(ttl: number): Promise<unknown>
}

/** How long oidc-provider's session may now go without activity, its absolute limit considered; seconds, at least 1. */
export function sessionSeconds(
  lifetimes: OpParts['config']['lifetimes'],
  { transient, loginTs }: { transient?: boolean; loginTs?: number },
  now: number
): number {
  const remembered = transient !== true
  const endsAt = absoluteLimit(lifetimes, remembered, loginTs ?? now)
  return Math.max(1, idleLimit(lifetimes, { remembered, endsAt }, now) - now)
}
