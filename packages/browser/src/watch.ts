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
/** Longest that a timer waits, in milliseconds: what takes more than 31 bits is run at once by browsers. */
const longestMs = 2_000_000_000
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
    timer = setTimeout(ask, Math.min(ms, longestMs))
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
    // No question lies in the future: the clock was set back since.
    const sinceMs = Math.max(0, Date.now() - page.askedAt)
    if (everyMs && !document.hidden) askIn(Math.max(0, waitMs(leastMs) - sinceMs))
  }

  const watch: Watch = {
    start(seconds) {
      // Pages call init() ever again: what goes on already does not begin anew.
      if (seconds * 1000 === everyMs) return
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
