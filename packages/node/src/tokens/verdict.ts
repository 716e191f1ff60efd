/** A token that is good for this API. */
export interface AccessToken {
  /** The user; of a token that an application has for itself, the application. */
  sub: string
  client_id: string
  scope: string[]
  /** By which the application that has the token knows the user's session. */
  sid: string | undefined
  aud: string[]
  jti: string | undefined
  /** When it was issued and when it expires, in UTC seconds. */
  iat: number | undefined
  exp: number
  /** All that it says, or that the issuer said of it. */
  claims: Record<string, unknown>
}

/** What is known of a token: that it lives, that it is none or lives no more, or that nobody can tell at this moment. */
export type Verdict =
  | { state: 'live'; token: AccessToken }
  | { state: 'dead'; why: string }
  | { state: 'unknown'; why: string }

/** A {@link Verdict} against a token. */
export const dead = (why: string): Verdict => ({ state: 'dead', why })

/** A {@link Verdict} of nothing. */
export const unknown = (why: string): Verdict => ({ state: 'unknown', why })
