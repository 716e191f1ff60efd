/** Why something ends. One row of {@link effects} for each. */
export type CauseName =
  | 'sdk'
  | 'redirect'
  | 'rp_initiated'
  | 'end_session_api'
  | 'api'
  | 'revocation'
  | 'account_session'
  | 'account_others'
  | 'password_changed'
  | 'account_everywhere'
  | 'password_reset'
  | 'account_deleted'
  | 'account_disabled'
  | 'admin_user'
  | 'global_token_revocation'
  | 'account_app'
  | 'account_switch'
  | 'admin_session'
  | 'admin_client'
  | 'client_disabled'
  | 'admin_all'
  | 'code_replay'
  | 'refresh_replay'
  | 'idle_timeout'
  | 'absolute_timeout'

/** What one cause does: one row of the table. */
export interface Effects {
  /** Which OP sessions end. `this_if_over`: only where its time is really up when it is written down. */
  sessions: 'none' | 'this' | 'this_if_over' | 'others_of_user' | 'all_of_user' | 'every'
  /**
   * What is revoked. `bound`: the grants that live with the ended sessions, which needs no write of its own.
   * `presented_grant`: also every token of the grant whose token was presented (a server token: that token alone).
   * `presented_token`: a refresh token's grant; an access token alone.
   */
  tokens:
    | 'bound'
    | 'bound_and_presented_grant'
    | 'presented_grant'
    | 'presented_token'
    | 'grant'
    | 'all_of_user'
    | 'client_of_user'
    | 'all_of_client'
    | 'every'
  /** Which RPs are told. */
  told: 'nobody' | 'session_rps' | 'clients_of_user' | 'client' | 'every_rp'
  /** What the user allowed the client is taken back too, and with it the client's place among the RPs of her sessions. */
  consent?: 'dropped'
  /** A sign-in that was proven before and is still under way comes to nothing. */
  proofs?: 'void'
  /** The state that the user or the client is in from then on. */
  leaves?: 'user_disabled' | 'user_deleted' | 'client_disabled'
}

const thisSession: Effects = { sessions: 'this', tokens: 'bound', told: 'session_rps' }
const timeIsUp: Effects = { ...thisSession, sessions: 'this_if_over' }
const otherSessions: Effects = {
  sessions: 'others_of_user',
  tokens: 'bound',
  told: 'session_rps',
  proofs: 'void'
}
const wholeUser: Effects = { sessions: 'all_of_user', tokens: 'all_of_user', told: 'clients_of_user' }
const wholeClient: Effects = { sessions: 'none', tokens: 'all_of_client', told: 'client' }
const browserLogout: Effects = { sessions: 'this', tokens: 'bound_and_presented_grant', told: 'session_rps' }
const replay: Effects = { sessions: 'none', tokens: 'grant', told: 'nobody' }

/** What each cause does: the whole policy of logout, to be read as a table. */
export const effects: Readonly<Record<CauseName, Effects>> = {
  sdk: browserLogout,
  redirect: browserLogout,
  rp_initiated: browserLogout,
  end_session_api: thisSession,
  api: { sessions: 'none', tokens: 'presented_grant', told: 'nobody' },
  revocation: { sessions: 'none', tokens: 'presented_token', told: 'nobody' },
  account_session: thisSession,
  account_others: otherSessions,
  password_changed: otherSessions,
  account_everywhere: wholeUser,
  password_reset: wholeUser,
  account_deleted: { ...wholeUser, leaves: 'user_deleted' },
  account_disabled: { ...wholeUser, leaves: 'user_disabled' },
  admin_user: wholeUser,
  global_token_revocation: wholeUser,
  account_app: { sessions: 'none', tokens: 'client_of_user', told: 'client', consent: 'dropped' },
  account_switch: thisSession,
  admin_session: thisSession,
  admin_client: wholeClient,
  client_disabled: { ...wholeClient, leaves: 'client_disabled' },
  admin_all: { sessions: 'every', tokens: 'every', told: 'every_rp' },
  code_replay: replay,
  refresh_replay: replay,
  idle_timeout: timeIsUp,
  absolute_timeout: timeIsUp
}

/** Whether a logout of this cause was about one session at most, and so about one person and one browser. */
export const isOfOneSession = (cause: string): boolean =>
  ['this', 'this_if_over'].includes(effects[cause as CauseName]?.sessions)

/** Who asked, for the audit trail. */
export interface AskedBy {
  ip?: string
  requestId?: string
}

/** One logout that a door asks for: its name and what it is about. Which of these a cause needs follows from its row. */
export interface Cause {
  name: CauseName
  /** The session, for causes that end one (or spare one). */
  sessionUid?: string
  /** The user whom it is about. */
  sub?: string
  /** The client that asks, or that it is about. */
  clientId?: string
  /** The token that was presented and is to be revoked, with its grant where it has one. */
  presented?: { hash: string; grantId: string | null; kind: string }
  /** The grant that was replayed. */
  grantId?: string
  by?: AskedBy
  /** More for the audit trail; never a secret. */
  detail?: Record<string, unknown>
}
