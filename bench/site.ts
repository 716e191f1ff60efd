/** The one application of the measurement, the same at every server. */
export const site = {
  clientId: 'site',
  secret: 'a secret that only this site knows',
  origin: 'https://site.example.test',
  callback: 'https://site.example.test/callback',
  signedOut: 'https://site.example.test/signed-out',
  scope: 'openid email profile'
} as const

/** How many people are signed in; their logins go round. */
export const people = 500
