import { json } from '../answers.ts'

/** The answer to a request without a token (RFC 6750 §3): only what is wanted, no error. */
export function wantsToken(scope: readonly string[]): Response {
  return json(
    401,
    { error: 'token_required', error_description: 'an access token is needed' },
    {
      'www-authenticate': challenge({ scope: scope.join(' ') })
    }
  )
}

/** Refuses a request that names no token in the one way that is taken. */
export const badRequest = (why: string): Response => refused(400, { error: 'invalid_request', why })

/** Refuses a token that is none, or that lives no more. */
export const badToken = (why: string): Response => refused(401, { error: 'invalid_token', why })

/** Refuses a token that allows too little. */
export const tooLittle = (scope: readonly string[]): Response =>
  refused(403, { error: 'insufficient_scope', why: 'the token does not allow this', scope: scope.join(' ') })

/** Refuses while nobody can tell whether the token lives. That says nothing about the token, so there is no challenge. */
export const cannotTell = (why: string): Response =>
  json(503, { error: 'temporarily_unavailable', error_description: why }, { 'retry-after': '1' })

function refused(
  status: number,
  { error, why, scope }: { error: string; why: string; scope?: string }
): Response {
  const header = challenge({ error, error_description: why, scope })
  return json(status, { error, error_description: why }, { 'www-authenticate': header })
}

function challenge(parameters: Record<string, string | undefined>): string {
  const given = Object.entries(parameters).filter(([, value]) => value)
  return ['Bearer', given.map(([name, value]) => `${name}="${quotable(value)}"`).join(', ')]
    .filter(Boolean)
    .join(' ')
}

/** What RFC 6750 §3 allows inside the quotes. */
const quotable = (text: string | undefined): string =>
  (text ?? '').replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "'")
