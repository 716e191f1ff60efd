/** So long after a logout others are expected, which come first, in milliseconds: longer than a full turn of the event loop takes. */
const logoutsFirstMs = 100
/** Beside logouts no more attempts begin at once ... */
const mostBesideLogouts = 16
/** ... and so many milliseconds are between, or as long as the event loop takes for what people ask for. */
const besideLogoutsMs = 1

/** Says when attempts begin. */
interface Pace {
  /** Somebody signed out just now. */
  loggedOut(): void
  /** Begins what may begin. */
  startNext(): void
}

/**
 * All at once while nobody signs out, and a few at a time beside logouts: of the many that a burst owes, none keeps the
 * next person waiting.
 * @param begin begins so many at most, and says how many did
 */
export function newPace(begin: (most: number) => number): Pace {
  let lastLogout = Number.NEGATIVE_INFINITY
  let isPaused = false

  function startNext(): void {
    if (performance.now() - lastLogout >= logoutsFirstMs) return void begin(Number.POSITIVE_INFINITY)
    if (isPaused) return
    isPaused = true
    setTimeout(() => {
      isPaused = false
      if (begin(mostBesideLogouts) > 0) startNext()
    }, besideLogoutsMs)
  }

  return {
    loggedOut() {
      lastLogout = performance.now()
    },
    startNext
  }
}
