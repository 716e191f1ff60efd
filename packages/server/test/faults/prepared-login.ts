import { sidFor } from '../../src/sessions/sid.ts'
import type { TokenInput } from '../../src/storage/records.ts'
import { hashSecret, newSecret } from '../../src/storage/secrets.ts'
import type { Storage } from '../../src/storage/storage.ts'

/** A live login that was written straight into the storage: as many as one likes in a second. */
export interface PreparedLogin {
  sub: string
  uid: string
  /** Value of the session cookie. */
  cookie: string
  /** An access and a refresh token of news, which outlive the session. */
  newsToken: string
  newsRefresh: string
  /** An access token of market, which ends with the session. */
  marketToken: string
}

/** The RPs of a prepared login; market and forum want to be told. */
export const rps = ['news', 'market', 'forum'] as const

/** What is true of a prepared login at some moment. */
export interface LoginState {
  signedIn: boolean
  newsToken: boolean
  newsRefresh: boolean
  marketToken: boolean
  /** Deliveries that are owed because of it, as `client sid`. */
  deliveries: string[]
  /** Audit rows of its logouts for which a receipt exists too. */
  receipts: number
}

/** As {@link stateOf} finds it when nothing has happened. */
export const untouched: LoginState = {
  signedIn: true,
  newsToken: true,
  newsRefresh: true,
  marketToken: true,
  deliveries: [],
  receipts: 0
}

/** What the RPs of a login are owed once its session has ended: one delivery each. */
export const owedTo = ({ uid }: PreparedLogin): string[] =>
  ['forum', 'market'].map(clientId => `${clientId} ${sidFor(uid, clientId)}`)

/** Writes a login of a user of its own at the clients of the fixtures. */
export async function prepareLogin(storage: Storage, now: number): Promise<PreparedLogin> {
  const [sub, uid, cookie] = [`u-${newSecret()}`, newSecret(), newSecret()]
  const [newsToken, newsRefresh, marketToken] = [newSecret(), newSecret(), newSecret()]
  await storage.addUser(
    { sub, email: `${sub}@example.test`, name: sub, passwordHash: '$argon2id$none', claims: {} },
    now
  )
  const [expiresAt, endsAt] = [now + 7200, now + 86_400]
  const session = { uid, cookieHash: hashSecret(cookie), sub, remembered: true, loginAt: now, payload: {} }
  await storage.saveSession({ ...session, expiresAt, endsAt }, now)
  await Promise.all(
    rps.map(clientId => storage.joinSession({ sessionUid: uid, clientId, sid: sidFor(uid, clientId) }, now))
  )
  await Promise.all([
    withTokens('news', false, { AccessToken: newsToken, RefreshToken: newsRefresh }),
    withTokens('market', true, { AccessToken: marketToken })
  ])
  return { sub, uid, cookie, newsToken, newsRefresh, marketToken }

  async function withTokens(
    clientId: string,
    bound: boolean,
    values: Partial<Record<TokenInput['kind'], string>>
  ): Promise<void> {
    const payload = { kind: 'Grant', iat: now, openid: { scope: 'openid' } }
    const asked = { id: newSecret(), sub, clientId, sessionUid: uid, bound, payload, expiresAt: endsAt }
    const grant = await storage.openGrant(asked, now)
    if (grant === 'ended') throw new Error(`no grant for ${clientId}: is it in the config?`)
    const shared = { clientId, grantId: grant.id, sessionUid: uid, sid: sidFor(uid, clientId), sub }
    for (const [kind, value] of Object.entries(values)) {
      const token = { ...shared, hash: hashSecret(value), kind: kind as TokenInput['kind'], scope: 'openid' }
      await storage.saveToken(
        { ...token, expiresAt, payload: { iat: now, exp: expiresAt, accountId: sub, ...shared } },
        now
      )
    }
  }
}

/** Everything that was written of logouts, by user. */
export interface Written {
  deliveries: Map<string, string[]>
  receipts: Map<string, number>
}

/** Reads all deliveries, and all audit rows of logouts that have their receipt. */
export async function readWritten(storage: Storage): Promise<Written> {
  const written: Written = { deliveries: new Map(), receipts: new Map() }
  for (const { clientId, sid, sub } of await storage.listDeliveries()) {
    const ofUser = written.deliveries.get(sub ?? '') ?? []
    ofUser.push(`${clientId} ${sid}`)
    written.deliveries.set(sub ?? '', ofUser)
  }
  for (const { sub, logoutId } of await storage.listAudit({ limit: 1_000_000, event: 'logout' })) {
    if (!sub || !logoutId || !(await storage.findReceipt(logoutId))) continue
    written.receipts.set(sub, (written.receipts.get(sub) ?? 0) + 1)
  }
  return written
}

/** What is true of a login now. */
export async function stateOf(
  storage: Storage,
  it: PreparedLogin,
  written: Written,
  now: number
): Promise<LoginState> {
  const alive = async (token: string) => (await storage.findToken(hashSecret(token), now)) !== undefined
  return {
    signedIn: (await storage.findSession(it.uid, now)) !== undefined,
    newsToken: await alive(it.newsToken),
    newsRefresh: await alive(it.newsRefresh),
    marketToken: await alive(it.marketToken),
    deliveries: (written.deliveries.get(it.sub) ?? []).toSorted(),
    receipts: written.receipts.get(it.sub) ?? 0
  }
}
