import { createPrivateKey, type JsonWebKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { SignJWT } from 'jose'
import { type Behaviour, openStandIn, type StandIn } from '../../../browser/test/support/stand-in.ts'

/** A server in the place of the issuer, for what a real one cannot be made to do: broken, slow, with keys that change. */
export interface StandInIssuer extends StandIn {
  /** The public keys that it publishes. */
  publish(...kids: Kid[]): void
  /** A Logout Token, fresh unless the claims say otherwise. */
  logoutToken(claims?: object, kid?: Kid): Promise<string>
}

type Kid = 'rsa-1' | 'stranger-1'

const keys = JSON.parse(readFileSync(new URL('../vectors/keys.json', import.meta.url), 'utf8'))
const keyOf = (kid: Kid): JsonWebKey => (kid === 'rsa-1' ? keys.issuer : keys.stranger)

/** Starts one, whose only client is `site`. */
export async function openStandInIssuer(): Promise<StandInIssuer> {
  const standIn = await openStandIn()
  const { origin, answers } = standIn
  const metadata: Behaviour = {
    body: {
      issuer: origin,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/token`,
      jwks_uri: `${origin}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none']
    }
  }
  const issuer: StandInIssuer = {
    ...standIn,
    publish(...kids) {
      const published = kids.map(kid => {
        const { kty, n, e } = keyOf(kid)
        return { kty, n, e, kid, alg: 'RS256', use: 'sig' }
      })
      answers.set('/jwks', { body: { keys: published } })
    },
    logoutToken: (claims = {}, kid = 'rsa-1') =>
      new SignJWT({
        iss: origin,
        aud: 'site',
        iat: Math.floor(Date.now() / 1000),
        exp: Math.floor(Date.now() / 1000) + 120,
        jti: crypto.randomUUID(),
        events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
        ...claims
      })
        .setProtectedHeader({ alg: 'RS256', kid, typ: 'logout+jwt' })
        .sign(createPrivateKey({ key: keyOf(kid), format: 'jwk' }))
  }
  answers.set('/.well-known/openid-configuration', metadata)
  issuer.publish('rsa-1')
  return issuer
}
