import type { Session } from './types.ts'

/** What this site's tabs keep together, and what this one keeps over a redirect. */
export interface LocalState {
  /** The last session that was told of, as long as it may be gone by, and never from before a logout. */
  cached(): Session | undefined
  cache(session: Session): void
  dropCache(): void
  /** Changes with every logout in any tab of this site. */
  mark(): string
  newMark(): string
  /** Key of the mark in `localStorage`, for its `storage` event. */
  readonly markKey: string
  /** Clears what is kept of the user, leftovers of SPiD's own script included. */
  clear(): void
  /** Keeps a value for the page that this tab will show next; `undefined` forgets it. */
  keep(name: string, value: object | undefined): void
  /** Gives a kept value once. */
  take(name: string): Record<string, string> | undefined
}

/** Where a browser allows no storage, memory takes its place. */
export function localState(clientId: string): LocalState {
  const [shared, own] = [storage('localStorage'), storage('sessionStorage')]
  const prefix = `utgang:${clientId}:`
  const [sessionKey, markKey] = [`${prefix}session`, `${prefix}out`]
  const mark = (): string => shared.getItem(markKey) ?? ''

  const state: LocalState = {
    markKey,
    mark,
    newMark() {
      const fresh = random()
      shared.setItem(markKey, fresh)
      return fresh
    },
    cached() {
      const kept = parsed(shared.getItem(sessionKey)) as
        | { session: Session; until: number; mark: string }
        | undefined
      return kept && kept.mark === mark() && kept.until > Date.now() ? kept.session : undefined
    },
    cache(session) {
      const until = Date.now() + session.expiresIn * 1000
      shared.setItem(sessionKey, JSON.stringify({ session, until, mark: mark() }))
    },
    dropCache: () => shared.removeItem(sessionKey),
    clear() {
      state.dropCache()
      const leftovers = `spid_js_${clientId}`
      for (const key of keysOf(shared)) if (key.startsWith(leftovers)) shared.removeItem(key)
      for (const pair of document.cookie.split('; ')) {
        const name = pair.split('=')[0] ?? ''
        if (name === 'SP_ID' || name.startsWith(leftovers)) expireCookie(name)
      }
    },
    keep(name, value) {
      if (value) own.setItem(prefix + name, JSON.stringify(value))
      else own.removeItem(prefix + name)
    },
    take(name) {
      const value = parsed(own.getItem(prefix + name))
      state.keep(name, undefined)
      return value as Record<string, string> | undefined
    }
  }
  // WebKit tells a tab of changes only once it has looked itself.
  mark()
  return state
}

/** 128 random bits in hex. */
export const random = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('')

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>

function storage(name: 'localStorage' | 'sessionStorage'): Store {
  try {
    const found = window[name]
    found.setItem('utgang', '')
    found.removeItem('utgang')
    return found
  } catch {
    return inMemory()
  }
}

function inMemory(): Store {
  const kept = new Map<string, string>()
  return {
    getItem: key => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: key => void kept.delete(key),
    key: index => [...kept.keys()][index] ?? null,
    get length() {
      return kept.size
    }
  }
}

const keysOf = (store: Store): string[] => Array.from({ length: store.length }, (_, i) => store.key(i) ?? '')

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '') ?? undefined
  } catch {
    return undefined
  }
}

/** For every domain that the cookie may have been set for, since a page cannot see which it was. */
function expireCookie(name: string): void {
  const labels = location.hostname.split('.')
  for (const domain of ['', ...labels.map((_, i) => `; domain=.${labels.slice(i).join('.')}`)]) {
    // biome-ignore lint/suspicious/noDocumentCookie: SPiD's script set it this way, and older engines have no other.
    document.cookie = `${name}=; path=/; max-age=0${domain}`
  }
}
