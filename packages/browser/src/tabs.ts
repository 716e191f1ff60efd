import { newSecret } from './random.ts'
import type { Store } from './storage.ts'

/** What the tabs of one origin tell each other about the logouts of one client. */
export interface Tabs {
  /** Tells the other tabs of a logout. Not `sure`: they ask for themselves. */
  tell(receipt: string | null, sure: boolean): void
  /** The last logout that is on record in this origin; a text to be compared. */
  last(): string | null
  /** Changes with each logout that this tab did or heard of, by whichever way it hears first. */
  mark(): string
  /** Looks whether a logout was missed, as in the back/forward cache. */
  catchUp(): void
  /** Tells the other tabs that this one has opened a stream. */
  announce(): void
  /** Listens, from now until {@link Tabs.close}. */
  open(): void
  close(): void
}

/**
 * See {@link Tabs}. Each logout has a name of its own: in a BroadcastChannel message, and in localStorage, which outlives tabs
 * and reaches those that have no channel. Where both come, the second is no news.
 * @param onLogout called once for each logout of another tab; the receipt is undefined if the other tab was not sure
 * @param onStream another tab has opened a stream
 */
export function newTabs(
  clientId: string,
  store: Store,
  onLogout: (receipt: string | null | undefined) => void,
  onStream: () => void
): Tabs {
  const key = `utgang:${clientId}:logout`
  // Reading it also makes WebKit deliver storage events to this tab.
  let seen = store.get(key)
  let channel: BroadcastChannel | undefined
  let listening: AbortController | undefined

  function hear(logout: unknown): void {
    if (typeof logout !== 'string' || logout === seen) return
    seen = logout
    const [name = '', receipt] = logout.split(' ')
    onLogout(name.startsWith('?') ? undefined : receipt || null)
  }

  const tabs: Tabs = {
    tell(receipt, sure) {
      seen = `${sure ? '' : '?'}${newSecret()} ${receipt ?? ''}`
      store.set(key, seen)
      channel?.postMessage(seen)
    },
    last: () => store.get(key),
    mark: () => `${seen} ${store.get(key)}`,
    catchUp: () => hear(store.get(key)),
    announce: () => channel?.postMessage(0),
    open() {
      tabs.close()
      listening = new AbortController()
      const { signal } = listening
      addEventListener('storage', event => event.key === key && hear(event.newValue), { signal })
      try {
        channel = new BroadcastChannel(`utgang:${clientId}`)
        channel.onmessage = ({ data }) => (data ? hear(data) : onStream())
      } catch {
        // No channel in this browser or in this frame: localStorage has to do.
      }
    },
    close() {
      listening?.abort()
      channel?.close()
      channel = undefined
    }
  }
  return tabs
}
