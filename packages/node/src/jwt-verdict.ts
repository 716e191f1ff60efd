import { errors } from 'jose'

/** Whether an error of jose speaks of the JWT, not of the keys that could not be had or do not hold its `kid`. */
export function isVerdict(error: unknown): error is errors.JOSEError {
  return (
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSMultipleMatchingKeys
  )
}
