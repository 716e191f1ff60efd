import { z } from 'zod'

const uri = z.string().refine(value => URL.canParse(value), 'an absolute URI')
const httpUri = uri.refine(value => /^https?:/.test(value), 'an http(s) URI')
const withoutFragment = uri.refine(value => !value.includes('#'), 'a URI without fragment')
const origin = z.string().refine(isOrigin, 'an origin such as https://site.example')
const flag = z.boolean()

/** What a client in the config may say: registered metadata by its registered names, and Utgang's own keys. */
export const clientSchema = z
  .strictObject({
    // Registered names (RFC 7591, OpenID Connect Registration and its logout specifications).
    client_id: z.string().regex(/^[\x21-\x7e]{1,200}$/, '1 to 200 visible ASCII characters'),
    client_secret: z.string().min(8, 'at least 8 characters').optional(),
    client_name: z.string().min(1).optional(),
    client_uri: httpUri.optional(),
    logo_uri: httpUri.optional(),
    policy_uri: httpUri.optional(),
    tos_uri: httpUri.optional(),
    contacts: z.array(z.string()).optional(),
    application_type: z.enum(['web', 'native']).default('web'),
    token_endpoint_auth_method: z
      .enum(['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'])
      .optional(),
    token_endpoint_auth_signing_alg: z.enum(['RS256', 'ES256', 'PS256', 'EdDSA']).optional(),
    grant_types: z
      .array(z.enum(['authorization_code', 'refresh_token', 'client_credentials']))
      .default(['authorization_code', 'refresh_token']),
    response_types: z.array(z.enum(['code'])).optional(),
    redirect_uris: z.array(withoutFragment).default([]),
    post_logout_redirect_uris: z.array(withoutFragment).default([]),
    backchannel_logout_uri: httpUri.optional(),
    backchannel_logout_session_required: flag.optional(),
    frontchannel_logout_uri: httpUri.optional(),
    frontchannel_logout_session_required: flag.optional(),
    scope: z.string().min(1).optional(),
    jwks: z.looseObject({ keys: z.array(z.looseObject({})) }).optional(),
    jwks_uri: httpUri.optional(),
    id_token_signed_response_alg: z.enum(['RS256', 'ES256']).default('RS256'),
    default_max_age: z.int().min(0).optional(),
    require_auth_time: flag.optional(),
    // Utgang's own.
    origins: z.array(origin).optional().describe('origins of its pages; default: those of its redirect URIs'),
    sdk: flag.default(false),
    require_pkce: flag.default(true),
    tokens_end_with_session: flag.optional(),
    logout_confirmation: z.enum(['auto', 'always']).default('auto'),
    consent: z.enum(['skip', 'ask']).default('skip'),
    introspects: flag.optional(),
    may_end_sessions: flag.optional(),
    may_revoke_globally: flag.default(false),
    legacy_jsonp: flag.default(false),
    legacy_password_grant: flag.default(false),
    sign_secret: z.string().min(16, 'at least 16 characters').optional()
  })
  .superRefine((client, context) => {
    const problem = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message, input: undefined })
    const method = client.token_endpoint_auth_method
    if (client.client_secret === undefined && method?.startsWith('client_secret_')) {
      problem('client_secret', `needed for token_endpoint_auth_method ${method}`)
    }
    if (method === 'private_key_jwt' && !client.jwks && !client.jwks_uri)
      problem('jwks', 'needed for private_key_jwt')
    if (!isConfidential(client)) {
      if (!client.require_pkce) problem('require_pkce', 'only a confidential client may do without PKCE')
      for (const power of ['introspects', 'may_end_sessions', 'may_revoke_globally'] as const) {
        if (client[power]) problem(power, 'only a confidential client may have this power')
      }
      if (client.grant_types.includes('client_credentials')) {
        problem('grant_types', 'client_credentials is for confidential clients only')
      }
    }
    if (client.grant_types.includes('authorization_code') && client.redirect_uris.length === 0) {
      problem(
        'redirect_uris',
        'at least one, for the authorization_code grant type (or leave that out of grant_types)'
      )
    }
    if (client.application_type === 'web') {
      for (const value of client.redirect_uris) {
        if (!/^https?:/.test(value))
          problem('redirect_uris', `${value} is for a native client (application_type)`)
      }
    }
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
  return URL.canParse(value) && new URL(value).origin === value
}
