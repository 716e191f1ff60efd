import type { AddressParameter } from '../clients/addresses.ts'
import { UtgangError } from '../errors.ts'
import { hashSecret } from '../storage/secrets.ts'
import { type IdTokenHint, readHint } from '../tokens/id-token-hint.ts'
import type { Parameters } from '../web/parameters.ts'
import type { DoorParts } from './door.ts'

/**
 * What a logout request asks for. Holds no token and no ID Token, only what they turned out to be, so that it can be
 * kept while a page is open.
 */
export interface LogoutRequest {
  /** Whose names it uses: those of OpenID Connect or those of SPiD. */
  vocabulary: 'oidc' | 'spid'
  clientId?: string
  address?: { parameter: AddressParameter; value: string }
  state?: string
  hint?: IdTokenHint | 'invalid'
  /** SHA-256 of the presented `oauth_token`. */
  tokenHash?: string
  /** SHA-256 of the `sdk_ticket`, by which the page that asked finds out, once it is back, that this was done. */
  ticketHash?: string
  locale?: string
}

const oidcNames = ['id_token_hint', 'post_logout_redirect_uri', 'state', 'logout_hint'] as const
const spidNames = ['client_id', 'redirect_uri', 'oauth_token'] as const

/**
 * Reads a logout request in either vocabulary. `amp;x` counts as `x` (SPiD's PHP client joins parameters by `&amp;`),
 * the last segment of `client_sdrn` as `client_id`, an empty value as none; what is unknown is ignored.
 * @throws UtgangError `duplicate_parameter`
 */
export async function readLogoutRequest(raw: Parameters, parts: DoorParts): Promise<LogoutRequest> {
  const it = normalized(raw)
  const oidc =
    oidcNames.some(name => it[name] !== undefined) || spidNames.every(name => it[name] === undefined)
  const hint =
    it.id_token_hint === undefined
      ? undefined
      : ((await readHint(it.id_token_hint, parts.keys(), parts.config.issuer)) ?? 'invalid')
  const parameter = oidc ? 'post_logout_redirect_uri' : 'redirect_uri'
  const value = it[parameter]
  const named = it.client_id ?? (hint === 'invalid' ? undefined : hint?.clientId)
  const token = await readToken(it.oauth_token, named, parts)
  return {
    vocabulary: oidc ? 'oidc' : 'spid',
    clientId: it.client_id ?? (hint ? undefined : token.clientId),
    address: value === undefined ? undefined : { parameter, value },
    state: it.state,
    hint,
    tokenHash: token.hash,
    ticketHash:
      it.sdk_ticket !== undefined && isTicket(it.sdk_ticket) ? hashSecret(it.sdk_ticket) : undefined,
    locale: it.ui_locales
  }
}

/** Whether the address that these query parameters are from holds a token: no page may be shown there. */
export function carriesToken(query: unknown): boolean {
  return Object.keys(query as object).some(name => /^(amp;)?(oauth_token|id_token_hint)$/.test(name))
}

/** A ticket that can be guessed is none: at least 128 bits in base64url or hex. */
export const isTicket = (value: string): boolean => /^[\w-]{22,128}$/.test(value)

/** Longest value of a parameter, in characters: an ID Token with many claims is shorter. */
const longestValue = 8192

function normalized(raw: Parameters): Parameters {
  const found: Record<string, string> = Object.create(null)
  for (const [given, value] of Object.entries(raw)) {
    if (value === undefined || value === '') continue
    const name = given.startsWith('amp;') ? given.slice(4) : given
    if (value.length > longestValue)
      throw new UtgangError('invalid_request', `a parameter is longer than ${longestValue} characters`)
    if (found[name] !== undefined) throw new UtgangError('duplicate_parameter', `${name} was given twice`)
    found[name] = value
  }
  const segment = found.client_sdrn?.split(':').at(-1)
  if (segment) {
    if (found.client_id !== undefined)
      throw new UtgangError('duplicate_parameter', 'client_id and client_sdrn both name a client')
    found.client_id = segment
  }
  return found
}

/**
 * What `oauth_token` is, and, where nothing else names a client, whose it is or was. SPiD's PHP client sends its client
 * id in the place of the token when it has no session.
 */
async function readToken(
  value: string | undefined,
  named: string | undefined,
  parts: DoorParts
): Promise<{ hash?: string; clientId?: string }> {
  if (value === undefined || value === named) return {}
  const hash = hashSecret(value)
  if (named !== undefined) return { hash }
  const row = await parts.storage.findTokenRow(hash)
  if (row) return { hash, clientId: row.clientId ?? undefined }
  const client = await parts.clients.find(value)
  return client ? { clientId: client.clientId } : { hash }
}
