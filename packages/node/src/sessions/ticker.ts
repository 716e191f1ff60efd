import { tickMs } from './rules.ts'

/** Something that is done again and again, never twice at once. */
export interface Ticker {
  /** Does it at once; when it is being done right now, once more after that. */
  wake(): void
  /** Stops, and waits for what is being done. */
  close(): Promise<void>
}

/**
 * Does something every second, and when woken. Its timer keeps no process running.
 * @param work what it rejects with is dropped: the next tick tries again, and whoever calls the store meanwhile is told
 */
export function newTicker(work: () => Promise<void>): Ticker {
  let isWanted = false
  let running: Promise<void> | undefined
  const timer = setInterval(wake, tickMs).unref()

  function wake(): void {
    isWanted = true
    running ??= run()
  }

  async function run(): Promise<void> {
    while (isWanted) {
      isWanted = false
      await work().catch(() => {})
    }
    running = undefined
  }

  return {
    wake,
    async close() {
      clearInterval(timer)
      isWanted = false
      await running
    }
  }
}
