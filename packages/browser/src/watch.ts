import type { Page } from './page.ts'

/** Asks again and again, while somebody looks. */
export interface Watch {
  /** @param seconds between two questions; 0 stops */
  start(seconds: number): void
  stop(): void
  /** Asks as soon as it may again, if it is on and somebody looks. */
  wake(): void
}

/** Least time between two questions, in milliseconds. */
const leastMs = 10_000
/** Most that failures stretch the time between two questions, as powers of two. */
const mostFailures = 4

/**
 * See {@link Watch}. Focus, visibility and pageshow come together: they make one question.
 * @param recheck asks, and resolves to whether there was an answer
 */
export function newWatch(page: Pick<Page, 'askedAt'>, recheck: () => Promise<boolean>): Watch {
  let everyMs = 0
  let failures = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let listening: AbortController | undefined

  function askIn(ms: number): void {
    clearTimeout(timer)
    timer = setTimeout(ask, ms)
  }

  async function ask(): Promise<void> {
    // Hidden: whoever comes back wakes the watch.
    if (document.hidden) return
    const { signal } = listening ?? {}
    failures = (await recheck()) ? 0 : Math.min(failures + 1, mostFailures)
    if (!signal?.aborted) askIn(waitMs(everyMs))
  }

  const waitMs = (ms: number): number => Math.max(ms, leastMs) * 2 ** failures

  function wake(): void {
    if (everyMs && !document.hidden) askIn(Math.max(0, page.askedAt + waitMs(leastMs) - Date.now()))
  }

  const watch: Watch = {
    start(seconds) {
      watch.stop()
      if (!seconds) return
      everyMs = seconds * 1000
      listening = new AbortController()
      const { signal } = listening
      addEventListener('focus', wake, { signal })
      addEventListener('pageshow', wake, { signal })
      document.addEventListener('visibilitychange', wake, { signal })
      askIn(waitMs(everyMs))
    },
    stop() {
      clearTimeout(timer)
      listening?.abort()
      everyMs = 0
    },
    wake
  }
  return watch
}
