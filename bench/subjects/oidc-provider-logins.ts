import type { KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import type Provider from 'oidc-provider'
import { people, site } from '../site.ts'
import type { Living, Login } from './protocol.ts'

const nowSeconds = (): number => Math.floor(Date.now() / 1000)
/** Two weeks, oidc-provider's own default. */
const sessionSeconds = 14 * 86_400

/** Makes through oidc-provider's own models what a login with a redeemed code makes: session, grant, used code, access token. */
export async function signInAt(
  provider: Provider,
  hints: readonly string[],
  count: number,
  others: readonly string[]
): Promise<Login[]> {
  const client = await provider.Client.find(site.clientId)
  if (!client) throw new Error('the client is missing')
  return Promise.all(Array.from({ length: count }, (_, index) => signIn(index % people)))

  async function signIn(person: number): Promise<Login> {
    const accountId = `person-${person}`
    const session = new provider.Session()
    session.loginAccount({ accountId, amr: ['pwd'] })
    session.ensureClientContainer(site.clientId)
    const grant = new provider.Grant({ accountId, clientId: site.clientId })
    grant.addOIDCScope(site.scope)
    const grantId = await grant.save()
    session.grantIdFor(site.clientId, grantId)
    for (const clientId of others) session.ensureClientContainer(clientId)
    await session.save(sessionSeconds)
    const shared = {
      accountId,
      client,
      grantId,
      scope: site.scope,
      sessionUid: session.uid,
      // The default without offline_access: the session's end is the token's.
      expiresWithSession: true
    }
    const code = new provider.AuthorizationCode({
      ...shared,
      redirectUri: site.callback,
      authTime: nowSeconds()
    } as never)
    await code.save()
    await code.consume()
    const token = new provider.AccessToken({ ...shared, gty: 'authorization_code' } as never)
    return { cookie: session.jti, handle: '', accessToken: await token.save(), idToken: hints[person] ?? '' }
  }
}

/** One ID Token for each person, as this provider signs them for a client that asks for no `sid`. */
export function hintsFor(provider: Provider, key: KeyObject, count: number): Promise<string[]> {
  const now = nowSeconds()
  return Promise.all(
    Array.from({ length: count }, (_, person) =>
      new SignJWT()
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: 'bench' })
        .setSubject(`person-${person}`)
        .setAudience(site.clientId)
        .setIssuer(provider.issuer)
        .setIssuedAt(now)
        .setExpirationTime(now + 3600)
        .sign(key)
    )
  )
}

/** Counts what the provider's own models find alive. */
export async function livingAt(provider: Provider, logins: Login[]): Promise<Living> {
  const found = { sessions: 0, tokens: 0 }
  for (const { cookie, accessToken } of logins) {
    const session = await provider.Session.find(cookie)
    if (session?.accountId) found.sessions++
    if (await provider.AccessToken.find(accessToken)) found.tokens++
  }
  return found
}
