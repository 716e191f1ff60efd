import type { RpSessionsEnded } from './store.ts'

/** Who wants to hear of ends in this process. */
export interface Listeners {
  /** @returns how to stop */
  add(listener: (ended: RpSessionsEnded) => void): () => void
  /** Tells everybody. One that throws is written to standard error: the logout has happened, and the others want to hear of it. */
  tell(ended: RpSessionsEnded): void
  /** Nobody hears anything more. */
  clear(): void
}

/** See {@link Listeners}. */
export function newListeners(): Listeners {
  const all = new Map<symbol, (ended: RpSessionsEnded) => void>()
  return {
    add(listener) {
      const id = Symbol()
      all.set(id, listener)
      return () => void all.delete(id)
    },
    tell(ended) {
      if (ended.keys.length === 0) return
      for (const listener of [...all.values()])
        try {
          listener(ended)
        } catch (error) {
          console.error(error)
        }
    },
    clear: () => all.clear()
  }
}
