/** Listeners, by the name of an event. */
export interface Emitter<Payloads> {
  /** Returns what takes the listener off again. The same listener twice is one. */
  on<Name extends keyof Payloads & string>(
    event: Name | `SPiD.${Name}`,
    listener: (payload: Payloads[Name]) => void
  ): () => void
  off<Name extends keyof Payloads & string>(
    event: Name | `SPiD.${Name}`,
    listener: (payload: Payloads[Name]) => void
  ): void
  /** Calls those who are there now. One that throws is reported as an uncaught error and keeps nobody else from hearing. */
  fire<Name extends keyof Payloads & string>(event: Name | `SPiD.${Name}`, payload: Payloads[Name]): void
  /** Takes all listeners off. */
  clear(): void
}

/** Events without listeners. SPiD's prefix may stand before a name, at `on`, `off` and `fire` alike. */
export function newEmitter<Payloads>(): Emitter<Payloads> {
  const all = new Map<string, Set<(payload: never) => void>>()
  const of = (event: string) => {
    const name = event.replace(/^SPiD\./, '')
    const listeners = all.get(name) ?? new Set()
    all.set(name, listeners)
    return listeners
  }
  return {
    on(event, listener) {
      of(event).add(listener)
      return () => void of(event).delete(listener)
    },
    off: (event, listener) => void of(event).delete(listener),
    fire(event, payload) {
      for (const listener of [...of(event)]) {
        try {
          listener(payload as never)
        } catch (error) {
          reportError(error)
        }
      }
    },
    clear: () => all.clear()
  }
}
