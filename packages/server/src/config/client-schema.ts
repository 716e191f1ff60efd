import { z } from 'zod'
import { uri, webUri } from './uri.ts'

const flag = z.boolean()
const origin = z.string().refine(isOrigin, 'an origin such as https://site.example')
/** Scope values as RFC 6749 §3.3 writes them. */
export const scope = z
  .string()
  .regex(
    /^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/,
    'scope values with single spaces between'
  )
/** The scope of a token that may revoke globally, and is for nothing else. */
export const globalRevocationScope = 'global_token_revocation'
/** The parts of a JWK that are secret (RFC 7518 §6). */
export const privateKeyParts = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const

/**
 * What a client in the config may say: registered metadata by its registered names, and Utgang's own keys. What holds
 * between keys stands in client-rules.ts.
 */
export const clientSchema = z.strictObject({
  // Registered names (RFC 7591, OpenID Connect Registration and its logout specifications).
  client_id: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, '1 to 200 visible ASCII characters')
    .describe('its name in every request; never that of a user (`sub`)'),
  client_secret: z
    .string()
    .min(8)
    .regex(/^[\x20-\x7e]*$/, 'ASCII characters')
    .optional()
    .describe(
      'makes it a confidential client; kept as a hash. At least 8 characters, 22 at a public address; better 32 random ones'
    ),
  client_name: z.string().min(1).optional().describe('what people read; default: its `client_id`'),
  client_uri: webUri()
    .optional()
    .describe('its front page: where people find the way back when nobody sends them'),
  logo_uri: webUri().optional().describe('its logo; not shown by this version yet'),
  policy_uri: webUri().optional().describe('its privacy policy; not shown by this version yet'),
  tos_uri: webUri().optional().describe('its terms of service; not shown by this version yet'),
  contacts: z
    .array(z.email())
    .optional()
    .describe('mail addresses of the people who run it; for the record only'),
  application_type: z
    .enum(['web', 'native'])
    .default('web')
    .describe('`native` may use schemes of its own and loopback addresses'),
  token_endpoint_auth_method: z
    .enum(['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'])
    .optional()
    .describe('how it proves who it is; default: `client_secret_basic` with a secret, else `none`'),
  token_endpoint_auth_signing_alg: z
    .enum(['RS256', 'ES256', 'PS256', 'EdDSA'])
    .optional()
    .describe('the one algorithm of its `private_key_jwt`; default: any of these'),
  grant_types: z
    .array(z.enum(['authorization_code', 'refresh_token', 'client_credentials']))
    .default(['authorization_code', 'refresh_token'])
    .describe('how it gets tokens; `client_credentials` speaks for itself and no user'),
  response_types: z
    .array(z.enum(['code']))
    .optional()
    .describe('`["code"]` with the `authorization_code` grant type, else empty; nothing else is offered'),
  redirect_uris: z
    .array(uri())
    .default([])
    .describe('where codes go, and where a logout may return to; compared character for character'),
  post_logout_redirect_uris: z
    .array(uri())
    .default([])
    .describe('where a logout may return to; compared character for character'),
  backchannel_logout_uri: webUri()
    .optional()
    .describe('where it is told of each of its sessions that ends (Back-Channel Logout 1.0)'),
  backchannel_logout_session_required: flag
    .optional()
    .describe('it needs a `sid` in each Logout Token; a session’s always has one'),
  frontchannel_logout_uri: webUri()
    .optional()
    .describe(
      'what its frame shows when a person signs out in the browser (Front-Channel Logout 1.0); on the origin of a redirect URI. Not used beside a `backchannel_logout_uri`, which is surer'
    ),
  frontchannel_logout_session_required: flag
    .optional()
    .describe('it needs `iss` and `sid` at its `frontchannel_logout_uri`; it always gets both'),
  scope: scope.optional().describe('what it may ask for, and what no `scope` means; default: `openid`'),
  jwks: z
    .looseObject({ keys: z.array(z.looseObject({ kty: z.string().min(1) })).min(1) })
    .optional()
    .describe('its public keys, for `private_key_jwt`'),
  jwks_uri: webUri().optional().describe('where its public keys are, instead of `jwks`'),
  id_token_signed_response_alg: z
    .enum(['RS256', 'ES256'])
    .default('RS256')
    .describe('how its ID Tokens are signed'),
  default_max_age: z
    .int()
    .min(0)
    .optional()
    .describe('a sign-in older than so many seconds is asked for again'),
  require_auth_time: flag.optional().describe('its ID Tokens always hold `auth_time`'),
  // Utgang's own.
  access_token_format: z
    .enum(['opaque', 'jwt'])
    .default('opaque')
    .describe('what its access tokens are where no `resource` decides: `opaque`, or a JWT (RFC 9068)'),
  origins: z.array(origin).optional().describe('origins of its pages; default: those of its redirect URIs'),
  sdk: flag.default(false).describe('the browser SDK may ask about sessions from its origins'),
  require_pkce: flag.default(true).describe('PKCE is demanded; only a confidential client may do without'),
  tokens_end_with_session: flag
    .optional()
    .describe('its tokens end with the session; default: `true` with a `backchannel_logout_uri`'),
  logout_confirmation: z
    .enum(['auto', 'always'])
    .default('auto')
    .describe('whether people are asked before it signs them out: when in doubt, or always'),
  consent: z
    .enum(['skip', 'ask'])
    .default('skip')
    .describe('whether people are asked what it may know of them'),
  introspects: flag
    .optional()
    .describe('may introspect its own tokens and those meant for it; default: `true` when confidential'),
  may_end_sessions: flag
    .optional()
    .describe('may end sessions of its users from its server; default: `true` when confidential'),
  may_revoke_globally: z
    .union([flag, z.literal('own_users')])
    .default(false)
    .describe(
      'may end everything of a user (Global Token Revocation): `true` of any user, `"own_users"` of those who have signed in to it'
    ),
  may_receive_events: z
    .union([flag, z.literal('all')])
    .default(false)
    .describe(
      'may keep a stream of security events (Shared Signals): `true` for its own users, `"all"` for everybody’s'
    ),
  webhook_uri: webUri()
    .optional()
    .describe(
      'where it is told of each of its sessions that ends by a signed webhook (Standard Webhooks), also beside a `backchannel_logout_uri`'
    ),
  webhook_secret: z
    .string()
    .refine(isWebhookSecret, '`whsec_` and the base64 of 24 to 64 random bytes')
    .optional()
    .describe('signs its webhooks: `whsec_` and the base64 of 24 to 64 random bytes; kept sealed'),
  legacy_jsonp: flag
    .default(false)
    .describe(
      'pages on the origins of its redirect URIs may go on using SPiD’s own script, which asks and signs out by script tags (JSONP)'
    ),
  legacy_password_grant: flag
    .default(false)
    .describe('may send a password to the token endpoint, as SPiD’s mobile SDKs do'),
  sign_secret: z
    .string()
    .min(16)
    .optional()
    .describe(
      'signs what SPiD’s and Schibsted’s browser SDKs are told of a session and of its end (`sig`); kept sealed. At least 16 characters'
    )
})

/** A client as the config holds it, defaults filled in. */
export type ClientConfig = z.infer<typeof clientSchema>

/** Whether a client can keep a secret, and so can be asked to prove who it is. */
export function isConfidential(
  client: Pick<ClientConfig, 'client_secret' | 'token_endpoint_auth_method'>
): boolean {
  const method = client.token_endpoint_auth_method
  return method === undefined ? client.client_secret !== undefined : method !== 'none'
}

function isOrigin(value: string): boolean {
  return URL.canParse(value) && new URL(value).origin === value && !value.includes('*')
}

function isWebhookSecret(value: string): boolean {
  const text = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(value)?.[1]
  const bytes = text === undefined ? 0 : Buffer.from(text, 'base64').length
  return bytes >= 24 && bytes <= 64
}
