/** What can go wrong; each code says what to do about it in the package's README. */
export type SdkErrorCode =
  | 'invalid_options'
  | 'network'
  | 'timeout'
  | 'server_error'
  | 'too_many_requests'
  | 'refused'
  | 'not_ended'
  | 'login_failed'

/** An error of the SDK: a stable code, and a sentence that says which value was wrong or what was answered. */
export class SdkError extends Error {
  override readonly name = 'SdkError'
  readonly code: SdkErrorCode
  /** HTTP status of the answer, where there was one. */
  readonly status: number | undefined
  /** OAuth error code of the answer (`error`), where it had one. */
  readonly error: string | undefined

  constructor(
    code: SdkErrorCode,
    message: string,
    more: { status?: number; error?: string; cause?: unknown } = {}
  ) {
    super(message, { cause: more.cause })
    this.code = code
    this.status = more.status
    this.error = more.error
  }
}
