import type { ReceiptStore } from './receipt-store.ts'
import type {
  AskedClient,
  AttemptInput,
  AttemptRow,
  AuditEntry,
  AuditInput,
  ClaimedDelivery,
  ClientInput,
  ClientRow,
  Consent,
  Delivery,
  Ended,
  EndOrder,
  Grant,
  GrantInput,
  Json,
  KeyRow,
  OverSession,
  ReceiptRow,
  RecordInput,
  RecordKind,
  Session,
  SessionClient,
  SessionGlance,
  SessionInput,
  SessionKey,
  StatusPlace,
  StoredRecord,
  Token,
  TokenInput,
  User,
  UserInput
} from './records.ts'
import type { StreamStore } from './stream-store.ts'

/**
 * The one interface to what is kept. Every method that writes resolves only after its change is on disk
 * and rejects with `storage_unavailable` when nothing was changed. Every method that reads sees what was
 * resolved before it was called, from any process that shares the storage. Instants are UTC seconds.
 */
export interface Storage
  extends SessionStore,
    TokenStore,
    StatusListStore,
    PeopleStore,
    ClientStore,
    LogoutStore,
    DeliveryStore,
    ReceiptStore,
    StreamStore,
    FrontChannelStore,
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
  /** The session whose cookie has, or had at its end, this hash, alive or dead. */
  findSessionRowByCookie(cookieHash: string, now: number): Promise<Session | undefined>
  /** The session with this handle, alive or dead. */
  findSessionByHandle(handleHash: string, now: number): Promise<Session | undefined>
  /** Of the live session with this cookie or handle only what a page of one client may know, and is asked for all the time. */
  glanceAtSession(key: SessionKey, clientId: string, now: number): Promise<SessionGlance | undefined>
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

/**
 * The places of JWT access tokens in status lists. No place is ever written when something ends: whether its token lives
 * is read, by the rows that decide about it.
 */
export interface StatusListStore {
  /**
   * A place that no other token has or had: in the newest list, at random; a full list is followed by the next one.
   * The list is in use at least until this token expires.
   */
  takeStatusPlace(tokenExpiresAt: number): Promise<StatusPlace>
  /** Whether a list is in use: some token in it has not expired. */
  hasStatusList(list: number, now: number): Promise<boolean>
  /** The numbers of the lists in use. */
  statusLists(now: number): Promise<number[]>
  /** The places from `from` to before `to` whose tokens are dead or expired. Places without a token are none of them. */
  deadPlaces(list: number, from: number, to: number, now: number): Promise<number[]>
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
   * Ending what has already ended tells nobody and returns the earlier receipt, if there was one. Of a whole user or the
   * system it still voids the proofs of sign-ins that are under way.
   */
  end(order: EndOrder, now: number): Promise<Ended>
  /**
   * Carries out one batch of the oldest unfinished jobs, of at most `limit` rows: ends the sessions that an epoch has
   * killed and queues their deliveries, each exactly once. `idle` when no job is open.
   */
  runJob(limit: number, now: number): Promise<'worked' | 'idle'>
  /**
   * Sessions whose idle or absolute limit has passed and that nothing has ended, at most `limit` of them, those that were
   * over first first. Not those that a logout of everything has killed: its job ends them.
   */
  listOverSessions(limit: number, now: number): Promise<OverSession[]>
  findReceipt(id: string): Promise<ReceiptRow | undefined>
  /** The deliveries of one logout, or all. */
  listDeliveries(logoutId?: string): Promise<Delivery[]>
  /** Writes one row of the audit trail. */
  writeAudit(entry: AuditInput, now: number): Promise<void>
  /** The audit trail, newest first. */
  listAudit(filter: { limit: number; sub?: string; event?: string }): Promise<AuditEntry[]>
}

/** How many deliveries one claim takes, and whose. */
export interface DeliveryLimits {
  most: number
  perClient: number
  busy: ReadonlySet<string>
  /** For all but these (client id, a space, kind) together no more than `most`, and no more than `perClient` of each. */
  slow?: { allBut: ReadonlySet<string>; most: number; perClient: number }
  after?: string
  leaseSeconds: number
}

/** Telling the applications. A delivery is owed until it is settled, whatever happens to whoever attempts it. */
export interface DeliveryStore {
  /**
   * Takes deliveries that are due, at most `most` of them and at most `perClient` of each application and kind that is
   * not `busy` (client id, a space, kind), and keeps them from others until the lease is over: of any number of callers
   * one gets each. Whoever dies with some in hand leaves them to be taken again. A delivery by `sub` alone whose user has
   * signed in there since is `superseded` instead, but for security events. It begins with who comes `after` one (client id,
   * a space, kind), and goes round, so that nobody at the front keeps the places for himself.
   */
  claimDeliveries(limits: DeliveryLimits, now: number): Promise<ClaimedDelivery[]>
  /** Writes down an attempt and the state that it leaves. One that was settled meanwhile keeps its state. */
  recordAttempt(attempt: AttemptInput, now: number): Promise<void>
  /** Gives back what was claimed and not attempted. */
  returnDeliveries(ids: readonly string[], now: number): Promise<void>
  /**
   * Makes a delivery due now, also one that was settled without having been delivered. Its attempts and its age stay, so
   * that it is given up again when it is too old for another. `false` for one that was delivered, or whose stream is gone.
   */
  retryDelivery(id: string, now: number): Promise<boolean>
  /** Gives a pending delivery up. `false` when it is settled already. */
  cancelDelivery(id: string, now: number): Promise<boolean>
  findDelivery(id: string): Promise<Delivery | undefined>
  /** Deliveries, newest first. */
  recentDeliveries(which: 'pending' | 'all', limit: number): Promise<Delivery[]>
  /** The attempts of a delivery, in order. */
  listAttempts(id: string): Promise<AttemptRow[]>
  /** The deliveries of a logout that nobody has attempted yet; security events are no concern of whoever signs out. */
  listUnattempted(logoutId: string): Promise<Pick<Delivery, 'clientId' | 'kind'>[]>
}

/** Whom a page asked in the browser of a logout; nothing confirms it (Front-Channel Logout 1.0 §3). */
export interface FrontChannelStore {
  /** The RPs of a session, ended or not, that only a browser can tell of its end: at most so many, who joined first. */
  listFramed(sessionUid: string, limit: number): Promise<SessionClient[]>
  /** Writes down that a page asks these. Once more changes nothing; of a logout that is gone nothing is kept. */
  noteAsked(logoutId: string, applications: readonly SessionClient[], now: number): Promise<void>
  /** Whom a page asked, in the order of their names. They go with the logout. */
  listAsked(logoutId: string): Promise<AskedClient[]>
}

/** Keys, upkeep, life and death. */
export interface UpkeepStore {
  listKeys(): Promise<KeyRow[]>
  /** Adds a signing key; one with the same kid stays as it is. */
  saveKey(key: KeyRow): Promise<void>
  /** A sealed secret by name; made with `make` when there is none. Two processes at once get the same one. */
  findOrMakeSecret(name: string, make: () => string): Promise<string>
  /**
   * Removes, in small batches, what has been over for longer than `retentionSeconds`: ended sessions, dead grants,
   * logouts with their deliveries, audit rows; besides, records once they have expired and tokens a week after that,
   * status lists with their tokens. Stays: a session that nothing has ended, what an open job has still to write down, a
   * delivery that is pending (with its logout), a grant for as long as one of its tokens. Returns the number of rows removed.
   */
  sweep(now: number, retentionSeconds: number): Promise<number>
  /** Resolves when the storage can read and write. */
  ping(): Promise<void>
  /** Finishes accepted writes, then closes. Later writes are refused; closing once more is no error. */
  close(): Promise<void>
}
