/** What most tests register: one application of each kind, and two people. */

export const issuer = 'http://id.localhost:4000'

export const password = 'correct horse battery staple'

/** Ola and Kari, as the config holds them. */
export const users = [
  { sub: 'u-ola', email: 'ola@example.test', name: 'Ola Nordmann', password },
  { sub: 'u-kari', email: 'kari@example.test', name: 'Kari Nordmann', password }
]

/** The secret of each confidential client here. */
export const secretOf = (clientId: string): string => `${clientId}-secret-of-the-tests`

const site = (clientId: string, more: object = {}) => ({
  client_id: clientId,
  client_secret: secretOf(clientId),
  client_name: `The ${clientId} site`,
  client_uri: `https://${clientId}.example/`,
  redirect_uris: [`https://${clientId}.example/callback`, `https://${clientId}.example/after?way=out`],
  post_logout_redirect_uris: [`https://${clientId}.example/bye`, `https://${clientId}.example/bye?kept=1`],
  scope: 'openid profile email offline_access',
  ...more
})

/** Every kind of client: see the comments. */
export const clients = [
  // Plain: keeps calling the API after a logout, as SPiD documents it.
  site('news'),
  // Wants to be told, so its tokens end with the session.
  site('market', { backchannel_logout_uri: 'http://127.0.0.1:9/backchannel' }),
  // Wants to be told, yet keeps its tokens.
  site('forum', {
    backchannel_logout_uri: 'http://127.0.0.1:9/forum',
    tokens_end_with_session: false,
    sdk: true
  }),
  // Asks the person what it may do.
  site('asking', { consent: 'ask' }),
  // Asks before every logout.
  site('careful', { logout_confirmation: 'always' }),
  // A confidential client without PKCE, as SPiD's PHP client is.
  site('classic', { require_pkce: false, scope: undefined }),
  // Speaks for nobody but itself.
  {
    client_id: 'backend',
    client_secret: secretOf('backend'),
    grant_types: ['client_credentials'],
    scope: 'things'
  },
  // Signs in without a browser.
  {
    client_id: 'phone',
    client_secret: secretOf('phone'),
    grant_types: ['refresh_token'],
    legacy_password_grant: true,
    scope: 'openid profile email'
  },
  // Keeps no secret, so its refresh tokens rotate.
  {
    client_id: 'app',
    client_name: 'The app',
    redirect_uris: ['https://app.example/callback'],
    scope: 'openid profile email'
  }
]
