/**
 * The one interface to what is kept. Every method that writes resolves only after its change is on disk
 * and rejects with `storage_unavailable` when nothing was changed. Every method that reads sees what was
 * resolved before it was called, from any process that shares the storage. Instants are UTC seconds.
 */
export interface Storage
  extends SessionStore,
    TokenStore,
    PeopleStore,
    ClientStore,
    LogoutStore,
    UpkeepStore {}

/** OP sessions and the RPs of each. */
export interface SessionStore {
  /**
   * Makes a session, or updates a live one (`uid` decides). A session that has ended is never touched.
   * `ended` means exactly that: nothing was written.
   */
  saveSession(session: SessionInput, now: number): Promise<'saved' | 'ended'>
  /** The live session whose cookie has this hash; `undefined` when ended, expired or unknown. */
  findSessionByCookie(cookieHash: string, now: number): Promise<Session | undefined>
  /** The live session with this uid. */
  findSession(uid: string, now: number): Promise<Session | undefined>
  /** The session in which this client has this `sid`, ended or not. */
  findSessionBySid(clientId: string, sid: string, now: number): Promise<Session | undefined>
  /** Moves the idle limit of a live session forward, never back. */
  touchSession(uid: string, expiresAt: number, now: number): Promise<void>
  /** The RPs of a session, in the order in which they joined. */
  sessionClients(uid: string): Promise<SessionClient[]>
  /** Whether a client is an RP of a session. */
  isJoined(uid: string, clientId: string): Promise<boolean>
  /** Makes a client an RP of a live session; once is enough, the `sid` of the first time stays. */
  joinSession(
    rp: SessionClient & { sessionUid: string },
    now: number
  ): Promise<'joined' | 'already' | 'ended'>
  /** A session, alive or dead. */
  findSessionRow(uid: string, now: number): Promise<Session | undefined>
  /** Sessions, newest first; live ones only unless `all`. */
  listSessions(filter: { sub?: string; all?: boolean; limit: number }, now: number): Promise<Session[]>
}

/** Grants and everything that is redeemed or presented: tokens, codes, one-time records. */
export interface TokenStore {
  /**
   * The live grant of this client in this session with this binding, or a new one under `id`. Two calls at the same
   * moment get the same grant. `ended` when the session is no longer live.
   */
  openGrant(grant: GrantInput, now: number): Promise<{ id: string } | 'ended'>
  /** Replaces what a live grant allows. `revoked` when it lives no more: nothing was written. */
  saveGrant(id: string, payload: Json, expiresAt: number, now: number): Promise<'saved' | 'revoked'>
  /** A live grant: not revoked, of the current epochs, and, when bound, with its session live. */
  findGrant(id: string, now: number): Promise<Grant | undefined>
  /** The logout that revoked this grant; `undefined` when none did, even if it lives no more for another reason. */
  grantRevokedBy(id: string): Promise<string | undefined>
  /**
   * Stores a token under the hash of its value. A code is stored only while its session is live, together with the
   * client's place among the session's RPs; any other token only while its grant is. `dead` means nothing was written.
   */
  saveToken(token: TokenInput, now: number): Promise<'saved' | 'dead'>
  /** The live token with this hash, consumed or not; joined with its grant, session, user, client and the system. */
  findToken(hash: string, now: number): Promise<Token | undefined>
  /** A token row, alive or dead, for "whose was it". */
  findTokenRow(hash: string): Promise<Token | undefined>
  /**
   * Consumes a code or refresh token: one conditional write, so of any number of callers exactly one gets `consumed`.
   * A refresh token consumed less than `graceSeconds` ago gives one more caller `again`. A dead one counts as `used`.
   */
  consumeToken(hash: string, graceSeconds: number, now: number): Promise<'consumed' | 'again' | 'used'>
  /** Moves the expiry of a token that has not been revoked. */
  extendToken(hash: string, expiresAt: number): Promise<void>
  /** Puts away a short-lived record under a hash; replaces an earlier one. */
  putRecord(record: RecordInput): Promise<void>
  /** Reads a record that has not expired; one whose session has ended says so. */
  findRecord(kind: RecordKind, hash: string, now: number): Promise<StoredRecord | undefined>
  /** Reads and removes a record in one write: of any number of callers exactly one gets it. */
  takeRecord(kind: RecordKind, hash: string, now: number): Promise<StoredRecord | undefined>
  /** Removes a record; once more is no error. */
  dropRecord(kind: RecordKind, hash: string): Promise<void>
  /** Remembers a hash until `expiresAt`; `false` when it was there already. One insert decides. */
  claimOnce(kind: RecordKind, hash: string, expiresAt: number): Promise<boolean>
}

/** End-Users and what they allowed. */
export interface PeopleStore {
  /** Adds a user. @throws UtgangError `duplicate_user` when the sub or the address is taken. */
  addUser(user: UserInput, now: number): Promise<void>
  findUser(sub: string): Promise<User | undefined>
  /** By address, upper and lower case alike. */
  findUserByEmail(email: string): Promise<User | undefined>
  listUsers(limit: number): Promise<User[]>
  /** What this user allowed this client; `undefined` when never asked or taken back. */
  findConsent(sub: string, clientId: string): Promise<Consent | undefined>
  /** Adds scopes to what is allowed already. */
  saveConsent(consent: Consent, now: number): Promise<void>
  /** Whether this user ever had a grant at this client; no logout and no sweep changes that. */
  hasSignedInTo(sub: string, clientId: string): Promise<boolean>
}

/** Registered applications. */
export interface ClientStore {
  /** Makes or replaces a client; a disabled one is enabled again, under the epoch it was left with. */
  saveClient(client: ClientInput, now: number): Promise<void>
  /** An enabled client. */
  findClient(clientId: string): Promise<ClientRow | undefined>
  /** All clients, disabled ones too. */
  listClients(): Promise<ClientRow[]>
}

/** Ending, and what became of it. */
export interface LogoutStore {
  /**
   * Does all that an order says in one transaction: sessions, grants, tokens and epochs end, one delivery row per RP
   * that must hear is queued, the receipt and the audit row are written. Either all of it is on disk or none.
   * Ending what has already ended writes nothing and returns the earlier receipt, if there was one.
   */
  end(order: EndOrder, now: number): Promise<Ended>
  /**
   * Carries out one batch of the oldest unfinished jobs, of at most `limit` rows: ends the sessions that an epoch has
   * killed and queues their deliveries, each exactly once. `idle` when no job is open.
   */
  runJob(limit: number, now: number): Promise<'worked' | 'idle'>
  findReceipt(id: string): Promise<ReceiptRow | undefined>
  /** The deliveries of one logout, or all. */
  listDeliveries(logoutId?: string): Promise<Delivery[]>
  /** Writes one row of the audit trail. */
  writeAudit(entry: AuditInput, now: number): Promise<void>
  /** The audit trail, newest first. */
  listAudit(filter: { limit: number; sub?: string; event?: string }): Promise<AuditEntry[]>
}

/** Keys, upkeep, life and death. */
export interface UpkeepStore {
  listKeys(): Promise<KeyRow[]>
  /** Adds a signing key; one with the same kid stays as it is. */
  saveKey(key: KeyRow): Promise<void>
  /** A sealed secret by name; made with `make` when there is none. Two processes at once get the same one. */
  findOrMakeSecret(name: string, make: () => string): Promise<string>
  /**
   * Removes, in small batches, what has been over for longer than `retentionSeconds`: ended and expired sessions,
   * dead grants, logouts with their deliveries, audit rows; besides, records once they have expired and tokens a week
   * after that. Stays: what an open job has still to write down, a delivery that is pending (with its logout), a
   * grant for as long as one of its tokens. Returns the number of rows removed.
   */
  sweep(now: number, retentionSeconds: number): Promise<number>
  /**
   * Copies a running database into one file; a file that is there gives way only to a whole copy.
   * @throws UtgangError `bad_config` when the file is the database itself
   */
  backup(path: string): Promise<void>
  /** Resolves when the storage can read and write. */
  ping(): Promise<void>
  /** Finishes accepted writes, then closes. Later writes are refused; closing once more is no error. */
  close(): Promise<void>
}

/** What is kept as JSON. */
export type Json = Record<string, unknown>

/** A session as `saveSession` takes it. */
export interface SessionInput {
  uid: string
  cookieHash: string
  sub: string
  remembered: boolean
  loginAt: number
  /** Idle limit. */
  expiresAt: number
  /** Absolute limit; fixed when the session is made, and again when the person proves once more who they are. */
  endsAt: number
  payload: Json
  userAgent?: string
  ip?: string
  /**
   * The user's {@link User.mark} when she proved who she is. Under another one by now the proof is void: a logout of
   * everything has landed since, and the session counts as ended.
   */
  provenUnder?: string
  /**
   * The cookie under which this request found the session. Where it has another one by now, another request has changed
   * it meanwhile, and the session counts as ended for this one: an old cookie never comes back.
   */
  foundUnder?: string
}

/** One person signed in in one browser. */
export interface Session extends SessionInput {
  createdAt: number
  lastActiveAt: number
  endedAt: number | null
  /** The logout that ended it. */
  endedBy: string | null
  /** Live at the time of reading. */
  live: boolean
}

/** An RP of a session and the `sid` by which it knows it. */
export interface SessionClient {
  clientId: string
  sid: string
}

/** A grant as `openGrant` takes it; `sessionUid` null for a login without a browser. */
export interface GrantInput {
  id: string
  sub: string
  clientId: string
  sessionUid: string | null
  /** Whether it lives only as long as its session. Decided now, never changed. */
  bound: boolean
  payload: Json
  expiresAt: number
  /** As in {@link SessionInput}, for a login without a browser. */
  provenUnder?: string
}

/** What one sign-in of one user at one client gave. */
export interface Grant extends GrantInput {
  createdAt: number
}

/** The kinds of values that are kept by hash and can be redeemed or presented. */
export type TokenKind =
  | 'AccessToken'
  | 'RefreshToken'
  | 'AuthorizationCode'
  | 'ClientCredentials'
  | 'InitialAccessToken'
  | 'RegistrationAccessToken'

/** A token as `saveToken` takes it. */
export interface TokenInput {
  hash: string
  kind: TokenKind
  clientId: string | null
  grantId: string | null
  sessionUid: string | null
  sid: string | null
  sub: string | null
  scope: string | null
  expiresAt: number
  payload: Json
}

/** A token with what was read beside it. */
export interface Token extends TokenInput {
  createdAt: number
  consumedAt: number | null
  /** The second use that the grace time allows has been taken. */
  consumedAgain: boolean
  revokedAt: number | null
}

/** The kinds of short-lived records. */
export type RecordKind =
  | 'interaction'
  | 'replay'
  | 'pending_logout'
  | 'continued_logout'
  | 'logout_outcome'
  | 'account_switch'

/** A short-lived record as `putRecord` takes it; with a session it is dead once that session is. */
export interface RecordInput {
  kind: RecordKind
  hash: string
  payload: Json
  expiresAt: number
  sessionUid?: string | null
}

/** A short-lived record as it is read; `sessionEnded` tells that the session it belongs to is gone. */
export interface StoredRecord {
  payload: Json
  expiresAt: number
  sessionUid: string | null
  sessionEnded: boolean
}

/** A user as `addUser` takes it. */
export interface UserInput {
  sub: string
  email: string
  name: string
  passwordHash: string
  claims: Json
}

/** An End-User. */
export interface User extends UserInput {
  status: 'active' | 'disabled' | 'deleted'
  createdAt: number
  /** Changes with every logout of the whole user or of the whole system; opaque. */
  mark: string
}

/** What a user allowed a client. */
export interface Consent {
  sub: string
  clientId: string
  scopes: string[]
}

/** A client as `saveClient` takes it: registered metadata, with the secret as a hash. */
export interface ClientInput {
  clientId: string
  source: 'config' | 'registered'
  metadata: Json
  backchannelLogoutUri: string | null
}

/** A client as it is kept. `version` changes with every save. */
export interface ClientRow extends ClientInput {
  enabled: boolean
  version: number
}

/** Everything one logout does, said without naming a cause's rules: the heart decides, the storage carries out. */
export interface EndOrder {
  logoutId: string
  /** The name of the cause, for the receipt and the audit trail. */
  cause: string
  /** Sessions to end one by one. */
  sessions?: { uid: string } | { ofUser: string; except: string | null }
  /** Grants to revoke. */
  grants?: string[]
  /** Tokens to revoke by themselves, by hash. */
  tokens?: string[]
  /** All grants of one user at one client. */
  grantsOf?: { sub: string; clientId: string }
  /** A whole user, client or the system: one counter moves, one job row is written. */
  epoch?: { user: string } | { client: string } | { system: true }
  /** The state a user gets in the same transaction. */
  userStatus?: 'disabled' | 'deleted'
  /** The client is disabled in the same transaction. */
  disableClient?: boolean
  /** The consent that is taken back in the same transaction. */
  dropConsent?: { sub: string; clientId: string }
  /** Who must hear: the RPs of the sessions that end, one client by `sub`, or nobody. */
  tell: 'session_rps' | 'client' | 'job' | 'nobody'
  sub: string | null
  clientId: string | null
  audit: { ip?: string; requestId?: string; detail?: Json }
}

/** What `end` did. */
export interface Ended {
  state: 'ended' | 'already_ended'
  /** The receipt's id; of an earlier logout when that one had ended it, `null` when nobody ever did. */
  receiptId: string | null
}

/** One logout: what it ended. */
export interface ReceiptRow {
  id: string
  cause: string
  sub: string | null
  clientId: string | null
  at: number
  sessionsEnded: number
  grantsRevoked: number
  tokensRevoked: number
  /** Work of a whole-user, whole-client or whole-system logout is still being derived. */
  jobOpen: boolean
  /** The RPs of the ended sessions, told or not. */
  applications: { clientId: string; sid: string | null }[]
}

/** The states of a delivery. */
export type DeliveryState = 'pending' | 'delivered' | 'refused' | 'unclear' | 'gave_up' | 'superseded'

/** One Logout Token owed to one RP. */
export interface Delivery {
  id: string
  logoutId: string
  clientId: string
  sid: string | null
  sub: string | null
  address: string
  state: DeliveryState
  attempts: number
  nextAt: number
  createdAt: number
}

/** One row of the audit trail as `writeAudit` takes it. */
export interface AuditInput {
  event: string
  sub?: string | null
  clientId?: string | null
  logoutId?: string | null
  ip?: string
  requestId?: string
  detail?: Json
}

/** One row of the audit trail. */
export interface AuditEntry extends AuditInput {
  id: number
  at: number
}

/** A signing key; the private part is sealed. Of each algorithm the newest whose `signsFrom` has come signs. */
export interface KeyRow {
  kid: string
  alg: 'RS256' | 'ES256'
  /** Private JWK, AES-256-GCM under one of `secret_keys`. */
  sealedJwk: string
  createdAt: number
  /** From then on it signs; before, it is only published. */
  signsFrom: number
}
