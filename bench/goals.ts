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
  { ours: 'utgang: introspection', theirs: 'oidc-provider: introspection', atLeast: 3 },
  { ours: 'utgang: logout, 10 that answer', theirs: 'oidc-provider: logout, 10 that answer', atLeast: 10 }
]

/** How long the slowest of a hundred may take, in milliseconds. */
export const slowest = [{ row: 'utgang: logout, 1 that hangs', p99Ms: 300 }] as const

/** Deliveries per second of one process, by algorithm. */
export const deliveries: Readonly<Record<string, number>> = { ES256: 10_000, RS256: 5_000 }
