import type { FastifyInstance } from 'fastify'
import { routes } from '../oidc/paths.ts'
import type { DoorParts } from './door.ts'
import { deliveryMethods, ssfPaths } from './ssf-paths.ts'

/** What this server says of itself as a transmitter of security events (SSF 1.0 §7.1). */
export function ssfConfiguration({ config: { issuer } }: DoorParts) {
  const at = (path: string): string => new URL(path, issuer).href
  const metadata = {
    spec_version: '1_0',
    issuer,
    jwks_uri: at(routes.jwks),
    delivery_methods_supported: [deliveryMethods.push, deliveryMethods.poll],
    configuration_endpoint: at(ssfPaths.streams),
    status_endpoint: at(ssfPaths.status),
    add_subject_endpoint: at(ssfPaths.addSubject),
    remove_subject_endpoint: at(ssfPaths.removeSubject),
    verification_endpoint: at(ssfPaths.verification),
    // A receiver that overlooked the session would end everything of the user.
    critical_subject_members: ['session', 'user'],
    authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6749' }],
    default_subjects: 'ALL'
  }
  return async (app: FastifyInstance): Promise<void> => {
    app.get(ssfPaths.configuration, async () => metadata)
  }
}
