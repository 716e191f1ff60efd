/** Every way in which the SDK can fail. */
export type SdkErrorCode =
  /** An option is missing or wrong. */
  | 'invalid_options'
  /** Nobody was reached, or the browser did not let this page read the answer. */
  | 'network'
  /** No answer in time. */
  | 'timeout'
  /** The server failed (5xx), or its answer makes no sense. */
  | 'server_error'
  /** Asked too often; `retryAfter` says for how long to wait. */
  | 'too_many_requests'
  /** The server refused (4xx); `error` says why. */
  | 'refused'
  /** No call could end the session, and leaving the page for the server's logout was not wanted. */
  | 'not_ended'
  /** A sign-in that did not succeed; `error` says why, when the server did. */
  | 'login_failed'

/** What may be known of a failure. */
export interface SdkErrorDetails {
  /** HTTP status of the answer. */
  status?: number
  /** The server's error code (RFC 6749 §5.2, OIDC Core §3.1.2.6). */
  error?: string
  /** How long to wait, in seconds. */
  retryAfter?: number
  cause?: unknown
}

/** Every error of the SDK. */
export class SdkError extends Error {
  override readonly name = 'SdkError'
  readonly code: SdkErrorCode
  declare readonly status?: number
  declare readonly error?: string
  declare readonly retryAfter?: number

  constructor(code: SdkErrorCode, message: string, { cause, ...details }: SdkErrorDetails = {}) {
    super(message, { cause })
    this.code = code
    Object.assign(this, details)
  }
}
