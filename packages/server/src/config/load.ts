import { readFileSync } from 'node:fs'
import type { z } from 'zod'
import { UtgangError } from '../errors.ts'
import { type Config, configSchema } from './schema.ts'

/** Where a value came from. */
export type Source = 'default' | 'file' | 'environment'

/** A checked configuration and, for each top-level key, where its value came from. */
export interface LoadedConfig {
  config: Config
  sources: Record<string, Source>
}

/** Whether the value at a path never appears in a message or a listing. */
export const isSecret = (path: string): boolean =>
  /(^|\.)(client_secret|password|password_hash|secret_keys|sign_secret|initial_access_token)(\[\d+\])?$/.test(
    path
  )

/**
 * Reads the configuration: a JSON file, then the environment (`UTGANG_` and the key in upper case; text is taken as
 * it is, everything else as JSON), then defaults.
 * @throws UtgangError `bad_config` with every problem, one line each: path, value (secrets masked), what was expected
 */
export function loadConfig(from: { file?: string; env?: Record<string, string | undefined> }): LoadedConfig {
  const file = from.file === undefined ? {} : readJson(from.file)
  const environment = readEnvironment(from.env ?? {})
  const raw = { ...file, ...environment }
  const config = checkConfig(raw, from.file)
  const sources: Record<string, Source> = {}
  for (const key of Object.keys(config)) {
    sources[key] = key in environment ? 'environment' : key in file ? 'file' : 'default'
  }
  return { config, sources }
}

/**
 * Checks a configuration that is already an object.
 * @throws UtgangError `bad_config`, see {@link loadConfig}
 */
export function checkConfig(raw: unknown, name = 'configuration'): Config {
  const result = configSchema.safeParse(raw)
  if (result.success) return result.data
  const lines = result.error.issues.flatMap(issue => describe(issue, raw))
  const count = lines.length === 1 ? 'one problem' : `${lines.length} problems`
  throw new UtgangError('bad_config', `${name}: ${count}\n${lines.map(line => `  ${line}`).join('\n')}`)
}

function readJson(file: string): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new UtgangError(
      'bad_config',
      `${file}: cannot be read (${(cause as NodeJS.ErrnoException).code})`,
      { cause }
    )
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>
  } catch (cause) {
    throw new UtgangError('bad_config', `${file}: is not JSON: ${(cause as Error).message}`, { cause })
  }
  throw new UtgangError('bad_config', `${file}: holds no JSON object`)
}

const prefix = 'UTGANG_'

function readEnvironment(env: Record<string, string | undefined>): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(prefix) || text === undefined) continue
    values[name.slice(prefix.length).toLowerCase()] = fromText(text)
  }
  return values
}

/** Numbers, booleans, lists and objects are JSON; anything else is text. */
function fromText(text: string): unknown {
  if (!/^(-?\d+(\.\d+)?|true|false|null|[[{"].*)$/s.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function describe(issue: z.core.$ZodIssue, raw: unknown): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => `${pathText([...issue.path, key])}: unknown key`)
  }
  const path = pathText(issue.path)
  const value = issue.path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined,
    raw
  )
  const shown = value === undefined ? 'is missing' : isSecret(path) ? 'is ******' : `is ${brief(value)}`
  return [`${path}: ${shown}; expected: ${expected(issue)}`]
}

function expected(issue: z.core.$ZodIssue): string {
  return issue.message.replace(/^Invalid input: expected /, '').replace(/^Invalid option: expected /, '')
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index > 0 ? '.' : ''}${String(key)}`))
    .join('')
}

function brief(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
