import { isSecret, type LoadedConfig } from './load.ts'

/** The configuration as lines of `path = value  (where it came from)`, secrets masked. */
export function printConfig({ config, sources }: LoadedConfig): string {
  const lines: string[] = []
  for (const [key, value] of Object.entries(config)) {
    for (const [path, shown] of leaves(key, value)) lines.push(`${path} = ${shown}  (${sources[key]})`)
  }
  return `${lines.join('\n')}\n`
}

function* leaves(path: string, value: unknown): Generator<[string, string]> {
  if (value === undefined) return
  if (isSecret(path) && !(Array.isArray(value) && value.length === 0)) {
    yield [path, '******']
  } else if (Array.isArray(value) && value.some(item => typeof item === 'object')) {
    for (const [index, item] of value.entries()) yield* leaves(`${path}[${index}]`, item)
  } else if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, item] of Object.entries(value)) yield* leaves(`${path}.${key}`, item)
  } else {
    yield [path, JSON.stringify(value)]
  }
}
