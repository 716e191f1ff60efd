import { forgetAhead } from './logout.ts'
import type { Page } from './page.ts'

/** Hears from the application's own backend, at once, that its session has ended. */
export interface Stream {
  /** Whether the options want it. */
  want(isWanted: boolean): void
  /** Somebody has signed in, or nobody is any more. */
  signedIn(isSignedIn: boolean): void
  /** Opens or closes, as it should be now. @param isHere false while the page goes: an open stream keeps it out of the back/forward cache */
  look(isHere?: boolean): void
  /** Another tab has opened one. */
  yield(): void
}

/** How long a hidden page listens on, in milliseconds. */
const hiddenMs = 300_000

/**
 * See {@link Stream}. One EventSource, while somebody is signed in, opened when somebody looks at the page. Of the hidden tabs one
 * at most keeps its own, since a browser has few connections for a host, and not for long; the others hear from the tab that
 * hears. It comes back by itself; a backend that has no such address is asked once.
 * @param wake asks soon who is signed in: after a break, what was said meanwhile is lost
 */
export function newStream(page: Page, wake: () => void): Stream {
  let isWanted = false
  let isSignedIn = false
  let wasOpen = false
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  function close(): void {
    source?.close()
    source = undefined
  }

  function open(address: string): void {
    source = new EventSource(address)
    page.tabs.announce()
    source.onopen = () => {
      if (wasOpen) wake()
      wasOpen = true
    }
    source.onerror = () => {
      if (wasOpen) wake()
    }
    source.addEventListener('logout', heard)
  }

  async function heard(): Promise<void> {
    // A logout of this page's own says by itself what came of it.
    await page.ending?.catch(() => {})
    if (!isSignedIn) return
    // The other tabs ask for themselves; and what this one asked before counts no more.
    forgetAhead(page)
    page.state.ended('elsewhere', null)
  }

  function look(isHere = true): void {
    const { backend } = page.settings
    const isClosed = source?.readyState === 2
    clearTimeout(timer)
    if (!(isHere && isWanted && isSignedIn && backend)) close()
    else if (document.hidden) timer = setTimeout(close, hiddenMs)
    // One that was closed before it opened stays so: there is nothing at this address.
    else if (!source || (isClosed && wasOpen)) open(`${backend}/events`)
  }

  return {
    want(it) {
      isWanted = it
      look()
    },
    signedIn(it) {
      wasOpen = false
      isSignedIn = it
      look()
    },
    look,
    yield() {
      if (document.hidden) close()
    }
  }
}
