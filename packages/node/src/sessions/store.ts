/** What an application keeps of one sign-in. JSON throughout; instants are UTC seconds. */
export interface RpSession {
  /** Issuer and subject of the ID Token. */
  iss: string
  sub: string
  /** The id by which this application knows the sign-on session (Back-Channel Logout 1.0 §2.1). */
  sid: string
  /** Claims of the ID Token, for the application's pages. */
  claims: Record<string, unknown>
  /** As it came: it proves at a logout whose logout this is. */
  idToken: string
  accessToken: string
  /** When the access token expires. */
  accessTokenExpiresAt: number
  refreshToken?: string
  createdAt: number
  expiresAt: number
  /** Since when a logout asks the issuer: meanwhile the session signs nobody in, yet it is not known whether it ends. */
  endingAt?: number
}

/** RP sessions that ended together, and why. */
export interface RpSessionsEnded {
  /** The keys of the sessions that are gone. */
  keys: string[]
  /** Which part heard of it. */
  by: 'logout' | 'back_channel' | 'front_channel' | 'expired' | 'switched'
}

/**
 * Where an application keeps its RP sessions. Each write is on disk, or wherever this store keeps things, when its
 * promise resolves. A key is the SHA-256 of the cookie in base64url: no store ever sees a cookie.
 * Every method rejects with what the store's own client throws.
 */
export interface RpSessionStore {
  /**
   * Keeps a new session.
   * @returns false, and keeps nothing, when a logout of its `sid`, or of its `sub` after `claims.iat`, was heard already:
   * it can overtake the sign-in that it is about
   */
  create(key: string, session: RpSession): Promise<boolean>
  /** A session that has not expired. */
  find(key: string): Promise<RpSession | undefined>
  /** Exchanges what a live session holds, after a refresh. False when it is gone; it is not made again. */
  replace(key: string, session: RpSession): Promise<boolean>
  /** Ends one session. False when it was gone. */
  end(key: string, by: RpSessionsEnded['by']): Promise<boolean>
  /**
   * Ends every session of an issuer's `sid`, and remembers the `sid`, but not `by` `front_channel`: anybody can ask for that
   * with a `sid` that never was, and would fill the store. Returns the keys.
   */
  endBySid(iss: string, sid: string, by: RpSessionsEnded['by']): Promise<string[]>
  /** Ends every session of an issuer's `sub` that began by `endedAt`, and remembers that instant. Returns the keys. */
  endBySub(iss: string, sub: string, endedAt: number, by: RpSessionsEnded['by']): Promise<string[]>
  /** Takes the `jti` of a Logout Token once (Back-Channel Logout 1.0 §2.6). False when it was taken and has not expired. */
  takeJti(iss: string, jti: string, expiresAt: number): Promise<boolean>
  /** Gives a `jti` back whose logout could not be completed, so that the next attempt is not a replay. */
  returnJti(iss: string, jti: string): Promise<void>
  /**
   * Calls back for every end, in whichever process of this application it happened, within a second; of ends elsewhere from the first
   * session on that this process has looked for. Returns how to stop.
   */
  onEnded(listener: (ended: RpSessionsEnded) => void): () => void
  /** Stops what this store runs. It does not close what it was given. */
  close(): Promise<void>
}
