import { randomUUID } from 'node:crypto'
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import type { Asking } from '../support/browser.ts'
import { issuer } from '../support/fixtures.ts'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const keys: Record<string, CryptoKey> = {}

/** Makes the keys with which {@link assertion} signs, by name; returns the public half of each. */
export async function makeKeys(): Promise<Record<string, object>> {
  const jwk: Record<string, object> = {}
  for (const [name, alg] of [
    ['rsa', 'RS256'],
    ['rsa2', 'RS256'],
    ['ps', 'PS256'],
    ['ed', 'EdDSA'],
    ['ec', 'ES256'],
    ['foreign', 'RS256']
  ] as const) {
    const pair = await generateKeyPair(alg, { extractable: true })
    keys[name] = pair.privateKey
    jwk[name] = { ...(await exportJWK(pair.publicKey)), use: 'sig' }
  }
  return jwk
}

/** `client_secret_basic`, encoded as RFC 6749 §2.3.1 wants it. */
export const basic = (id: string, password: string) => ({
  headers: { authorization: `Basic ${btoa(`${formEncoded(id)}:${formEncoded(password)}`)}` }
})

/** An `Authorization` header as it is. */
export const raw = (text: string) => ({ headers: { authorization: text } })
const formEncoded = (text: string) => new URLSearchParams({ '': text }).toString().slice(1)

/** What an assertion has otherwise; `undefined` takes a claim or parameter away. */
export interface AssertionOptions {
  key?: string
  alg?: string
  claims?: JWTPayload | Record<string, unknown>
  form?: Record<string, string | undefined>
}

/** An instant from now, in UTC seconds. */
export const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds

/** `private_key_jwt`: an assertion of its own each time. */
export async function assertion(
  clientId: string,
  { key = 'rsa', alg = 'RS256', claims, form }: AssertionOptions = {}
): Promise<Asking> {
  const all = {
    iss: clientId,
    sub: clientId,
    aud: issuer,
    jti: randomUUID(),
    exp: inSeconds(60),
    ...claims
  }
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
  const signer = keys[key]
  if (!signer) throw new Error(`no key ${key}`)
  const value = await new SignJWT(given as JWTPayload).setProtectedHeader({ alg }).sign(signer)
  return { form: { client_assertion: value, client_assertion_type: assertionType, ...form } }
}

/** An assertion that nobody signed. */
export const unsigned = (clientId: string): Asking => {
  const part = (of: object) => Buffer.from(JSON.stringify(of)).toString('base64url')
  const claims = { iss: clientId, sub: clientId, aud: issuer, jti: randomUUID(), exp: inSeconds(60) }
  const value = `${part({ alg: 'none' })}.${part(claims)}.`
  return { form: { client_assertion: value, client_assertion_type: assertionType } }
}
