import { isRegistered } from '../clients/addresses.ts'
import type { Client } from '../clients/client.ts'
import type { ErrorCode } from '../errors.ts'
import { isConnected } from '../sessions/find-session.ts'
import { sidFor } from '../sessions/sid.ts'
import type { Session, Token } from '../storage/records.ts'
import { isForAnotherApi } from '../tokens/presented-token.ts'
import type { Provenance } from '../web/fetch-metadata.ts'
import type { DoorParts } from './door.ts'
import type { LogoutRequest } from './logout-request.ts'

/** A logout request, resolved: who asks, where to go, which token goes with it. */
export interface ResolvedLogout {
  request: LogoutRequest
  client: Client | undefined
  /** Where to go afterwards; `undefined` for our own page. */
  target: string | undefined
  /** An address was given that this client has not registered: signed out all the same, but nobody is sent there. */
  mismatch: boolean
  /** The presented access token, when it is alive, of this client, and not of another user than this browser's. */
  presented: Token | undefined
  /** Why a presented token is left alone, for the audit trail. */
  tokenIgnored?: TokenIgnored
}

/** Why a presented token is neither proof nor revoked. */
export type TokenIgnored =
  | 'dead'
  | 'of_another_client'
  | 'of_another_user'
  | 'of_a_server'
  | 'no_access_token'
  | 'for_another_api'

/** Which client asks, and where it wants the person to go. Ends nothing. */
export async function resolveLogout(
  request: LogoutRequest,
  session: Session | undefined,
  parts: DoorParts
): Promise<ResolvedLogout | { refused: ErrorCode }> {
  const { hint, address } = request
  if (hint === 'invalid') return { refused: 'invalid_hint' }
  if (hint && request.clientId !== undefined && hint.clientId !== request.clientId)
    return { refused: 'client_mismatch' }
  const clientId = request.clientId ?? hint?.clientId
  if (clientId === undefined && (request.vocabulary === 'spid' || address))
    return { refused: 'client_id_required' }
  const client = clientId === undefined ? undefined : await parts.clients.find(clientId)
  if (clientId !== undefined && !client) return { refused: 'unknown_client' }
  const registered =
    address !== undefined && client !== undefined && isRegistered(client, address.parameter, address.value)
  return {
    request,
    client,
    target: registered && address ? withState(address, request.state) : undefined,
    mismatch: address !== undefined && !registered,
    ...(await judgeToken(request, client, session, parts))
  }
}

/** `state` goes back with OIDC's own parameter alone; the registered query is kept as it is. */
function withState(address: NonNullable<LogoutRequest['address']>, state: string | undefined): string {
  if (state === undefined || address.parameter !== 'post_logout_redirect_uri') return address.value
  return `${address.value}${address.value.includes('?') ? '&' : '?'}state=${encodeURIComponent(state)}`
}

async function judgeToken(
  { tokenHash }: LogoutRequest,
  client: Client | undefined,
  session: Session | undefined,
  parts: DoorParts
): Promise<Pick<ResolvedLogout, 'presented' | 'tokenIgnored'>> {
  if (tokenHash === undefined) return { presented: undefined }
  const token = await parts.storage.findToken(tokenHash, parts.clock.now())
  const tokenIgnored = whyIgnored(token, client, session)
  return tokenIgnored ? { presented: undefined, tokenIgnored } : { presented: token }
}

function whyIgnored(
  token: Token | undefined,
  client: Client | undefined,
  session: Session | undefined
): TokenIgnored | undefined {
  if (!token) return 'dead'
  if (token.clientId !== client?.clientId) return 'of_another_client'
  // No person's token, so it says nothing of this browser's person.
  if (token.kind === 'ClientCredentials') return 'of_a_server'
  // Sites hand over access tokens, as at the API: a code or a refresh token is not for the address bar.
  if (token.kind !== 'AccessToken') return 'no_access_token'
  if (session && token.sub !== session.sub) return 'of_another_user'
  // Where nobody is signed in, holding it is all that there is; and that API holds it too.
  if (!session && isForAnotherApi(token)) return 'for_another_api'
  return undefined
}

/**
 * Whether a live session may be ended without asking, so that a stranger cannot sign people out
 * (RP-Initiated Logout 1.0 §2 and §6). Everything that is not proof gets the confirmation page.
 */
export async function isProven(
  { request, client, presented }: ResolvedLogout,
  session: Session,
  from: Provenance,
  parts: DoorParts
): Promise<boolean> {
  const { hint } = request
  // An image, a frame or a script is never a person's wish.
  if (from.dest !== undefined && from.dest !== 'document') return false
  if (!client || client.logoutConfirmation === 'always') return false
  if (hint && hint !== 'invalid')
    return hint.sid === sidFor(session.uid, client.clientId) && hint.sub === session.sub
  if (presented) return true
  if (request.vocabulary === 'oidc' || client.source === 'registered') return false
  return comesFromClient(client, from, parts.config.issuer) && isConnected(parts.storage, client, session)
}

/** SPiD's clients send no proof; their own pages, the person's own typing, and tools that send no metadata count. */
function comesFromClient(client: Client, from: Provenance, issuer: string): boolean {
  const { site, dest, refererOrigin, origin } = from
  if (site === 'same-origin' || site === 'same-site' || site === 'none') return true
  if (refererOrigin !== undefined && client.origins.has(refererOrigin)) return true
  const isForeign = [refererOrigin, origin].some(
    it => it !== undefined && it !== issuer && !client.origins.has(it)
  )
  return site === undefined && dest === undefined && !isForeign
}
