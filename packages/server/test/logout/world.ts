import { DatabaseSync } from 'node:sqlite'
import { type Heart, logoutHeart } from '../../src/logout/end.ts'
import { runJobs } from '../../src/logout/jobs.ts'
import { sidFor } from '../../src/sessions/sid.ts'
import type { TokenKind } from '../../src/storage/records.ts'
import { hashSecret } from '../../src/storage/secrets.ts'
import { openSqlite } from '../../src/storage/sqlite/sqlite.ts'
import type { Storage } from '../../src/storage/storage.ts'

/** The instant at which everything in a {@link World} happens. */
export const now = 1_800_000_000

const later = now + 86_400

/** Which browser holds whose session, and which clients are RPs of it. */
export const sessions = {
  'ola laptop': { sub: 'ola', rps: ['plain', 'told', 'loose'] },
  'ola phone': { sub: 'ola', rps: ['told'] },
  'ola desk': { sub: 'ola', rps: ['plain', 'loose'] },
  'kari laptop': { sub: 'kari', rps: ['plain', 'told'] }
} as const

/** A session of {@link sessions}. */
export type SessionName = keyof typeof sessions

interface GrantOf {
  sub: string
  client: string
  session: SessionName | null
  bound: boolean
}

const grant = (sub: string, client: string, session: SessionName | null, bound = false): GrantOf => ({
  sub,
  client,
  session,
  bound
})

/** Each grant gives an access token `access NAME` and a refresh token `refresh NAME`. */
export const grants = {
  'ola plain laptop': grant('ola', 'plain', 'ola laptop'),
  'ola told laptop': grant('ola', 'told', 'ola laptop', true),
  // The same client in the same browser, asked for offline_access.
  'ola told laptop offline': grant('ola', 'told', 'ola laptop'),
  'ola loose laptop': grant('ola', 'loose', 'ola laptop'),
  'ola told phone': grant('ola', 'told', 'ola phone', true),
  'ola plain desk': grant('ola', 'plain', 'ola desk'),
  'ola loose desk': grant('ola', 'loose', 'ola desk'),
  'ola login-api': grant('ola', 'login-api', null),
  'kari plain laptop': grant('kari', 'plain', 'kari laptop'),
  'kari told laptop': grant('kari', 'told', 'kari laptop', true),
  'kari login-api': grant('kari', 'login-api', null)
} as const

/** A grant of {@link grants}. */
export type GrantName = keyof typeof grants

/** Server tokens (client_credentials), `server NAME`, by client. */
export const serverTokens = { one: 'backend', two: 'backend', told: 'told' } as const

/** Consents on record, as `sub client`. */
export const consents = ['ola plain', 'ola told', 'kari told'] as const

/** `plain` has not asked to be told; `loose` is told and keeps its tokens; `login-api` has no session. */
const addresses = {
  plain: null,
  told: 'https://told.example/bye',
  loose: 'https://loose.example/bye',
  'login-api': 'https://login-api.example/bye',
  backend: null
} as const

/** What can be seen of a world: what is alive, allowed and owed. */
export interface Seen {
  sessions: string[]
  tokens: string[]
  consents: string[]
  /** `client sid:SESSION` or `client sub:SUB`. */
  owed: string[]
}

/** Two people, their browsers and applications, in a real database. */
export interface World {
  storage: Storage
  heart: Heart
  /** Sets the time of the heart, and of what is seen. */
  moveTo(instant: number): void
  /** How often the heart said that something was committed. */
  committed(): number
  see(): Promise<Seen>
  /** Lets the background write down what was ended. */
  settle(): Promise<void>
  /** A token as a door hands it to the heart. */
  presented(name: string): Promise<{ hash: string; grantId: string | null; kind: string }>
  close(): Promise<void>
}

/** Every value that is kept by hash, by its name here. */
export const tokenNames: readonly string[] = [
  ...Object.keys(grants).flatMap(name => [`access ${name}`, `refresh ${name}`]),
  'code ola plain laptop',
  ...Object.keys(serverTokens).map(name => `server ${name}`)
]

/** When the session on Ola's laptop is over in a world that is made with a limit. */
export const soon = now + 60

/** Makes a world; in one with a limit, Ola's laptop reaches it {@link soon}. */
export async function makeWorld(path = ':memory:', limit?: 'idle' | 'absolute'): Promise<World> {
  const storage = openSqlite(path)
  await fill(storage, limit)
  let commits = 0
  let instant = now
  const heart = logoutHeart(storage, { now: () => instant }, () => commits++)
  return {
    storage,
    heart,
    committed: () => commits,
    moveTo(to) {
      instant = to
    },
    see: () => see(storage, instant),
    async settle() {
      const jobs = runJobs(storage, { now: () => now }, error => {
        throw error
      })
      await jobs.settled()
      await jobs.stop()
    },
    async presented(name) {
      const token = await storage.findTokenRow(hashSecret(name))
      if (!token) throw new Error(`no token ${name}`)
      return token
    },
    close: () => storage.close()
  }
}

async function fill(storage: Storage, limit?: 'idle' | 'absolute'): Promise<void> {
  for (const sub of ['ola', 'kari']) {
    const user = { sub, email: `${sub}@example.test`, name: sub, passwordHash: 'none', claims: {} }
    await storage.addUser(user, now)
  }
  for (const [clientId, backchannelLogoutUri] of Object.entries(addresses))
    await storage.saveClient({ clientId, source: 'config', metadata: {}, backchannelLogoutUri }, now)
  for (const name of Object.keys(sessions) as SessionName[])
    await openSession(storage, name, name, name === 'ola laptop' ? limit : undefined)
  for (const name of Object.keys(grants) as GrantName[]) await openGrant(storage, name)
  await saveToken(storage, 'code ola plain laptop', 'AuthorizationCode', 'plain', 'ola plain laptop')
  for (const [name, client] of Object.entries(serverTokens))
    await saveToken(storage, `server ${name}`, 'ClientCredentials', client, null)
  for (const consent of consents) {
    const [sub = '', clientId = ''] = consent.split(' ')
    await storage.saveConsent({ sub, clientId, scopes: ['openid'] }, now)
  }
}

/** Signs somebody in once more, in a browser of that name. */
export async function openSession(
  storage: Storage,
  name: SessionName,
  uid: string = name,
  limit?: 'idle' | 'absolute'
): Promise<void> {
  const { sub, rps } = sessions[name]
  const times = { loginAt: now, expiresAt: limit ? soon : later, endsAt: limit === 'absolute' ? soon : later }
  await storage.saveSession(
    { uid, cookieHash: hashSecret(uid), sub, remembered: true, ...times, payload: {} },
    now
  )
  for (const clientId of rps)
    await storage.joinSession({ sessionUid: uid, clientId, sid: sidFor(uid, clientId) }, now)
}

/** Makes a grant with its two tokens; under another id and in another session where these are given. */
export async function openGrant(
  storage: Storage,
  name: GrantName,
  id: string = name,
  sessionUid: string | null = grants[name].session
): Promise<void> {
  const { sub, client, bound } = grants[name]
  await storage.openGrant(
    { id, sub, clientId: client, sessionUid, bound, payload: {}, expiresAt: later },
    now
  )
  await saveToken(storage, `access ${id}`, 'AccessToken', client, id, sub, sessionUid)
  await saveToken(storage, `refresh ${id}`, 'RefreshToken', client, id, sub, sessionUid)
}

async function saveToken(
  storage: Storage,
  value: string,
  kind: TokenKind,
  clientId: string,
  grantId: string | null,
  sub: string | null = null,
  sessionUid: string | null = kind === 'AuthorizationCode' ? 'ola laptop' : null
): Promise<void> {
  const hash = hashSecret(value)
  const token = { hash, kind, clientId, grantId, sessionUid, sid: null, sub, scope: null, payload: {} }
  const outcome = await storage.saveToken({ ...token, expiresAt: later }, now)
  if (outcome !== 'saved') throw new Error(`${value} was not saved`)
}

async function see(storage: Storage, now: number): Promise<Seen> {
  const live = await storage.listSessions({ limit: 100 }, now)
  const tokens: string[] = []
  for (const name of tokenNames) if (await storage.findToken(hashSecret(name), now)) tokens.push(name)
  const allowed: string[] = []
  for (const consent of consents) {
    const [sub = '', clientId = ''] = consent.split(' ')
    if (await storage.findConsent(sub, clientId)) allowed.push(consent)
  }
  const owed = (await storage.listDeliveries()).map(({ clientId, sid, sub }) =>
    sid === null ? `${clientId} sub:${sub}` : `${clientId} sid:${sessionOfSid(clientId, sid)}`
  )
  return { sessions: live.map(it => it.uid).toSorted(), tokens, consents: allowed, owed: owed.toSorted() }
}

function sessionOfSid(clientId: string, sid: string): string {
  return Object.keys(sessions).find(uid => sidFor(uid, clientId) === sid) ?? 'unknown'
}

/** Every row of every table of a database file, read beside whoever has it open. */
export function rowsOf(path: string): Record<string, unknown[]> {
  const db = new DatabaseSync(path, { readOnly: true })
  try {
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()
    return Object.fromEntries(
      tables.map(({ name }) => [
        String(name),
        db
          .prepare(`SELECT * FROM ${name}`)
          .all()
          .map(row => ({ ...row }))
      ])
    )
  } finally {
    db.close()
  }
}
