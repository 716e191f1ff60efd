import type { LoadedConfig } from './load.ts'
import { pathText } from './problems.ts'
import { masked } from './secrets.ts'

/** The configuration as lines of `path = value  (where it came from)`, secrets masked. */
export function printConfig({ config, sourceOf }: LoadedConfig): string {
  const lines = [...leaves(masked(config))].map(
    ([path, value]) => `${pathText(path)} = ${JSON.stringify(value)}  (${sourceOf(path)})`
  )
  return `${lines.join('\n')}\n`
}

type Leaf = [path: PropertyKey[], value: unknown]

function* leaves(value: unknown, path: PropertyKey[] = []): Generator<Leaf> {
  if (value === undefined) return
  const branches = branchesOf(value)
  if (branches.length === 0) yield [path, value]
  for (const [key, item] of branches) yield* leaves(item, [...path, key])
}

/** What lies under a value; a list of plain values is a value itself. */
function branchesOf(value: unknown): [PropertyKey, unknown][] {
  if (typeof value !== 'object' || value === null) return []
  if (!Array.isArray(value)) return Object.entries(value)
  return value.some(item => typeof item === 'object') ? [...value.entries()] : []
}
