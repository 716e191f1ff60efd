import type { AttemptRow, DeliveryState } from './records.ts'

/**
 * Where an application stands after a logout. `requested`: a page asked it in the browser, and nothing confirms it.
 * `not_requested`: only a page can ask it, and none did. `not_registered`: it has not asked to be told.
 */
export type ToldState = NoticeState | 'requested' | 'not_requested' | 'not_registered'

/** A notice goes to its application; only a stream's events wait to be fetched. */
type NoticeState = Exclude<DeliveryState, 'waiting'>

/** One application of a logout, by one of its `sid`s: what it is owed, and what the newest attempts came to. */
export interface ToldApplication {
  clientId: string
  /** `null` where it is told by `sub` alone. */
  sid: string | null
  state: ToldState
  attempts: number
  /** The newest attempts, oldest first. */
  tried: Omit<AttemptRow, 'problem'>[]
}

/** Which applications of a logout, and how much of each. */
export interface ApplicationsWanted {
  /** One application alone. */
  clientId?: string
  /** What the page before gave as `next`; anything else begins anew. */
  after?: string
  /** About so many; a session's applications stay together. */
  limit: number
  /** At most so many attempts of each. */
  attempts: number
}

/** What became of a logout, in numbers and page by page, however large it was. Security events are no part of it. */
export interface ReceiptStore {
  /**
   * How many applications stand where, one for each `sid`. Where counting takes long, as after a logout of the whole
   * system, it may be as old as twenty times as long.
   */
  countApplications(logoutId: string): Promise<Partial<Record<ToldState, number>>>
  /**
   * Applications, first those that are owed something. A page with `next` may hold few, or none; the last has no `next`.
   */
  listApplications(
    logoutId: string,
    wanted: ApplicationsWanted
  ): Promise<{ applications: ToldApplication[]; next?: string }>
}
