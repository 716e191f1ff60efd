/** What has been looked at in this turn of the event loop. */
export interface Turn {
  has(key: string): boolean
  add(key: string): void
  /** Forgets everything now: something was written. */
  forget(): void
}

/**
 * Remembers keys until the turn ends. Whatever is answered in a turn had arrived when the turn began, so what was
 * read once in it is as fresh for the second request as for the first.
 */
export function turnOfTheLoop(): Turn {
  const seen = new Set<string>()
  let ending = false

  function end(): void {
    ending = false
    seen.clear()
  }

  return {
    has: key => seen.has(key),
    add(key) {
      seen.add(key)
      if (ending) return
      ending = true
      setImmediate(end)
    },
    forget: () => seen.clear()
  }
}
