/** What one row should be, as a multiple of another's jobs per second. */
export interface Goal {
  ours: string
  theirs: string
  /** Least ratio. */
  atLeast: number
}

/** The goals; rows by `subject: name`. */
export const goals: readonly Goal[] = [
  { ours: 'utgang: session check', theirs: 'hello: node:http hello', atLeast: 0.6 },
  { ours: 'utgang: redirect logout', theirs: 'oidc-provider: end_session', atLeast: 10 },
  { ours: 'utgang: API logout', theirs: 'oidc-provider: revocation', atLeast: 2.5 },
  { ours: 'utgang: introspection', theirs: 'oidc-provider: introspection', atLeast: 3 }
]
