/** The storm's server listens. */
export interface Ready {
  port: number
}

/** Asks for the end of everything of one user. */
export interface EndUser {
  endUser: string
}

/** It is on disk. */
export interface Ended {
  endedUser: string
  receiptId: string | null
}
