import type { z } from 'zod'
import { masked } from './secrets.ts'

/** One thing that is wrong with a configuration. */
export interface Problem {
  path: readonly PropertyKey[]
  /** What is wrong, to be read after the path: the value (secrets masked) and what was expected. */
  text: string
}

/** What zod found, in words for people. */
export function problemsOf(issue: z.core.$ZodIssue, raw: unknown): Problem[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map(key => ({ path: [...issue.path, key], text: 'unknown key' }))
  const inside = issue.code === 'invalid_union' ? insideUnion(issue) : []
  if (inside.length > 0) return inside.flatMap(deeper => problemsOf(deeper, raw))
  return [{ path: issue.path, text: `${shownAt(raw, issue.path)}; expected: ${expected(issue)}` }]
}

/** A rule that a value of the right form breaks. */
export function brokenRule(path: readonly PropertyKey[], rule: string, raw: unknown): Problem {
  return { path, text: `${shownAt(raw, path)}; ${rule}` }
}

/** A path as people write it: `clients[0].redirect_uris[1]`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index > 0 ? '.' : ''}${String(key)}`))
    .join('')
}

/** A union is only as wrong as the one of its forms that the value clearly has. */
function insideUnion(issue: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue[] {
  const meant = issue.errors.find(
    issues => !issues.some(it => it.code === 'invalid_type' && it.path.length === 0)
  )
  return (meant ?? []).map(it => ({ ...it, path: [...issue.path, ...it.path] }))
}

const types: Record<string, string> = {
  string: 'text in quotes',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list in […]',
  object: 'an object in {…}'
}

function expected(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return types[issue.expected] ?? issue.expected
    case 'invalid_value':
      return issue.values.map(value => JSON.stringify(value)).join(' or ')
    case 'too_small':
      return `at least ${amount(issue.minimum, issue.origin)}`
    case 'too_big':
      return `at most ${amount(issue.maximum, issue.origin)}`
    case 'invalid_format':
      return issue.format === 'email' ? 'a mail address' : issue.message
    case 'invalid_union':
      return issue.errors.flatMap(issues => issues.map(expected)).join(' or ')
    default:
      return issue.message
  }
}

function amount(count: number | bigint, origin: string): string {
  if (origin === 'string') return `${count} characters`
  if (origin === 'array') return Number(count) === 1 ? 'one entry' : `${count} entries`
  return String(count)
}

function shownAt(raw: unknown, path: readonly PropertyKey[]): string {
  const value = path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined,
    raw
  )
  if (value === undefined) return 'is missing'
  const text = JSON.stringify(masked(value, path))
  return `is ${text.length > 80 ? `${text.slice(0, 77)}…` : text}`
}
