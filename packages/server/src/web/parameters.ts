import type { FastifyRequest } from 'fastify'
import { UtgangError } from '../errors.ts'

/** Parameters of one request, each with one value. */
export type Parameters = Readonly<Record<string, string | undefined>>

/** A query string's parameters. @throws UtgangError `duplicate_parameter` */
export const queryOf = (request: FastifyRequest): Parameters => singles(request.query)

/** A form's fields. @throws UtgangError `duplicate_parameter` */
export const formOf = (request: FastifyRequest): Parameters => singles(request.body)

/** What {@link queryOf} or {@link formOf} is of, with the values of one parameter that may come several times apart. */
export function apart(from: unknown, several: string): { rest: Parameters; values: string[] } {
  if (typeof from !== 'object' || from === null) return { rest: {}, values: [] }
  const { [several]: found, ...others } = from as Record<string, unknown>
  return { rest: singles(others), values: [found].flat().filter(value => typeof value === 'string') }
}

function singles(from: unknown): Parameters {
  const found: Record<string, string> = Object.create(null)
  if (typeof from !== 'object' || from === null) return found
  for (const [name, value] of Object.entries(from)) {
    if (Array.isArray(value))
      throw new UtgangError('duplicate_parameter', `${name} was given ${value.length} times`)
    if (typeof value === 'string') found[name] = value
  }
  return found
}
