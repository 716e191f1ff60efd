import { UtgangError } from '../errors.ts'

/** Longest query of an authorization, in characters; browsers and proxies take about as much. All of it is stored. */
const longestQuery = 8192

/** @throws UtgangError `invalid_request` for a query that is longer than any honest one */
export function refuseLongQuery(query: string): void {
  if (query.length > longestQuery)
    throw new UtgangError('invalid_request', `the request is longer than ${longestQuery} characters`)
}
