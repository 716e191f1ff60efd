import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { expect } from 'vitest'
import type { Answer } from '../support/browser.ts'
import { clients, issuer, secretOf } from '../support/fixtures.ts'
import { startSystem, type TestOptions, type TestSystem } from '../support/system.ts'

export const push = 'urn:ietf:rfc:8935'
export const poll = 'urn:ietf:rfc:8936'
export const sessionRevoked = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked'
export const verification = 'https://schemas.openid.net/secevent/ssf/event-type/verification'
export const streamUpdated = 'https://schemas.openid.net/secevent/ssf/event-type/stream-updated'

/** What a client needs to receive events, besides the power. */
const receiving = {
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  scope: 'openid profile email offline_access ssf.manage ssf.read'
}

/**
 * Clients of whom `market` and `news` hear of their own users and `watch` of everybody's. `forum` has the scopes and no
 * power.
 */
export function ssfClients(): object[] {
  const more: Record<string, object> = {
    market: { ...receiving, may_receive_events: true, backchannel_logout_uri: undefined },
    news: { ...receiving, may_receive_events: true },
    forum: { ...receiving, backchannel_logout_uri: undefined }
  }
  const watch = {
    client_id: 'watch',
    client_secret: secretOf('watch'),
    grant_types: ['client_credentials'],
    scope: 'ssf.manage ssf.read',
    may_receive_events: 'all'
  }
  return [...clients.map(it => ({ ...it, ...more[it.client_id] })), watch]
}

/** A system with {@link ssfClients}. */
export function ssfSystem(options: TestOptions = {}): Promise<TestSystem> {
  const config = { clients: ssfClients(), allow_private_addresses: true, ...options.config }
  return startSystem({ ...options, config })
}

/** One receiver and its stream. */
export interface SsfReceiver {
  clientId: string
  token: string
  /** One request to the management API, as JSON. */
  manage(method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE', path: string, json?: unknown): Promise<Answer>
  /** Makes its stream. Returns the id. */
  open(stream?: object): Promise<string>
  /** One poll that does not wait. */
  fetch(id: string, more?: object): Promise<{ sets: Record<string, string>; moreAvailable?: boolean }>
}

/** A receiver with a token of these scopes. */
export async function receiverAt(
  at: Pick<TestSystem, 'ask'>,
  clientId: string,
  scope = 'ssf.manage ssf.read'
): Promise<SsfReceiver> {
  const answer = await at.ask('/oauth/token', {
    form: { grant_type: 'client_credentials', scope },
    basic: [clientId, secretOf(clientId)]
  })
  const token = answer.json<{ access_token: string }>().access_token
  const it: SsfReceiver = {
    clientId,
    token,
    manage: (method, path, json) =>
      at.ask(path, { method, bearer: token, ...(json === undefined ? {} : { json }) }),
    async open(stream = {}) {
      const made = await it.manage('POST', '/ssf/streams', stream)
      expect(made.status).toBe(201)
      return made.json<{ stream_id: string }>().stream_id
    },
    async fetch(id, more = {}) {
      const fetched = await it.manage('POST', `/ssf/poll/${id}`, { returnImmediately: true, ...more })
      expect(fetched.status).toBe(200)
      return fetched.json()
    }
  }
  return it
}

/** What a Security Event Token says, once it is found good as a receiver checks it (RFC 8417, SSF 1.0 §4.1). */
export interface Told {
  header: Record<string, unknown>
  claims: Record<string, unknown>
  type: string
  event: Record<string, unknown>
}

/** Checks a token with the keys that are published and takes it apart. */
export async function checkSet(at: TestSystem, set: string, audience: string): Promise<Told> {
  const keys = (await at.ask('/oauth/jwks')).json<JSONWebKeySet>()
  const { payload, protectedHeader } = await jwtVerify(set, createLocalJWKSet(keys), {
    issuer,
    audience,
    typ: 'secevent+jwt',
    algorithms: ['RS256']
  })
  const events = Object.entries(payload.events as Record<string, Record<string, unknown>>)
  expect(events).toHaveLength(1)
  const [[type, event]] = events as [[string, Record<string, unknown>]]
  return { header: { ...protectedHeader }, claims: { ...payload }, type, event }
}

/** {@link checkSet} for all that a poll gave. */
export function checkSets(
  at: TestSystem,
  { sets }: { sets: Record<string, string> },
  audience: string
): Promise<Told[]> {
  return Promise.all(Object.values(sets).map(set => checkSet(at, set, audience)))
}
