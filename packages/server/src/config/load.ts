import type { z } from 'zod'
import { UtgangError } from '../errors.ts'
import { clientSchema } from './client-schema.ts'
import { brokenRule, type Problem, pathText, problemsOf } from './problems.ts'
import { configRules, type WellFormed } from './rules.ts'
import { type Config, configSchema, userSchema } from './schema.ts'
import { environmentName, readEnvironment, readFile } from './sources.ts'

/** Where a value came from. */
export type Source = 'default' | 'file' | 'environment'

/** A checked configuration, and for each path in it where its value came from. */
export interface LoadedConfig {
  config: Config
  sourceOf(path: readonly PropertyKey[]): Source
}

/** How a message names what was checked. */
export interface Naming {
  /** The whole; default `configuration`. */
  name?: string
  /** One key of it, by its path; default as the file has it. */
  key?(path: readonly PropertyKey[]): string
}

/**
 * Reads the configuration: a JSON file, then the environment (`UTGANG_` and the key in upper case; it replaces the
 * whole key), then defaults.
 * @throws UtgangError `bad_config` with every problem, see {@link checkConfig}
 */
export function loadConfig(from: { file?: string; env?: Record<string, string | undefined> }): LoadedConfig {
  const file = from.file === undefined ? {} : readFile(from.file)
  const environment = readEnvironment(from.env ?? {})
  const fromEnvironment = (path: readonly PropertyKey[]): boolean => String(path[0]) in environment
  const config = checkConfig(
    { ...file, ...environment },
    {
      name: from.file,
      key: path =>
        fromEnvironment(path)
          ? pathText([environmentName(String(path[0])), ...path.slice(1)])
          : pathText(path)
    }
  )
  return {
    config,
    sourceOf(path) {
      const inEnvironment = fromEnvironment(path)
      if (!holds(inEnvironment ? environment : file, path)) return 'default'
      return inEnvironment ? 'environment' : 'file'
    }
  }
}

/**
 * Checks a configuration that is already an object, and fills in defaults.
 * @throws UtgangError `bad_config` with every problem, one line each: path, value (secrets masked), what was expected
 */
export function checkConfig(raw: unknown, naming: Naming = {}): Config {
  const result = configSchema.safeParse(raw)
  const problems: Problem[] = result.success
    ? []
    : result.error.issues.flatMap(issue => problemsOf(issue, raw))
  configRules(result.success ? result.data : wellFormed(raw), (path, rule) =>
    problems.push(brokenRule(path, rule, raw))
  )
  if (result.success && problems.length === 0) return result.data
  const { name = 'configuration', key = pathText } = naming
  const lines = problems.map(({ path, text }) => `  ${key(path)}: ${text}`)
  const count = lines.length === 1 ? 'one problem' : `${lines.length} problems`
  throw new UtgangError('bad_config', `${name}: ${count}\n${lines.join('\n')}`)
}

function holds(from: unknown, path: readonly PropertyKey[]): boolean {
  const [key, ...rest] = path
  if (key === undefined) return true
  return typeof from === 'object' && from !== null && key in from
    ? holds((from as Record<PropertyKey, unknown>)[key], rest)
    : false
}

/** What of a broken configuration can be judged all the same, so that its problems come all at once. */
function wellFormed(raw: unknown): WellFormed {
  const given = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>
  const good: Record<string, unknown> = {}
  for (const [key, schema] of Object.entries(configSchema.shape)) {
    const result = schema.safeParse(given[key])
    if (result.success) good[key] = result.data
  }
  return {
    ...(good as Partial<Config>),
    clients: entries(clientSchema, given.clients),
    users: entries(userSchema, given.users)
  }
}

function entries<Schema extends z.ZodType>(schema: Schema, list: unknown): (z.infer<Schema> | undefined)[] {
  return Array.isArray(list) ? list.map(entry => schema.safeParse(entry).data) : []
}
