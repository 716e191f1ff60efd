import type { SdkError } from './sdk-error.ts'

/** `unknown`: the browser kept the cookie back, so that nobody can tell; never a guess. */
export type Status = 'connected' | 'notConnected' | 'unknown'

/** What is known of the person in this browser. Instants are UTC seconds. */
export interface Session {
  /** Whether somebody is signed in and connected to this client. */
  result: boolean
  userStatus: Status
  userId?: string
  displayName?: string
  /** The user as this client alone knows them. */
  uuid?: string
  /** The id by which this client knows the sign-on session (Back-Channel Logout 1.0 §2.1). */
  sid?: string
  /** When the session ends if nothing more happens in it. */
  expiresAt?: number
  serverTime: number
  /** This browser's clock when the answer came, in milliseconds. */
  clientTime: number
  /** How long this may be gone by, in seconds. */
  expiresIn: number
}

/** How a session ended: by what this page did, somewhere else, or in another tab of this site. */
export type Way = 'backend' | 'cookie' | 'token' | 'redirect' | 'elsewhere' | 'tab'

/** The state that a page is in, as SPiD's events tell it. */
export interface StateEvent {
  session: Session | null
  status: Status
}

/** What `logout` tells its listeners. */
export interface LogoutEvent extends StateEvent {
  result: true
  by: Way
  /** Names what the logout did; `null` where nobody knows it. */
  receipt: string | null
  session: null
}

/** A session's own fields, and the state around it. */
export type SessionEvent = Session & StateEvent

/** Every event and what its listeners get. Each may also be written with `SPiD.` in front. */
export interface Events {
  login: SessionEvent
  logout: LogoutEvent
  userChange: SessionEvent
  sessionInit: SessionEvent
  notLoggedin: SessionEvent
  statusChange: StateEvent
  sessionChange: StateEvent
  visitor: { uid: string; user_id: string }
  error: SdkError
  loginException: SdkError
}

/** Name of an event. */
export type EventName = keyof Events

/** What a page says of itself, once. */
export interface InitOptions {
  client_id: string
  /** The identity server: its origin, or its host with an optional port. */
  server: string
  /** With `server` as a bare host: whether it speaks https. Default `true`. */
  https?: boolean
  /** Where sign-in and the logout by redirect come back to; registered for the client. */
  redirect_uri?: string
  /** What is asked for at sign-in. Default `openid profile`. */
  scope?: string
  /** Path of the application's own backend on this origin, such as `/auth`: it has `session`, `logout` and `login` under it. */
  backend?: string
  /** What `logout()` does when nothing else ended the session. Default `redirect`. */
  fallback?: 'redirect' | 'none'
  /** Ask again on focus, on coming back and every so many seconds (`true`: 60). Default `false`. */
  watch?: boolean | number
  /** Longest that one call may take, in milliseconds. Default 5000. */
  timeout?: number
}

/** What a sign-in in the page gave, as the token endpoint answered (RFC 6749 §5.1). */
export interface Tokens {
  access_token: string
  id_token: string
  refresh_token?: string
  expires_in?: number
  scope?: string
  token_type?: string
}

/** More for an authorization request. */
export interface LoginOptions {
  prompt?: string
  login_hint?: string
  ui_locales?: string
  max_age?: number
  /** Where on this site to go afterwards, with a backend. Default: this page. */
  return_to?: string
}

/** How to leave. */
export interface LogoutOptions {
  fallback?: 'redirect' | 'none'
  /** The page is about to go away: clear first, tell the server on the way out, navigate nowhere. */
  closing?: boolean
}

/** A logout that happened. */
export interface LoggedOut {
  ended: true
  by: 'backend' | 'cookie' | 'token'
  receipt: string | null
}

/** The SDK of one client in one page. */
export interface Utgang {
  /** Who is signed in, from memory as long as the server allows; with `fresh` always asked. @throws SdkError; then nothing has changed */
  hasSession(options?: { fresh?: boolean }): Promise<Session>
  /** Leaves the page to sign in: state, nonce and PKCE, or by the backend where there is one. */
  login(options?: LoginOptions): Promise<never>
  /** On the page that sign-in comes back to: redeems the code. `undefined` where there is none. @throws SdkError `login_failed` */
  finishLogin(address?: string): Promise<Tokens | undefined>
  /** Hands over tokens that the page got by itself; they prove whose logout it is where no cookie can. */
  setTokens(tokens: Pick<Tokens, 'access_token' | 'id_token'> | undefined): void
  /** Ends the sign-on session by the first way that can work, or leaves by redirect. @throws SdkError; then nothing has changed */
  logout(options?: LogoutOptions): Promise<LoggedOut>
  /** Listens. Gives back what stops it. The same listener twice is one. */
  on<N extends EventName>(event: N | `SPiD.${N}`, listener: (payload: Events[N]) => void): () => void
  off<N extends EventName>(event: N | `SPiD.${N}`, listener: (payload: Events[N]) => void): void
  /** Stops listening to other tabs and asking again. A later `init` starts anew. */
  close(): void
}
