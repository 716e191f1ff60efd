import type { Emitter } from './emitter.ts'
import type { Cache } from './local-state.ts'
import type { Settings } from './options.ts'
import type { PageState } from './page-state.ts'
import type { SdkError } from './sdk-error.ts'
import type { Store } from './storage.ts'
import type { Tabs } from './tabs.ts'
import type { Events, LoggedOut, LogoutBy, Session, Tokens } from './types.ts'

/** What the parts of the SDK share in one page, for one client. */
export interface Page {
  /** Another `init()` with this client changes them. */
  settings: Settings
  /** Of this tab alone. */
  tabStore: Store
  cache: Cache
  tabs: Tabs
  state: PageState
  /** Held in memory only, so that they go with the page. */
  tokens: Pick<Tokens, 'access_token' | 'id_token'> | undefined
  /** When the last question about the session was sent, in milliseconds; 0 before the first. */
  askedAt: number
  /** The logout that is under way. */
  logout: Promise<LoggedOut> | undefined
  /** The calls of the last logout; settles before it leaves the page, if it does. */
  ending: Promise<unknown> | undefined
  /** Whether the page went while its last logout was under way; it may be back. */
  hasGone: boolean
  /** Whether it is leaving the page. */
  isLeaving: boolean
  fire: Emitter<Events>['fire']
  /** Fires `error`, and throws it. */
  fail(error: SdkError): never
  /** Takes in a logout that this page did: clears, tells the other tabs, and then fires the events. */
  ended(by: LogoutBy, receipt: string | null): void
  /** Clears what this page and this origin keep of the person. @param next somebody else, whose tokens may be here already */
  forget(next?: Session): void
}
