import type { JSONWebKeySet } from 'jose'
import type { ClientConfig } from '../config/client-schema.ts'
import { isConfidential } from '../config/client-schema.ts'
import type { ClientRow } from '../storage/records.ts'
import type { ClientStore } from '../storage/storage.ts'

/** A registered application, as the doors see it. */
export interface Client {
  clientId: string
  name: string
  /** Its front page, for people whom we do not send back. */
  uri: string | undefined
  /** `registered` came in by dynamic registration and has no powers. */
  source: 'config' | 'registered'
  redirectUris: readonly string[]
  postLogoutRedirectUris: readonly string[]
  /** Origins of its pages. */
  origins: ReadonlySet<string>
  /** Registered scope, space separated. */
  scope: string | undefined
  confidential: boolean
  authMethod: 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'
  /** SHA-256 of the secret. */
  secretHash: string | undefined
  /** What `private_key_jwt` is checked with. */
  assertionKeys: { jwks: JSONWebKeySet | undefined; jwksUri: string | undefined; alg: string | undefined }
  consent: 'skip' | 'ask'
  sdk: boolean
  requirePkce: boolean
  tokensEndWithSession: boolean
  logoutConfirmation: 'auto' | 'always'
  /** What its frame of a logout's page shows; none for one that is told from server to server, which is surer. */
  frontChannelLogoutUri: string | undefined
  introspects: boolean
  mayEndSessions: boolean
  /** Whose everything it may end: nobody's, that of its own users, anybody's. */
  mayRevokeGlobally: boolean | 'own_users'
  /** Whose security events it may hear: nobody's, those of its own users, everybody's. */
  mayReceiveEvents: boolean | 'all'
  legacyPasswordGrant: boolean
  /** Pages of its redirect URIs' origins may ask by script tags. */
  legacyJsonp: boolean
  /** What signs what it is told of sessions, sealed. */
  signSecretSealed: string | undefined
}

/** Finds clients. */
export interface Clients {
  /** An enabled client, read anew each time. */
  find(clientId: string): Promise<Client | undefined>
}

/** Clients out of the storage. What is derived from one version of a client's metadata is derived once. */
export function clientsIn(storage: ClientStore): Clients {
  const derived = new WeakMap<object, Client>()
  return {
    async find(clientId) {
      const row = await storage.findClient(clientId)
      if (!row) return undefined
      const client = derived.get(row.metadata) ?? derive(row)
      derived.set(row.metadata, client)
      return client
    }
  }
}

/** `sign_secret` is kept sealed. */
type Metadata = Partial<ClientConfig> & { sign_secret_sealed?: string }

/** The SHA-256 of a secret is stored behind this mark, where the registered metadata would hold the secret. */
export const secretMark = '$s$'

function derive(row: ClientRow): Client {
  const it = row.metadata as Metadata
  const config = row.source === 'config'
  const confidential = isConfidential(it)
  const redirectUris = it.redirect_uris ?? []
  const configured = config && confidential
  return {
    clientId: row.clientId,
    name: it.client_name ?? row.clientId,
    uri: it.client_uri,
    source: row.source,
    redirectUris,
    postLogoutRedirectUris: it.post_logout_redirect_uris ?? [],
    origins: new Set(originsOf(it.origins, redirectUris)),
    scope: it.scope,
    confidential,
    authMethod: it.token_endpoint_auth_method ?? (confidential ? 'client_secret_basic' : 'none'),
    secretHash: it.client_secret?.startsWith(secretMark)
      ? it.client_secret.slice(secretMark.length)
      : undefined,
    assertionKeys: {
      jwks: it.jwks as JSONWebKeySet | undefined,
      jwksUri: it.jwks_uri,
      alg: it.token_endpoint_auth_signing_alg
    },
    // Whoever registers itself gets no power by what it says of itself.
    consent: config ? (it.consent ?? 'skip') : 'ask',
    sdk: config && it.sdk === true,
    requirePkce: config ? it.require_pkce !== false : true,
    tokensEndWithSession: it.tokens_end_with_session ?? it.backchannel_logout_uri !== undefined,
    logoutConfirmation: it.logout_confirmation ?? 'auto',
    frontChannelLogoutUri: it.backchannel_logout_uri === undefined ? it.frontchannel_logout_uri : undefined,
    introspects: configured && it.introspects !== false,
    mayEndSessions: configured && it.may_end_sessions !== false,
    mayRevokeGlobally: configured ? (it.may_revoke_globally ?? false) : false,
    mayReceiveEvents: configured ? (it.may_receive_events ?? false) : false,
    legacyPasswordGrant: config && it.legacy_password_grant === true,
    legacyJsonp: config && it.legacy_jsonp === true,
    signSecretSealed: config ? it.sign_secret_sealed : undefined
  }
}

/** Origins of a client's pages: those it names, else those of its redirect URIs that are on the web. */
export function originsOf(
  named: readonly string[] | undefined,
  redirectUris: readonly string[]
): readonly string[] {
  return named ?? redirectUris.map(uri => new URL(uri).origin).filter(origin => origin !== 'null')
}
