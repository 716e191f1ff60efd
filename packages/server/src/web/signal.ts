/** Wakes whoever waits for something to happen in this process. */
export interface Signal {
  /** Wakes all that wait now. */
  tell(): void
  /** Waits until told, or so long. */
  wait(longestMs: number): Promise<void>
}

/** A {@link Signal} for which nobody waits yet. */
export function newSignal(): Signal {
  const waiting = new Set<() => void>()
  return {
    tell: () => {
      for (const wake of [...waiting]) wake()
    },
    wait: longestMs =>
      new Promise(resolve => {
        const timeout = setTimeout(wake, longestMs)
        waiting.add(wake)
        function wake(): void {
          clearTimeout(timeout)
          waiting.delete(wake)
          resolve()
        }
      })
  }
}
