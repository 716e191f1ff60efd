/**
 * What can go wrong, as a program tells it apart:
 * `invalid_options` (the message names the option and its value), `issuer_unreachable` (no answer in time, or one that
 * makes no sense: try again later), `issuer_refused` (it answered, and said no), `invalid_logout_token` (why is in the message).
 */
export type AuthErrorCode =
  | 'invalid_options'
  | 'issuer_unreachable'
  | 'issuer_refused'
  | 'invalid_logout_token'

/** Every error that this kit throws by itself. Those of a store come through as they are. */
export class AuthError extends Error {
  readonly code: AuthErrorCode

  constructor(code: AuthErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'AuthError'
    this.code = code
  }
}
