/**
 * An error as anybody may log it, however deep: of its causes, what is no error is taken off. That may be an answer of the
 * issuer, tokens and all.
 */
export function loggable(error: unknown): unknown {
  // Causes may go round.
  const seen = new Set<unknown>()
  for (let it = error; it instanceof Error && !seen.has(it); it = it.cause) {
    seen.add(it)
    if (!(it.cause instanceof Error)) Reflect.deleteProperty(it, 'cause')
  }
  return error
}
