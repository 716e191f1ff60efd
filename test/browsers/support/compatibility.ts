import { table } from '../../docs-made.ts'
import type { Setting } from './browsers.ts'

/** The kinds of pages that sign out, by what they have for it. */
export const pageKinds = ['backend', 'cookie', 'same-site', 'token', 'redirect'] as const

/** One of {@link pageKinds}. */
export type PageKind = (typeof pageKinds)[number]

/** What came out at one kind of page. */
export interface Outcome {
  /** What `hasSession()` said while somebody was signed in. */
  known: string
  /** The way that ended the session. */
  by: string
  /** How the back button came to a page: one that browsers may keep, and one with `no-store`. */
  back: ('from memory' | 'loaded again' | 'an old copy')[]
}

/** What came out in one setting. */
export interface Outcomes {
  /** The browser's own words. */
  version: string
  at: Partial<Record<PageKind, Outcome>>
}

/** What came out, as a page for users has it; `undefined` as long as something is missing. */
export function compatibility(all: ReadonlyMap<Setting, Outcomes>, wanted: number): string | undefined {
  const isComplete = [...all.values()].every(({ at }) => pageKinds.every(it => at[it]))
  if (all.size < wanted || !isComplete) return undefined
  const rows = [...all].map(([{ engine, policy }, { at }]) => {
    const known = at.cookie?.known === 'connected' ? 'knows' : '`unknown`'
    return [engine, policy, known, ...pageKinds.map(kind => `by ${at[kind]?.by}`)]
  })
  const versions = new Set([...all.values()].map(it => it.version))
  const head = [
    'Engine',
    'Cookies of other sites',
    '`hasSession()`, page alone',
    'Page with a backend',
    'Page alone',
    "Page alone, on the server's own site",
    'Page with tokens',
    'Client that asks first'
  ]
  return `Seen with ${[...versions].join(', ')}.\n\n${table(head, rows)}`
}

/** What the back button did, for whoever reads the test's output: it depends on the memory that a browser has. */
export function backButton(all: ReadonlyMap<Setting, Outcomes>): string {
  const rows = [...all].map(([{ engine, policy }, { at }]) => [
    engine,
    policy,
    ...pageKinds.map(kind => at[kind]?.back.join(', ') ?? '')
  ])
  return table(['Engine', 'Cookies of other sites', ...pageKinds], rows)
}

/** A text without the versions in it, which change with every update of a browser. */
export const withoutVersions = (text: string): string => text.replace(/\d+(\.\d+)+\w*/g, 'N')
