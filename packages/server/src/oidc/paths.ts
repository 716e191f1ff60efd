/** Our paths for oidc-provider's endpoints. Introspection, revocation and logout are our own doors; it only advertises them. */
export const routes = {
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  userinfo: '/oauth/userinfo',
  jwks: '/oauth/jwks',
  registration: '/oauth/register',
  introspection: '/oauth/introspect',
  revocation: '/oauth/revoke',
  end_session: '/logout'
} as const

/** Where an authorization goes on after a page of ours: the id of its interaction follows. */
export const returnPath = `${routes.authorization}/` as const

/** The page that tells other sites' pages whether the OP browser state has changed (Session Management 1.0 §3.3). */
export const checkSessionPath = '/oauth/check_session'

/** Where a trusted party ends everything of a user: a door of ours. */
export const globalRevocationPath = '/oauth/global_token_revocation'

/** Where a person signs in; one address for each interaction, so that its cookie reaches nothing else. */
export const interactionPath = '/sign-in'

/** Cookies of one interaction, besides the session's own. */
export const interactionCookies = {
  interaction: '__Secure-utgang-interaction',
  resume: '__Secure-utgang-resume'
} as const
