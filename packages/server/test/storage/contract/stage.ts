import { onTestFinished } from 'vitest'
import type { EndOrder, GrantInput, SessionInput, TokenInput } from '../../../src/storage/records.ts'
import { hashSecret, newSecret } from '../../../src/storage/secrets.ts'
import type { Storage } from '../../../src/storage/storage.ts'

/** Opens a new, empty storage. */
export type OpenStorage = () => Promise<Storage>

/** The present instant of every contract test, in UTC seconds. Far from 0, so that a forgotten one shows. */
export const now = 1_800_000_000

/** What is put on the stage before a test begins, in a line each. */
export interface Stage {
  storage: Storage
  user(sub: string): Promise<string>
  /** A client; with `told`, one that wants Logout Tokens. */
  client(clientId: string, told?: 'told' | 'not_told'): Promise<string>
  /** A live session of a user, with its RPs. */
  session(sub: string, rps?: string[], more?: Partial<SessionInput>): Promise<string>
  /** A live grant; bound to its session unless said otherwise. */
  grant(sub: string, clientId: string, more?: Partial<GrantInput>): Promise<string>
  /** A live token of a grant, or with null of a client itself. Returns its hash. */
  token(grantId: string | null, more?: Partial<TokenInput>): Promise<string>
  /** Carries out open jobs to the end. Returns the number of batches. */
  finishJobs(limit?: number, at?: number): Promise<number>
}

/** A storage of its own for one test, closed with it. */
export async function stage(open: OpenStorage): Promise<Stage> {
  const storage = await open()
  onTestFinished(() => storage.close())
  return {
    storage,
    async user(sub) {
      await storage.addUser(person(sub), now)
      return sub
    },
    async client(clientId, told = 'told') {
      await storage.saveClient(application(clientId, told), now)
      return clientId
    },
    async session(sub, rps = [], more = {}) {
      const session = sessionOf(sub, more)
      await storage.saveSession(session, now)
      for (const clientId of rps) {
        await storage.joinSession(
          { sessionUid: session.uid, clientId, sid: sidOf(session.uid, clientId) },
          now
        )
      }
      return session.uid
    },
    async grant(sub, clientId, more = {}) {
      const opened = await storage.openGrant(grantOf(sub, clientId, more), now)
      if (opened === 'ended') throw new Error('a grant on the stage could not be opened')
      return opened.id
    },
    async token(grantId, more = {}) {
      const token = tokenOf(grantId, more)
      if ((await storage.saveToken(token, now)) === 'dead') throw new Error('a token on the stage is dead')
      return token.hash
    },
    async finishJobs(limit = 100, at = now) {
      let batches = 0
      while ((await storage.runJob(limit, at)) === 'worked') batches++
      return batches
    }
  }
}

/** The `sid` by which a client on the stage knows a session. */
export const sidOf = (uid: string, clientId: string): string => `sid of ${uid} at ${clientId}`

/** A user as `addUser` takes one. */
export const person = (sub: string) => ({
  sub,
  email: `${sub}@example.test`,
  name: `Person ${sub}`,
  passwordHash: '$argon2id$none',
  claims: { locale: 'nb' }
})

/** A client as `saveClient` takes one. */
export const application = (clientId: string, told: 'told' | 'not_told') => ({
  clientId,
  source: 'config' as const,
  metadata: { client_name: clientId },
  backchannelLogoutUri: told === 'told' ? `https://${clientId}.example/backchannel` : null
})

/** A session as `saveSession` takes one: idle after an hour, over after a day. */
export function sessionOf(sub: string, more: Partial<SessionInput> = {}): SessionInput {
  return {
    uid: newSecret(),
    cookieHash: hashSecret(newSecret()),
    sub,
    remembered: true,
    loginAt: now,
    expiresAt: now + 3600,
    endsAt: now + 86_400,
    payload: { amr: ['pwd'] },
    ...more
  }
}

/** A grant as `openGrant` takes one: bound where it has a session, for 30 days. */
export function grantOf(sub: string, clientId: string, more: Partial<GrantInput> = {}): GrantInput {
  return {
    id: newSecret(),
    sub,
    clientId,
    sessionUid: null,
    bound: more.sessionUid !== undefined && more.sessionUid !== null,
    payload: { openid: { scope: 'openid' } },
    expiresAt: now + 30 * 86_400,
    ...more
  }
}

/** A token as `saveToken` takes one: an access token for two hours. */
export function tokenOf(grantId: string | null, more: Partial<TokenInput> = {}): TokenInput {
  return {
    hash: hashSecret(newSecret()),
    kind: 'AccessToken',
    clientId: 'news',
    grantId,
    sessionUid: null,
    sid: null,
    sub: null,
    scope: 'openid',
    expiresAt: now + 7200,
    payload: { gty: 'authorization_code' },
    ...more
  }
}

/** An order that ends nothing yet and tells the RPs of the sessions that it will end. */
export function order(more: Partial<EndOrder>): EndOrder {
  return {
    logoutId: newSecret(),
    cause: 'redirect',
    tell: 'session_rps',
    sub: null,
    clientId: null,
    audit: {},
    ...more
  }
}
