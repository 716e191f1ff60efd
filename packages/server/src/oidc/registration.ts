import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { isLoopback } from '../config/schema.ts'

/** Keys of ours beside the registered metadata. Only the config may set those that give power. */
export const ownKeys = [
  'origins',
  'sdk',
  'require_pkce',
  'tokens_end_with_session',
  'logout_confirmation',
  'consent',
  'introspects',
  'may_end_sessions',
  'may_revoke_globally',
  'legacy_jsonp',
  'legacy_password_grant',
  'sign_secret_sealed',
  'backchannel_logout_uri',
  'backchannel_logout_session_required',
  'frontchannel_logout_uri',
  'frontchannel_logout_session_required'
] as const

const open: ReadonlySet<string> = new Set([
  'backchannel_logout_uri',
  'backchannel_logout_session_required',
  'frontchannel_logout_uri',
  'frontchannel_logout_session_required',
  'tokens_end_with_session'
])

/**
 * Checks what a client that registers itself says (RFC 7591): none of the keys that give power, no grant type that
 * does, https addresses only (loopback while the issuer is). Clients of the config were checked when it was read.
 * Called by oidc-provider once for each of {@link ownKeys}.
 */
export function checkRegistration(issuer: string) {
  return (
    ctx: KoaContextWithOIDC | undefined,
    key: string,
    value: unknown,
    metadata: Record<string, unknown>
  ): void => {
    if (!ctx || !/^registration/.test(ctx.oidc.route)) return
    if (value !== undefined && !open.has(key)) refuse(`${key} can only be set in the configuration`)
    if (key !== ownKeys[0]) return
    const grantTypes = textsIn(metadata.grant_types)
    for (const power of ['client_credentials', 'password']) {
      if (grantTypes.includes(power)) refuse(`grant type ${power} can only be allowed in the configuration`)
    }
    for (const list of ['redirect_uris', 'post_logout_redirect_uris'] as const) {
      for (const address of textsIn(metadata[list])) checkAddress(list, address, metadata, issuer)
    }
    for (const single of ['backchannel_logout_uri', 'frontchannel_logout_uri'] as const) {
      const address = metadata[single]
      if (typeof address === 'string') checkAddress(single, address, { application_type: 'web' }, issuer)
    }
    checkFrame(metadata)
  }
}

/** A frame of a client is on an origin of its own (Front-Channel Logout 1.0 §2). */
function checkFrame({ frontchannel_logout_uri: frame, redirect_uris }: Record<string, unknown>): void {
  if (typeof frame !== 'string') return
  const own = ((redirect_uris as string[] | undefined) ?? []).map(uri => new URL(uri).origin)
  if (!own.includes(new URL(frame).origin))
    refuse(`frontchannel_logout_uri: ${frame} is on none of the origins of redirect_uris`)
}

function checkAddress(
  list: string,
  address: string,
  metadata: Record<string, unknown>,
  issuer: string
): void {
  if (!URL.canParse(address)) refuse(`${list}: ${address} is not a URI`)
  const { protocol, hash } = new URL(address)
  if (hash !== '' || address.includes('#')) refuse(`${list}: ${address} has a fragment`)
  if (protocol === 'https:') return
  if (protocol === 'http:') {
    // A native app listens on its own machine (RFC 8252 §7.3); elsewhere plain http gives codes away.
    const allowed = isLoopback(address) && (metadata.application_type === 'native' || isLoopback(issuer))
    if (!allowed) refuse(`${list}: ${address} is not https`)
    return
  }
  if (metadata.application_type !== 'native') refuse(`${list}: ${address} is for a native client`)
}

/** The texts in a list; what is no list, or no text, oidc-provider refuses next. */
function textsIn(list: unknown): string[] {
  return Array.isArray(list) ? list.filter(item => typeof item === 'string') : []
}

function refuse(message: string): never {
  throw new errors.InvalidClientMetadata(message)
}
