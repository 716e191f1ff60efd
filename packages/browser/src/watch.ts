/** Least time between two looks, in milliseconds, however often the page is looked at. */
const restMs = 10_000
/** Longest that failures make the next look wait, in milliseconds. */
const longestMs = 600_000

/**
 * Looks again and again while the page is seen: on focus, on becoming visible and every so many seconds. After failures less often.
 * @returns what stops it
 */
export function watch(look: () => Promise<unknown>, seconds: number): () => void {
  let last = Date.now()
  let failures = 0
  const isRested = (ms: number): boolean => Date.now() - last >= Math.min(ms * 2 ** failures, longestMs)

  async function lookAfter(ms: number): Promise<void> {
    if (document.visibilityState !== 'visible' || !isRested(ms)) return
    last = Date.now()
    try {
      await look()
      failures = 0
    } catch {
      failures++
    }
  }
  const again = (): void => void lookAfter(restMs)
  const timer = setInterval(() => void lookAfter(seconds * 1000), restMs)
  addEventListener('focus', again)
  addEventListener('pageshow', again)
  document.addEventListener('visibilitychange', again)
  return () => {
    clearInterval(timer)
    removeEventListener('focus', again)
    removeEventListener('pageshow', again)
    document.removeEventListener('visibilitychange', again)
  }
}
