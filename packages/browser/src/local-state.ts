import type { Store } from './storage.ts'
import type { Session } from './types.ts'

/** An answer about the session, kept for a while. */
export interface Cache {
  /** An answer that may be used still, and that no logout came after. */
  get(): Session | undefined
  /**
   * That nobody is signed in is kept for this page alone: people sign in by a link, and are back in a moment.
   * @param askedAt when the question was sent, in milliseconds. @param logout the last logout on record at that time
   */
  put(session: Session, askedAt: number, logout: string | null): void
  drop(): void
}

interface Entry {
  session: Session
  from: number
  until: number
  logout: string | null
}

/** See {@link Cache}: in localStorage, for all tabs. @param lastLogout of any tab, on record */
export function newCache(clientId: string, store: Store, lastLogout: () => string | null): Cache {
  const key = `utgang:${clientId}:session`
  let ofNobody: Entry | undefined
  const usable = ({ session, from, until, logout }: Partial<Entry> = {}): Session | undefined => {
    const now = Date.now()
    // An entry from the future was made by another clock.
    return from && until && from <= now && now < until && logout === lastLogout() ? session : undefined
  }
  const cache: Cache = {
    get: () => usable(entryOf(store.get(key))) ?? usable(ofNobody),
    put(session, from, logout) {
      const entry: Entry = { session, from, until: from + session.expiresIn * 1000, logout }
      cache.drop()
      if (session.result) store.set(key, JSON.stringify(entry))
      else ofNobody = entry
    },
    drop() {
      store.remove(key)
      ofNobody = undefined
    }
  }
  return cache
}

function entryOf(text: string | null): Partial<Entry> | undefined {
  try {
    return JSON.parse(text ?? '') ?? undefined
  } catch {
    return undefined
  }
}

/**
 * Clears what SPiD's own SDK kept of a client: `spid_js_<client_id>` and the entries of its products and subscriptions,
 * in localStorage and in cookies, and the cookie `SP_ID`; on every domain that this page may write to.
 */
export function clearLeftovers(clientId: string, store: Store): void {
  const name = `spid_js_${clientId}`
  const isTheirs = (it: string): boolean => it === name || it.startsWith(`${name}_`)
  for (const key of store.keys()) if (isTheirs(key)) store.remove(key)
  for (const pair of cookies().split('; ')) {
    const cookie = pair.split('=')[0] ?? ''
    if (isTheirs(cookie) || cookie === 'SP_ID') clearCookie(cookie)
  }
}

function clearCookie(name: string): void {
  const labels = location.hostname.split('.')
  const domains = ['', ...labels.map((_label, i) => `; Domain=${labels.slice(i).join('.')}`)]
  // The Cookie Store API is there only on https, and not everywhere.
  // biome-ignore lint/suspicious/noDocumentCookie: see above
  for (const domain of domains) document.cookie = `${name}=; Path=/; Max-Age=0${domain}`
}

function cookies(): string {
  try {
    return document.cookie
  } catch {
    // In a sandboxed frame the very property throws.
    return ''
  }
}
