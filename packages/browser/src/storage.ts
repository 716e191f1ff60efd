/** A browser's storage, or memory where the browser refuses (private windows, blocked cookies, no room left). Never throws. */
export interface Store {
  get(key: string): string | null
  /** @returns whether the value outlives the page */
  set(key: string, value: string): boolean
  remove(key: string): void
  keys(): string[]
}

/** See {@link Store}. The storage is looked up each time: where it is blocked, reading the very property throws. */
export function openStore(name: 'localStorage' | 'sessionStorage'): Store {
  const memory = new Map<string, string>()
  const attempt = <T>(use: (storage: Storage) => T, otherwise: T): T => {
    try {
      return use(window[name])
    } catch {
      return otherwise
    }
  }
  return {
    get: key => memory.get(key) ?? attempt(it => it.getItem(key), null),
    set(key, value) {
      memory.set(key, value)
      return attempt(it => {
        it.setItem(key, value)
        return memory.delete(key)
      }, false)
    },
    remove(key) {
      memory.delete(key)
      attempt(it => it.removeItem(key), undefined)
    },
    keys: () => attempt(it => Object.keys(it), [])
  }
}
