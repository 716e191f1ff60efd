// What goes into the storage and comes out of it. Instants are UTC seconds, hashes SHA-256 in base64url.

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
   * everything has landed since, or the password has changed, and the session counts as ended.
   */
  provenUnder?: string
  /**
   * The cookie under which this request found the session. Where it has another one by now, another request has changed
   * it meanwhile, and the session counts as ended for this one: an old cookie never comes back.
   */
  foundUnder?: string
  /** SHA-256 of the handle by which pages may ask about it. Once given it stays. */
  handleHash?: string
}

/** How a browser names its session: by the session's own cookie or by the handle in the SDK's. */
export type SessionKey = { cookieHash: string } | { handleHash: string }

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

/** What a page of a client may know of a live session. */
export interface SessionGlance {
  uid: string
  sub: string
  expiresAt: number
  /** The user's name. */
  name: string
  /** The client is an RP of it. */
  joined: boolean
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
  /** The place that its holder's status is read from; only for JWT access tokens. Written once, never read back. */
  statusPlace?: StatusPlace
}

/** A place in a status list. */
export interface StatusPlace {
  list: number
  index: number
}

/** A token with what was read beside it. */
export interface Token extends TokenInput {
  createdAt: number
  consumedAt: number | null
  /** The second use that the grace time allows has been taken. */
  consumedAgain: boolean
  revokedAt: number | null
  /** The address of the user, where it is a live token of one. */
  userEmail: string | null
}

/** The kinds of short-lived records. */
export type RecordKind =
  | 'interaction'
  | 'replay'
  | 'pending_logout'
  | 'continued_logout'
  | 'logout_outcome'
  | 'front_channel'
  | 'account_switch'
  | 'logout_return'

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
  /** Changes with every logout of the whole user or system, and when earlier proofs count no more; opaque. */
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
  /** Where its webhook goes; only of a client of the config. */
  webhookUri?: string | null
}

/** A client as it is kept. `version` changes with every save. */
export interface ClientRow extends ClientInput {
  enabled: boolean
  version: number
}

/** An RP that a page asked to sign the person out, by a frame. */
export interface AskedClient extends SessionClient {
  /** When first. */
  at: number
}

/** Everything one logout does, said without naming a cause's rules: the heart decides, the storage carries out. */
export interface EndOrder {
  logoutId: string
  /** The name of the cause, for the receipt and the audit trail. */
  cause: string
  /**
   * Sessions to end one by one. `onlyIfOver`: not one whose limits have not passed (after all), nor one that a job is
   * about to end.
   */
  sessions?: { uid: string; onlyIfOver?: true } | { ofUser: string; except: string | null }
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
  /** What was proven about this user before counts no more, in the same transaction; by itself that ends nothing. */
  voidProofs?: string
  /**
   * The consent that is taken back in the same transaction; the client is no RP of this user's sessions any more, after
   * it was told.
   */
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

/** A session whose time is up. */
export interface OverSession {
  uid: string
  sub: string
  /** The limit that it reached first. */
  reached: 'idle' | 'absolute'
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
}

/** The states of a delivery. `waiting`: for its receiver, who fetches it. */
export type DeliveryState =
  | 'pending'
  | 'waiting'
  | 'delivered'
  | 'refused'
  | 'unclear'
  | 'gave_up'
  | 'superseded'

/**
 * How an application hears: by a Logout Token, by a webhook of its own, by a security event of its stream, or by what
 * the stream says of itself.
 */
export type DeliveryKind = 'back_channel' | 'webhook' | 'security_event' | 'stream_notice'

/** One notice owed to one application. */
export interface Delivery {
  id: string
  kind: DeliveryKind
  /** The logout that owes it; of an event about a stream itself an id of its own. */
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

/** A delivery that a worker has taken, with what it needs to attempt it. */
export type ClaimedDelivery = Omit<Delivery, 'state' | 'nextAt'> & {
  /** An earlier attempt may have been received without our hearing of it. */
  heardMaybe: boolean
  /** How the client wants to have signed what it gets: its `id_token_signed_response_alg`. */
  alg: string
  /** The client's webhook secret, sealed. */
  sealedWebhookSecret: string | null
  /** The cause of the logout; `null` where none is behind it. */
  cause: string | null
  /** The stream whose event it is. */
  streamId: string | null
  /** What the event says, where it is not that a session has ended. */
  event: Json | null
}

/** What one attempt came to. */
export interface AttemptInput extends Omit<AttemptRow, 'at'> {
  id: string
  state: DeliveryState
  /** When it is tried again, if the state is `pending`. */
  nextAt: number
  heardMaybe: boolean
}

/** One attempt, as it is kept. */
export interface AttemptRow {
  at: number
  /** HTTP status; `null` where there was no answer. */
  status: number | null
  /** Why there was none, or what was wrong with it. */
  problem: string | null
  milliseconds: number
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
