/** What one check of `utgang doctor` found. */
export interface Finding {
  /** A `warning` is worth a look, a `problem` keeps something from working. */
  is: 'ok' | 'warning' | 'problem'
  what: string
  /** What is so and, unless it is ok, what to do. */
  text: string
}

/** Everything is as it should be. */
export const ok = (what: string, text: string): Finding => ({ is: 'ok', what, text })

/** Worth a look. */
export const warning = (what: string, text: string): Finding => ({ is: 'warning', what, text })

/** Keeps something from working. */
export const problem = (what: string, text: string): Finding => ({ is: 'problem', what, text })
