import type { Complain } from './client-addresses.ts'
import { clientRules } from './client-rules.ts'
import { type ClientConfig, isConfidential } from './client-schema.ts'
import { isPublished } from './published.ts'
import { type Config, isLoopback, type UserConfig } from './schema.ts'

/**
 * As much of a configuration as has the right form. Lists keep their places: an entry that has not is `undefined`.
 */
export interface WellFormed extends Omit<Partial<Config>, 'clients' | 'users'> {
  clients: readonly (ClientConfig | undefined)[]
  users: readonly (UserConfig | undefined)[]
}

/** What holds between keys: one entry and another, the public address and its secrets. */
export function configRules(config: WellFormed, complain: Complain): void {
  const { clients, users } = config
  for (const [index, client] of clients.entries()) {
    if (!client) continue
    const { issuer, allow_private_addresses = false } = config
    clientRules(client, { issuer, allow_private_addresses }, (path, rule) =>
      complain(['clients', index, ...path], rule)
    )
  }
  for (const [index, user] of users.entries()) {
    if (user && (user.password === undefined) === (user.password_hash === undefined))
      complain(['users', index, 'password'], 'exactly one of password and password_hash')
  }
  unique(clients, 'clients', 'client_id', client => client.client_id)
  unique(config.resources ?? [], 'resources', 'resource', it => it.resource)
  for (const [index, { introspected_by }] of (config.resources ?? []).entries())
    for (const [place, id] of introspected_by.entries())
      if (!clients.some(it => it?.client_id === id && isConfidential(it)))
        complain(['resources', index, 'introspected_by', place], 'is no confidential client')
  unique(users, 'users', 'sub', user => user.sub)
  unique(users, 'users', 'email', user => user.email.toLowerCase())
  // Client ids and subs share the `sub` of tokens, so they must not collide (RFC 9700 §4.15.1).
  const subs = new Set(users.map(user => user?.sub))
  for (const [index, client] of clients.entries()) {
    if (client && subs.has(client.client_id))
      complain(['clients', index, 'client_id'], 'is the sub of a user too')
  }
  if (config.storage?.startsWith('postgres'))
    complain(['storage'], 'PostgreSQL is not built in yet: use sqlite:PATH')
  if (config.issuer !== undefined && !isLoopback(config.issuer)) checkPublicServer(config, complain)

  function unique<Entry>(
    entries: readonly (Entry | undefined)[],
    list: string,
    key: string,
    of: (entry: Entry) => string
  ): void {
    const first = new Map<string, number>()
    for (const [index, entry] of entries.entries()) {
      if (entry === undefined) continue
      const before = first.get(of(entry))
      if (before === undefined) first.set(of(entry), index)
      else complain([list, index, key], `is that of ${list}[${before}] already`)
    }
  }
}

/**
 * Fewest characters of a client secret at a public address. Its hash is a plain one, made for unguessable values: 22
 * random characters in base64url are 128 bits, and a stolen database does not give them up.
 */
const fewestSecretCharacters = 22

/**
 * A server that strangers reach has secrets of its own: none that is made up at each start, none that was published,
 * none that can be guessed.
 */
function checkPublicServer(config: WellFormed, complain: Complain): void {
  const { secret_keys, clients, users } = config
  if (secret_keys?.length === 0)
    complain(['secret_keys'], 'at least one: they are made up for loopback issuers only')
  const check = (path: (string | number)[], value: string | undefined): void => {
    if (value !== undefined && isPublished(value))
      complain(path, 'is published with Utgang: make one of your own')
  }
  for (const [index, key] of (secret_keys ?? []).entries()) check(['secret_keys', index], key)
  for (const [index, client] of clients.entries()) {
    check(['clients', index, 'client_secret'], client?.client_secret)
    if (client?.client_secret !== undefined && client.client_secret.length < fewestSecretCharacters)
      complain(
        ['clients', index, 'client_secret'],
        `needs at least ${fewestSecretCharacters} characters where the issuer is not loopback, made at random: openssl rand -hex 32`
      )
    check(['clients', index, 'sign_secret'], client?.sign_secret)
    check(['clients', index, 'webhook_secret'], client?.webhook_secret)
  }
  for (const [index, user] of users.entries()) check(['users', index, 'password'], user?.password)
}
