/**
 * Something has ended, as somebody told this process: one token (`jti`), a session (`sid`), everything of a user (`sub`); with
 * none of them anything may have. More than one are told apart by "or".
 */
export interface HeardEnd {
  sub?: string
  sid?: string
  jti?: string
  /** When, by the issuer's clock, in UTC seconds. Tokens that were issued later are not meant. Default: now. */
  at?: number
}

/** The mark that such an end leaves: whatever was known of its tokens before counts no more. */
export interface Mark {
  /** Later than everything that began before it, earlier than everything after. */
  order: number
  at: number
}

/** What marks are held against. */
export interface MarkedToken {
  sub?: unknown
  sid?: unknown
  jti?: unknown
  iat?: unknown
}

/** The ends that were heard of, for as long as something older may still be known. */
export interface Marks {
  hear(end: HeardEnd): void
  /** A number for what begins now. */
  next(): number
  /** The number of the last mark; 0 when there is none. */
  last(): number
  /** The last mark that means this token. */
  about(token: MarkedToken): Mark | undefined
}

/** Most marks; more of them become one that means every token. */
const most = 10_000

/** @param keptSeconds how long anything may be known without being asked about anew */
export function newMarks(keptSeconds: number, now: () => number): Marks {
  const marks = new Map<string, Mark & { droppedAt: number }>()
  let order = 0
  let last = 0

  function put(key: string, mark: Mark): void {
    const before = marks.get(key)
    const at = Math.max(mark.at, before?.at ?? mark.at)
    // The oldest first, so that what is over is found at the front.
    marks.delete(key)
    marks.set(key, { order: mark.order, at, droppedAt: now() + keptSeconds })
  }

  function tidy(): void {
    for (const [key, { droppedAt }] of marks) {
      if (droppedAt > now()) break
      marks.delete(key)
    }
    if (marks.size <= most) return
    const at = Math.max(...[...marks.values()].map(it => it.at))
    marks.clear()
    put(every, { order, at })
  }

  return {
    hear(end) {
      order++
      last = order
      const mark = { order, at: Math.floor(end.at ?? now()) }
      const keys = kinds.flatMap(kind => (end[kind] === undefined ? [] : [keyOf(kind, end[kind])]))
      for (const key of keys.length > 0 ? keys : [every]) put(key, mark)
      tidy()
    },
    next: () => ++order,
    last: () => last,
    about(token) {
      const keys = [every, ...kinds.map(kind => keyOf(kind, token[kind]))]
      const found = keys.flatMap(key => marks.get(key) ?? [])
      const meant = found.filter(it => typeof token.iat !== 'number' || token.iat <= it.at)
      return meant.toSorted((a, b) => b.order - a.order)[0]
    }
  }
}

const kinds = ['sub', 'sid', 'jti'] as const
const every = 'every token'
const keyOf = (kind: string, value: unknown): string => `${kind} ${value}`
