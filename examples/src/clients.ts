/** An application as the sign-in server knows it. */
export interface Registration {
  client_id: string
  client_secret: string
}

/** The paths of a site that its registration names. All but the last are the kit's, under its `base_path`. */
export const paths = {
  callback: '/auth/callback',
  backChannelLogout: '/auth/backchannel-logout',
  signedOut: '/signed-out'
} as const

/** Where each part of the demo is reached. All on this machine; four names, so for the browser four sites. */
export const addresses = {
  signIn: 'http://id.localhost:4000',
  news: 'http://news.localhost:4001',
  market: 'http://market.localhost:4002',
  api: 'http://api.localhost:4003'
} as const

/** The newspaper: speaks SPiD's words at logout, and keeps its tokens unless it hands them over. */
export const news = {
  client_id: 'news',
  // Written down here because it protects nothing but this demo on your own machine.
  client_secret: 'demo-only-secret-of-the-newspaper',
  client_name: 'Fjordbladet',
  client_uri: `${addresses.news}/`,
  redirect_uris: [addresses.news + paths.callback],
  // SPiD's `redirect_uri` at logout may be one of these too.
  post_logout_redirect_uris: [addresses.news + paths.signedOut],
  // Where the sign-in server says that somebody has signed out, at whichever site.
  backchannel_logout_uri: addresses.news + paths.backChannelLogout,
  scope: 'openid profile email',
  tokens_end_with_session: false,
  // Its pages may ask about the session and end it, from the origin of its addresses.
  sdk: true
} satisfies Registration & Record<string, unknown>

/** The marketplace: speaks OpenID Connect's words, and its tokens end with the sign-on session. */
export const market = {
  client_id: 'market',
  client_secret: 'demo-only-secret-of-the-marketplace',
  client_name: 'Torget',
  client_uri: `${addresses.market}/`,
  redirect_uris: [addresses.market + paths.callback],
  post_logout_redirect_uris: [addresses.market + paths.signedOut],
  backchannel_logout_uri: addresses.market + paths.backChannelLogout,
  scope: 'openid profile email',
  tokens_end_with_session: true,
  sdk: true
} satisfies Registration & Record<string, unknown>

/** What the sign-in server's configuration says of the two sites. */
export const demoClients = [news, market]
