import type { Bus } from './events.ts'
import type { LocalState } from './local-state.ts'
import type { Settings } from './options.ts'
import type { Session, SessionEvent, StateEvent, Status, Tokens, Way } from './types.ts'

/** What one page knows, and the one place where that changes. */
export interface Page {
  readonly settings: Settings
  readonly bus: Bus
  readonly local: LocalState
  readonly status: Status
  tokens: Pick<Tokens, 'access_token' | 'id_token'> | undefined
  /** Takes in what was answered, and tells what changed by it. */
  settle(session: Session): void
  /** The session has ended: clears, then tells; once for one logout. */
  signOut(by: Way, receipt: string | null): void
  /** The mark of the last logout that this page knows of. */
  seenMark: string
}

/** @param tellTabs hands the mark of a logout that this page was the first to know of to the site's other tabs */
export function newPage(
  settings: Settings,
  bus: Bus,
  local: LocalState,
  tellTabs: (mark: string) => void
): Page {
  let session: Session | null = null
  let status: Status = 'unknown'
  let isFirst = true
  let isInitiated = false

  const state = (): StateEvent => ({ session, status })
  const full = (it: Session): SessionEvent => ({ ...it, ...state() })

  const page: Page = {
    settings,
    bus,
    local,
    tokens: undefined,
    seenMark: local.mark(),
    get status() {
      return status
    },

    settle(it) {
      if (it.userStatus !== 'connected') return settleSignedOut(it)
      const before = session
      const wasConnected = status === 'connected'
      session = it
      status = 'connected'
      isFirst = false
      const isOther = before && before.userId !== it.userId
      if (isOther) {
        local.clear()
        page.tokens = undefined
        bus.fire('logout', {
          result: true,
          by: 'elsewhere',
          receipt: null,
          session: null,
          status: 'notConnected'
        })
        bus.fire('userChange', full(it))
      }
      local.cache(it)
      if (it.uuid && it.userId && (!before || isOther))
        bus.fire('visitor', { uid: it.uuid, user_id: it.userId })
      if (!before || isOther) bus.fire('login', full(it))
      if (!wasConnected) bus.fire('statusChange', state())
      if (!isInitiated) bus.fire('sessionInit', full(it))
      isInitiated = true
      bus.fire('sessionChange', state())
    },

    signOut(by, receipt) {
      const isNews = status !== 'notConnected'
      local.clear()
      page.tokens = undefined
      session = null
      status = 'notConnected'
      isFirst = false
      if (by !== 'tab') {
        page.seenMark = local.newMark()
        tellTabs(page.seenMark)
      }
      if (!isNews) return
      bus.fire('logout', { result: true, by, receipt, session: null, status })
      bus.fire('statusChange', state())
      bus.fire('sessionChange', state())
    }
  }

  function settleSignedOut(it: Session): void {
    // Where somebody was signed in, "unknown" is no reason to believe that they are not.
    if (session) {
      if (it.userStatus === 'notConnected') page.signOut('elsewhere', null)
      return
    }
    if (status === 'unknown') status = it.userStatus
    bus.fire('notLoggedin', full(it))
    if (isFirst) bus.fire('sessionChange', state())
    isFirst = false
  }

  return page
}
