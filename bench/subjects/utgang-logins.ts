import type { Config } from '../../packages/server/src/config/schema.ts'
import { sidFor } from '../../packages/server/src/sessions/sid.ts'
import type { TokenInput } from '../../packages/server/src/storage/records.ts'
import { hashSecret, newSecret } from '../../packages/server/src/storage/secrets.ts'
import type { Storage } from '../../packages/server/src/storage/storage.ts'
import { newGrantId } from '../../packages/server/src/tokens/grant-id.ts'
import { people, site } from '../site.ts'
import type { Living, Login } from './protocol.ts'

const nowSeconds = (): number => Math.floor(Date.now() / 1000)

/**
 * Writes through the storage what a login with a remembered browser and a redeemed code writes through the web:
 * session, RP of the session, grant, used code, access token, refresh token. Only the audit row and the password
 * check are left out.
 * @param others further clients that are RPs of each session
 */
export function signInAt(
  storage: Storage,
  config: Pick<Config, 'lifetimes'>,
  count: number,
  others: readonly string[] = []
): Promise<Login[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => signIn(index % people)))

  async function signIn(person: number): Promise<Login> {
    const now = nowSeconds()
    const { lifetimes } = config
    const [cookie, handle, accessToken, code, uid, sub] = [
      newSecret(),
      newSecret(),
      newSecret(),
      newSecret(),
      newSecret(),
      `person-${person}`
    ]
    await storage.saveSession(
      {
        uid,
        cookieHash: hashSecret(cookie),
        handleHash: hashSecret(handle),
        sub,
        remembered: true,
        loginAt: now,
        expiresAt: now + lifetimes.remembered_idle_seconds,
        endsAt: now + lifetimes.remembered_max_seconds,
        payload: { amr: ['pwd'], iat: now },
        userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
        ip: '127.0.0.1'
      },
      now
    )
    const grant = await storage.openGrant(
      {
        id: newGrantId(),
        sub,
        clientId: site.clientId,
        sessionUid: uid,
        bound: true,
        payload: { kind: 'Grant', iat: now, openid: { scope: site.scope } },
        expiresAt: now + lifetimes.refresh_token_max_seconds
      },
      now
    )
    if (grant === 'ended') throw new Error('a session that was just made has ended')
    const issue = tokensOf({ uid, sub, grantId: grant.id, now })
    await saved(
      issue('AuthorizationCode', code, lifetimes.code_seconds, {
        amr: ['pwd'],
        authTime: now,
        redirectUri: site.callback
      })
    )
    await storage.consumeToken(hashSecret(code), 0, now)
    for (const clientId of others)
      await storage.joinSession({ sessionUid: uid, clientId, sid: sidFor(uid, clientId) }, now)
    const gty = 'authorization_code'
    await saved(issue('AccessToken', accessToken, lifetimes.access_token_seconds, { gty }))
    await saved(
      issue('RefreshToken', newSecret(), lifetimes.refresh_token_idle_seconds, {
        amr: ['pwd'],
        authTime: now,
        gty,
        rotations: 0,
        iiat: now
      })
    )
    return { cookie, handle, accessToken, idToken: '' }

    async function saved(token: TokenInput): Promise<void> {
      if ((await storage.saveToken(token, now)) === 'dead') throw new Error(`no live parent: ${token.kind}`)
    }
  }
}

/** Makes token rows of one login as oidc-provider makes them through our adapter. */
function tokensOf({ uid, sub, grantId, now }: { uid: string; sub: string; grantId: string; now: number }) {
  const { clientId, scope } = site
  const sid = sidFor(uid, clientId)
  return (kind: TokenInput['kind'], value: string, seconds: number, more: object): TokenInput => {
    const expiresAt = now + seconds
    const shared = { grantId, scope, sessionUid: uid, sid, kind, clientId }
    const payload = { iat: now, exp: expiresAt, accountId: sub, ...shared, ...more }
    return {
      hash: hashSecret(value),
      kind,
      clientId,
      grantId,
      sessionUid: uid,
      sid,
      sub,
      scope,
      expiresAt,
      payload
    }
  }
}

/** Counts what a fresh request would find alive. */
export async function livingAt(storage: Storage, logins: Login[]): Promise<Living> {
  const now = nowSeconds()
  const found = { sessions: 0, tokens: 0 }
  for (const { cookie, accessToken } of logins) {
    if (await storage.findSessionByCookie(hashSecret(cookie), now)) found.sessions++
    if (await storage.findToken(hashSecret(accessToken), now)) found.tokens++
  }
  return found
}
