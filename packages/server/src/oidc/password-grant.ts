import Provider, { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { UtgangError } from '../errors.ts'
import type { User } from '../storage/records.ts'
import { newGrantId } from '../tokens/grant-id.ts'
import { findByPassword } from '../users/users.ts'
import { waitToTry, wasRight } from '../web/attempts.ts'
import type { OpParts } from './parts.ts'

/**
 * Login without a browser: `grant_type=password` (RFC 6749 §4.3), for clients with `legacy_password_grant` alone. Its
 * grant belongs to no session, so no session's end touches it; the API logout does.
 */
export function registerPasswordGrant(
  provider: Provider,
  { storage, clients, clock, config, limits }: OpParts
): void {
  async function passwordGrant(ctx: KoaContextWithOIDC): Promise<void> {
    const { client: known, params } = ctx.oidc
    const client = known && (await clients.find(known.clientId))
    if (!known || !client?.legacyPasswordGrant)
      throw new errors.UnauthorizedClient('password grant is not allowed for this client')
    const [username, password] = [text(params?.username), text(params?.password)]
    if (!username || !password)
      throw new errors.InvalidRequest('missing required parameter(s) username, password')
    const wait = await waitToTry(limits, username, ctx.req.askedBy?.ip)
    if (wait > 0) {
      ctx.set('retry-after', String(wait))
      throw new errors.InvalidGrant('too many attempts, wait a little')
    }
    const user = await findByPassword(storage, username, password).catch(tooBusy)
    await storage.writeAudit(
      {
        event: user ? 'sign_in' : 'sign_in_failed',
        sub: user?.sub,
        clientId: client.clientId,
        ...ctx.req.askedBy,
        detail: { by: 'password_grant' }
      },
      clock.now()
    )
    if (!user) throw new errors.InvalidGrant('invalid user credentials')
    await wasRight(limits, username, ctx.req.askedBy?.ip)
    const scopes = new Set((text(params?.scope) ?? client.scope ?? 'openid').split(' ').filter(Boolean))
    if (client.scope) {
      const registered = client.scope.split(' ')
      for (const scope of scopes)
        if (!registered.includes(scope))
          throw new errors.InvalidScope('requested scope is not allowed', scope)
    }
    await issue(ctx, known, user, [...scopes].join(' '))
  }

  async function issue(
    ctx: KoaContextWithOIDC,
    client: NonNullable<KoaContextWithOIDC['oidc']['client']>,
    { sub, mark }: User,
    scope: string
  ): Promise<void> {
    const now = clock.now()
    const grant = await storage.openGrant(
      {
        id: newGrantId(),
        sub,
        clientId: client.clientId,
        sessionUid: null,
        bound: false,
        payload: { kind: 'Grant', iat: now, openid: { scope } },
        expiresAt: now + config.lifetimes.refresh_token_max_seconds,
        provenUnder: mark
      },
      now
    )
    if (grant === 'ended') throw new errors.InvalidGrant('invalid user credentials')
    const accessToken = new provider.AccessToken({
      accountId: sub,
      client,
      grantId: grant.id,
      gty: 'password',
      scope
    })
    const refreshToken = client.grantTypeAllowed('refresh_token')
      ? new provider.RefreshToken({
          accountId: sub,
          client,
          grantId: grant.id,
          gty: 'password',
          scope,
          rotations: 0
        } as ConstructorParameters<typeof provider.RefreshToken>[0])
      : undefined
    ctx.oidc.entity('AccessToken', accessToken)
    ctx.body = {
      access_token: await accessToken.save(),
      expires_in: accessToken.expiration,
      token_type: 'Bearer',
      scope,
      ...(refreshToken ? { refresh_token: await refreshToken.save() } : {})
    }
  }

  provider.registerGrantType('password', passwordGrant, ['username', 'password', 'scope'])
}

/** Said in oidc-provider's words, which would make a 500 of ours. */
function tooBusy(error: unknown): never {
  if (!(error instanceof UtgangError && error.code === 'overloaded')) throw error
  Provider.ctx?.set('retry-after', String(error.retryAfterSeconds))
  throw Object.assign(new errors.TemporarilyUnavailable(error.message), { status: 503, statusCode: 503 })
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
