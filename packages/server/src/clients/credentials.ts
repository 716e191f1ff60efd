import type { fetch } from 'undici'
import { OAuthError } from '../errors.ts'
import type { Storage } from '../storage/storage.ts'
import type { Clients } from './client.ts'

/** What authenticating a client needs. */
export interface AuthenticationParts {
  issuer: string
  storage: Storage
  clients: Clients
  now(): number
  /** Gets the keys of a client from its `jwks_uri`. */
  fetch: typeof fetch
  /** Counts wrong secrets, by client and address; both answer how many seconds to wait, 0 for none. */
  wrongSecrets: { look(key: string): Promise<number>; take(key: string): Promise<number> }
}

/** The parameters of a form that can authenticate a client. */
export interface Credentials {
  client_id?: string
  client_secret?: string
  client_assertion?: string
  client_assertion_type?: string
}

/** The refusal of credentials; the cause is for the log alone. */
export function refused(description: string, cause?: unknown): OAuthError {
  return new OAuthError('invalid_client', description, 401, { cause })
}
