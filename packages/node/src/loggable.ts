/**
 * An error as anybody may log it, however deep: of its causes, what is no error is taken off. That may be an answer of the
 * issuer, tokens and all.
 */
export function loggable(error: unknown): unknown {
  for (let it = error; it instanceof Error; it = it.cause) {
    if (it.cause !== undefined && !(it.cause instanceof Error)) delete it.cause
  }
  return error
}
