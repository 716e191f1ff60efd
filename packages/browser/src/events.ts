import type { EventName, Events } from './types.ts'

type Listener = (payload: never) => void

/** The listeners of one page. */
export interface Bus {
  on(name: string, listener: Listener): void
  off(name: string, listener: Listener): void
  fire<N extends EventName>(name: N, payload: Events[N]): void
}

/** An event has one name: `SPiD.` in front is optional, and one listener is called once. */
export function newBus(): Bus {
  const listeners: Record<string, Set<Listener>> = {}
  const of = (name: string): Set<Listener> => (listeners[name.replace(/^SPiD\./, '')] ??= new Set())
  return {
    on: (name, listener) => void of(name).add(listener),
    off: (name, listener) => void of(name).delete(listener),
    fire(name, payload) {
      for (const listener of [...of(name)]) {
        try {
          listener(payload as never)
        } catch (error) {
          // One broken listener keeps no other from hearing; the page's own error handling gets to see it.
          setTimeout(() => {
            throw error
          })
        }
      }
    }
  }
}
