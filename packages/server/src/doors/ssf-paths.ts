/** Where receivers of security events go. */
export const ssfPaths = {
  configuration: '/.well-known/ssf-configuration',
  streams: '/ssf/streams',
  status: '/ssf/status',
  addSubject: '/ssf/subjects/add',
  removeSubject: '/ssf/subjects/remove',
  verification: '/ssf/verification',
  poll: '/ssf/poll'
} as const

/** How events are delivered (RFC 8935, RFC 8936). */
export const deliveryMethods = { push: 'urn:ietf:rfc:8935', poll: 'urn:ietf:rfc:8936' } as const

/** Shortest time between two verification events that a receiver asks for, in seconds. */
export const minVerificationSeconds = 30
