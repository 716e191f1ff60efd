import type { Emitter } from './emitter.ts'
import type { Events, LogoutBy, Session, Status } from './types.ts'

/** What this page knows of the session, and the events by which it tells of each change. */
export interface PageState {
  /** Takes in what was answered. @param quiet nothing is fired when nothing changed */
  heard(session: Session, quiet: boolean): void
  /** Takes in a logout. Of one that it knows of already the page is not told again. */
  ended(by: LogoutBy, receipt: string | null): void
}

const signedOut = { session: null, status: 'notConnected' } as const

/**
 * See {@link PageState}. The orders of the events are those that SPiD documents.
 * @param forget clears local state, before anybody is told; of a user change it is given the new session
 */
export function newPageState(
  fire: Emitter<Events>['fire'],
  forget: (followedBy?: Session) => void
): PageState {
  let status: Status | undefined
  /** The session of the person who is signed in here. */
  let current: Session | undefined
  let hadSession = false
  /** The receipt of the last logout that was told of, null if it has none; undefined when somebody has signed in since. */
  let told: string | null | undefined

  function signedIn(session: Session, quiet: boolean): void {
    const before = current
    const isFirst = !hadSession
    const change = { session, status: session.userStatus }
    const all = { ...session, ...change }
    current = session
    status = 'connected'
    hadSession = true
    told = undefined
    if (!before) {
      if (session.visitor) fire('visitor', session.visitor)
      fire('login', all)
      fire('statusChange', change)
      if (isFirst) fire('sessionInit', all)
    } else if (before.userId !== session.userId) {
      forget(session)
      fire('logout', { result: true, by: 'elsewhere', receipt: null, ...signedOut })
      fire('userChange', all)
      fire('login', all)
    } else if (quiet && before.sid === session.sid) return
    fire('sessionChange', change)
  }

  function nobody(session: Session, quiet: boolean): void {
    const isFirst = !status
    const change = { session: null, status: session.userStatus }
    status = session.userStatus
    if (isFirst || !quiet) fire('notLoggedin', { ...session, ...change })
    if (isFirst) fire('sessionChange', change)
  }

  function ended(by: LogoutBy, receipt: string | null): void {
    // Another tab's logout is no news where nobody was signed in. One more is, with a receipt of its own: somebody was, unseen.
    const isAnother = told === undefined || (told && receipt && told !== receipt)
    const isNews = isAnother && !(by === 'tab' && status === 'notConnected')
    current = undefined
    status = 'notConnected'
    forget()
    if (!isNews) return
    told = receipt
    fire('logout', { result: true, by, receipt, ...signedOut })
    fire('statusChange', signedOut)
    fire('sessionChange', signedOut)
  }

  return {
    heard(session, quiet) {
      if (session.result) signedIn(session, quiet)
      else if (!current) nobody(session, quiet)
      else if (session.userStatus === 'notConnected') ended('elsewhere', null)
      // Else it cannot be known whether the session is there still; what was known stays.
    },
    ended
  }
}
