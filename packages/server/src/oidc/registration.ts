import { errors, type KoaContextWithOIDC } from 'oidc-provider'
import { type Addresses, addressRules } from '../config/client-addresses.ts'
import { globalRevocationScope } from '../config/client-schema.ts'
import { pathText } from '../config/problems.ts'
import { type Config, isLoopback } from '../config/schema.ts'

/** Keys of ours beside the registered metadata. Only the config may set those that give power. */
export const ownKeys = [
  'origins',
  'sdk',
  'access_token_format',
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
  'may_receive_events',
  'webhook_uri',
  'webhook_secret_sealed',
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

/** Those of them that oidc-provider does not know, and so does not check the type of. */
const flags = ['frontchannel_logout_session_required', 'tokens_end_with_session'] as const

/** What a client says that wants its tokens encrypted; oidc-provider, for whom nothing is, would not see it. */
export const encryptionKeys = ['id_token_encrypted_response_alg', 'id_token_encrypted_response_enc'] as const

/**
 * Checks what a client that registers itself says (RFC 7591): none of the keys that give power, no grant type that
 * does, and addresses by the rules of the config, http on loopback only while the issuer is there too. Clients of the
 * config were checked when it was read.
 * Called by oidc-provider once for each of {@link ownKeys} and {@link encryptionKeys}.
 */
export function checkRegistration(config: Pick<Config, 'issuer' | 'allow_private_addresses'>) {
  return (
    ctx: KoaContextWithOIDC | undefined,
    key: string,
    value: unknown,
    metadata: Record<string, unknown>
  ): void => {
    if (!ctx || !/^registration/.test(ctx.oidc.route)) return
    // Whoever asks for this must not believe that it is done (Back-Channel Logout 1.0 §2.4).
    if (value !== undefined && isEncryption(key)) refuse(`${key}: nothing is encrypted here`)
    if (value !== undefined && !open.has(key)) refuse(`${key} can only be set in the configuration`)
    if (key !== ownKeys[0]) return
    const grantTypes = textsIn(metadata.grant_types)
    for (const power of ['client_credentials', 'password']) {
      if (grantTypes.includes(power)) refuse(`grant type ${power} can only be allowed in the configuration`)
    }
    if (
      String(metadata.scope ?? '')
        .split(' ')
        .includes(globalRevocationScope)
    )
      refuse(`scope ${globalRevocationScope} can only be allowed in the configuration`)
    // Subjects are the same for every client, so nothing has to be fetched to tell clients of one sector.
    if (metadata.sector_identifier_uri !== undefined) refuse('sector_identifier_uri is not used here')
    for (const flag of flags)
      if (metadata[flag] !== undefined && typeof metadata[flag] !== 'boolean')
        refuse(`${flag} must be a boolean`)
    const framed = metadata.frontchannel_logout_uri
    if (framed !== undefined && typeof framed !== 'string') refuse('frontchannel_logout_uri must be a string')
    const { issuer, allow_private_addresses: forKeys } = config
    const server = { issuer, onLoopback: isLoopback(issuer), forBackchannel: false, forKeys }
    addressRules(addressesIn(metadata), server, (path, rule) => refuse(`${pathText(path)}: ${rule}`))
  }
}

const isEncryption = (key: string): boolean => encryptionKeys.some(it => it === key)

/** The addresses that are of the right type; oidc-provider refuses the others next. */
function addressesIn(metadata: Record<string, unknown>): Addresses {
  const texts = Object.entries(metadata).filter(([, value]) => typeof value === 'string')
  return {
    ...Object.fromEntries(texts),
    redirect_uris: textsIn(metadata.redirect_uris),
    post_logout_redirect_uris: textsIn(metadata.post_logout_redirect_uris)
  }
}

/** The texts in a list; what is no list, or no text, oidc-provider refuses next. */
function textsIn(list: unknown): string[] {
  return Array.isArray(list) ? list.filter(item => typeof item === 'string') : []
}

function refuse(message: string): never {
  throw new errors.InvalidClientMetadata(message)
}
