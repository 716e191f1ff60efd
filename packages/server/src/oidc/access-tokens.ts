import Provider, { type Configuration, errors } from 'oidc-provider'
import type { Config } from '../config/schema.ts'
import { jwtAccessToken } from '../tokens/jwt-access-token.ts'
import type { OpParts } from './parts.ts'

/** The APIs that clients may ask tokens for, by name (RFC 8707); all other names are refused. */
export function resourceIndicators(config: Config, everyScope: readonly string[]) {
  return {
    enabled: config.resources.length > 0,
    // A token is for what the authorization was for, also where the exchange or the refresh does not repeat it.
    useGrantedResource: () => true,
    defaultResource: () => undefined,
    getResourceServerInfo(_ctx: unknown, name: string) {
      const found = config.resources.find(it => it.resource === name)
      if (!found) throw new errors.InvalidTarget('unknown resource')
      // The form is ours to give: see below. To oidc-provider every token is one that is kept.
      return { scope: found.scope ?? everyScope.join(' '), accessTokenFormat: 'opaque' }
    }
  } as unknown as NonNullable<Configuration['features']>['resourceIndicators']
}

/** An access token of oidc-provider, as far as it is looked at here. */
interface Issued {
  jti: string
  kind: string
  accountId?: string
  clientId: string
  scope?: string
  sid?: string
  client?: { access_token_format?: unknown }
  resourceServer?: { identifier(): string }
  getValueAndPayload(): Promise<{ value: string; payload: Record<string, unknown> }>
}

/**
 * Gives access tokens the form that their API or their client wants. oidc-provider keeps no JWTs; ours are kept by hash
 * as opaque tokens are, so that whatever ends or asks about a token does so whichever form it has.
 */
export function giveForms(provider: Provider, parts: OpParts): void {
  for (const prototype of [provider.AccessToken.prototype, provider.ClientCredentials.prototype]) {
    const issued = prototype as unknown as Issued
    const opaque = issued.getValueAndPayload
    issued.getValueAndPayload = async function () {
      const made = await opaque.call(this)
      return isJwt(this, parts.config) ? asJwt(this, made.payload, parts) : made
    }
  }
}

function isJwt({ resourceServer, client }: Issued, { resources }: Config): boolean {
  if (!resourceServer) return client?.access_token_format === 'jwt'
  const name = resourceServer.identifier()
  return resources.find(it => it.resource === name)?.access_token_format === 'jwt'
}

async function asJwt(
  token: Issued,
  payload: Record<string, unknown>,
  { config, storage, keys }: OpParts
): ReturnType<Issued['getValueAndPayload']> {
  const expiresAt = Number(payload.exp)
  const place = await storage.takeStatusPlace(expiresAt)
  const { jwt, jti } = await jwtAccessToken(
    {
      issuer: config.issuer,
      sub: token.accountId,
      clientId: token.clientId,
      audience: token.resourceServer?.identifier(),
      scope: token.scope,
      sid: token.sid,
      authTime: authTime(),
      issuedAt: Number(payload.iat),
      expiresAt,
      place
    },
    keys()
  )
  // What it is kept under: see the adapter.
  token.jti = jwt
  return { value: jwt, payload: { ...payload, jwt_id: jti, status_place: place } }
}

/** When the person of the code or refresh token that is being redeemed proved who they are. */
function authTime(): number | undefined {
  const { AuthorizationCode, RefreshToken } = Provider.ctx?.oidc.entities ?? {}
  return (AuthorizationCode ?? RefreshToken)?.authTime
}
