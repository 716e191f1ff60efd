/** One row of {@link errorTable}: the HTTP status of a code, what it means and what to do about it. */
export interface ErrorRow {
  status: number
  meaning: string
  remedy: string
}

/**
 * Every error of ours, once: on pages as `data-code`, in JSON as `error`, in code as {@link UtgangError.code}.
 * `docs/errors.md` holds the same rows; a test compares the two in both directions.
 */
export const errorTable = {
  access_denied: {
    status: 403,
    meaning: 'The person said no, or the client may not do this.',
    remedy: 'Ask for less, or let an operator grant the power in the configuration.'
  },
  ambiguous_subject: {
    status: 422,
    meaning: 'The identifiers of one subject are of different users, so nobody was signed out.',
    remedy: 'Name one user.'
  },
  bad_config: {
    status: 500,
    meaning: 'The configuration has problems; all of them are listed.',
    remedy: 'Mend each listed path and start again.'
  },
  client_id_required: {
    status: 400,
    meaning: 'A logout names an address but nothing says which client asks.',
    remedy: 'Send client_id, an id_token_hint or an oauth_token.'
  },
  client_mismatch: {
    status: 400,
    meaning: 'client_id and the audience of id_token_hint are different clients.',
    remedy: 'Send the hint that was issued to this client.'
  },
  csrf_failed: {
    status: 403,
    meaning: 'A form came from another site, or for another session.',
    remedy: 'Open the page again and send the form from there.'
  },
  demo_not_installed: {
    status: 500,
    meaning: 'The example sites of the demo are not there.',
    remedy: 'Run the demo in a clone, with npm start; elsewhere run utgang serve.'
  },
  duplicate_parameter: {
    status: 400,
    meaning: 'A parameter was given twice.',
    remedy: 'Send each parameter once.'
  },
  duplicate_user: {
    status: 409,
    meaning: 'This sub or this address already has an account.',
    remedy: 'Choose another, or change the existing account.'
  },
  invalid_hint: {
    status: 400,
    meaning: 'id_token_hint is not an ID Token that this server issued.',
    remedy: 'Send the ID Token as it was received, expired or not.'
  },
  invalid_redirect_uri: {
    status: 400,
    meaning: 'The address to go back to is not registered for this client.',
    remedy: 'Register it, character for character.'
  },
  invalid_request: {
    status: 400,
    meaning: 'The request lacks something or holds something impossible.',
    remedy: 'Compare it with the documentation of this endpoint.'
  },
  invalid_token: {
    status: 401,
    meaning: 'The token is unknown, expired or revoked.',
    remedy: 'Sign in again or refresh.'
  },
  method_not_allowed: {
    status: 405,
    meaning: 'This address does not answer this method.',
    remedy: 'Use the method that the Allow header names.'
  },
  not_found: { status: 404, meaning: 'There is nothing at this address.', remedy: 'Check the address.' },
  overloaded: {
    status: 503,
    meaning: 'Too many passwords are being checked at this moment; nothing was done.',
    remedy: 'Try again in a moment, as Retry-After says.'
  },
  port_in_use: {
    status: 500,
    meaning: 'Another program listens on a port that is needed; the server did not start.',
    remedy: 'Stop the other program, or choose another port.'
  },
  redirect_uri_mismatch: {
    status: 400,
    meaning:
      'Signed out, but the address to go to is not registered for this client, so nobody is sent there.',
    remedy: 'Register the address in redirect_uris or post_logout_redirect_uris, character for character.'
  },
  request_expired: {
    status: 400,
    meaning: 'The page was open for too long, was used already, or the browser keeps no cookies.',
    remedy: 'Start again from the site you came from, with cookies allowed.'
  },
  server_error: {
    status: 500,
    meaning: 'Something broke here.',
    remedy: 'Try again; the log has the request id.'
  },
  storage_unavailable: {
    status: 503,
    meaning: 'The database did not take the change: nothing was committed and nobody was told.',
    remedy: 'Safe to send again.'
  },
  too_many_attempts: {
    status: 429,
    meaning: 'Too many wrong passwords from this address, for this account or for all of them.',
    remedy: 'Wait as long as Retry-After says. Nobody is locked out for good.'
  },
  too_many_requests: {
    status: 429,
    meaning: 'Too many requests from this address.',
    remedy: 'Wait as long as Retry-After says.'
  },
  unknown_client: {
    status: 400,
    meaning: 'No client has this client_id.',
    remedy: 'Check the client_id, or add the client to the configuration.'
  },
  unknown_session: {
    status: 404,
    meaning: 'No session of this client has this sid.',
    remedy: 'Check the sid; an ended session stays known for the retention time.'
  },
  unknown_user: { status: 404, meaning: 'No such user.', remedy: 'Check the sub or the address.' }
} as const satisfies Record<string, ErrorRow>

/** The code of every error that Utgang itself reports. */
export type ErrorCode = keyof typeof errorTable

/** What an error may carry besides what it says. */
interface ErrorDetails {
  /** For the log only. */
  cause?: unknown
  /** When it makes sense to ask again; goes out as `Retry-After`. */
  retryAfterSeconds?: number
}

/** An error of ours: a stable code, a sentence that says which value was wrong, and the cause for the log only. */
export class UtgangError extends Error {
  override readonly name = 'UtgangError'
  readonly code: ErrorCode
  readonly retryAfterSeconds: number | undefined

  constructor(code: ErrorCode, message?: string, options?: ErrorDetails) {
    super(message ?? errorTable[code].meaning, options)
    this.code = code
    this.retryAfterSeconds = options?.retryAfterSeconds
  }

  /** The HTTP status that goes with the code. */
  get status(): number {
    return errorTable[this.code].status
  }
}

/** An error in the form of OAuth 2.0 (RFC 6749 §5.2); `cause` is for the log and never goes over the wire. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  readonly error: string
  readonly status: number
  readonly retryAfterSeconds: number | undefined

  constructor(error: string, description: string, status = 400, options?: ErrorDetails) {
    super(description, options)
    this.retryAfterSeconds = options?.retryAfterSeconds
    this.error = error
    this.status = status
  }
}
