import { generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { sealer } from '../../src/storage/secrets.ts'
import { addSigningKeys } from '../../src/tokens/signing-keys.ts'
import { issuer } from '../support/fixtures.ts'
import { claimsOf, signIn } from '../support/sign-in.ts'
import { advance, openSystem, startSystem, type TestSystem } from '../support/system.ts'
import {
  asks,
  bye,
  errorOn,
  expectNoLogout,
  hintOf,
  idToken,
  isLive,
  logoutPath,
  signedIn
} from './redirect-kit.ts'

let at: TestSystem
let elsewhere: TestSystem
beforeAll(async () => {
  at = await openSystem()
  elsewhere = await openSystem()
})
afterAll(async () => {
  await at.close()
  await elsewhere.close()
})

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const day = 86_400

describe('a hint that this server issued', () => {
  test.each([
    ['fresh', 0],
    ['expired an hour ago', 3600 + 600],
    ['expired days ago', 13 * day]
  ])('%s ends the session that it names without asking', async (_age, seconds) => {
    const browser = at.browser()
    const { idToken: hint } = await signIn(at, browser, 'news')
    expect(Number(claimsOf(hint).exp) - systemClock.now()).toBe(600)
    advance(seconds)
    const path = logoutPath({ id_token_hint: hint, post_logout_redirect_uri: bye })
    expect((await browser.go(path, { from: 'cross-site' })).location).toBe(bye)
    expect(await at.sessionOf(browser)).toBeUndefined()
  })

  test.each(['RS256', 'ES256'])('may be signed with our %s key', async alg => {
    const person = await signedIn(at)
    const { sid } = claimsOf(await hintOf(at, person, 'news'))
    const claims = { sub: person.sub, aud: 'news', sid: String(sid) }
    const path = logoutPath({ id_token_hint: await idToken(at, claims, { alg }) })
    expect((await person.browser.go(path)).location).toBe('/logout/signed-out')
  })

  test.each([
    ['one audience in a list', { aud: ['news'] }],
    ['several audiences and the authorised party', { aud: ['market', 'news'], azp: 'news' }]
  ])('may have %s', async (_what, claims) => {
    const person = await signedIn(at)
    const path = logoutPath({
      id_token_hint: await hintOf(at, person, 'news', claims),
      post_logout_redirect_uri: bye
    })
    expect((await person.browser.go(path)).location).toBe(bye)
  })

  test('of an ended session, where nobody is signed in, goes back as success', async () => {
    const browser = at.browser()
    const { idToken: hint } = await signIn(at, browser, 'news')
    const path = logoutPath({ id_token_hint: hint, post_logout_redirect_uri: bye, state: 's' })
    await browser.go(path)
    advance(30 * day)
    expect((await browser.go(path)).location).toBe(`${bye}?state=s`)
  })

  test('of the person’s last session, where that person has signed in again, asks', async () => {
    const browser = at.browser()
    const { idToken: hint } = await signIn(at, browser, 'news')
    await browser.go(logoutPath({ client_id: 'news' }))
    await signIn(at, browser, 'news')
    const path = logoutPath({ id_token_hint: hint, post_logout_redirect_uri: bye })
    expect(asks(await browser.go(path, { from: 'same-origin' }))).toBe(true)
  })

  test('still counts after the key that signed it has been retired', async () => {
    const own = await startSystem()
    const browser = own.browser()
    const { idToken: hint } = await signIn(own, browser, 'news')
    const before = own.system.op.keys().fingerprint
    // Of two keys of the same second either may sign.
    advance(1)
    await addSigningKeys(own.storage, sealer(own.system.config.secret_keys), systemClock.now(), 0)
    await own.system.op.refreshKeys()
    expect(own.system.op.keys().fingerprint).not.toBe(before)
    const { idToken: newer } = await signIn(own, own.browser(), 'news')
    const kidOf = (jwt: string) => Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString()
    expect(kidOf(newer)).not.toBe(kidOf(hint))
    const path = logoutPath({ id_token_hint: hint, post_logout_redirect_uri: bye })
    expect((await browser.go(path, { from: 'cross-site' })).location).toBe(bye)
  })
})

describe('a hint that this server did not issue as one', () => {
  /** What a forger would write, given a good one. */
  const forgeries: [what: string, forge: (good: string) => Promise<string> | string][] = [
    ['signed with another key under our kid', good => resigned(good, 'ES256')],
    ['signed with another kind of key under our kid', good => resigned(good, 'RS256')],
    ['signed by another issuer of the same software', good => idToken(elsewhere, claimsOf(good))],
    ['with alg none', good => `${base64({ alg: 'none', typ: 'JWT' })}.${good.split('.')[1]}.`],
    [
      'with alg none under our kid',
      good => `${base64({ ...headerOf(good), alg: 'none' })}.${good.split('.')[1]}.`
    ],
    ['signed with our public key as a secret', good => hmac(good)],
    ['with other claims under a good signature', good => withClaims(good, { sub: 'u-kari' })],
    ['without its signature', good => good.split('.').slice(0, 2).join('.')],
    ['with an empty signature', good => `${good.split('.').slice(0, 2).join('.')}.`],
    ['of another issuer', good => idToken(at, { ...claimsOf(good), iss: 'https://other.example' })],
    ['of our issuer with a slash more', good => idToken(at, { ...claimsOf(good), iss: `${issuer}/` })],
    ['without an issuer', good => idToken(at, { ...claimsOf(good), iss: undefined })],
    ['without a subject', good => idToken(at, { ...claimsOf(good), sub: undefined })],
    ['without an audience', good => idToken(at, { ...claimsOf(good), aud: undefined })],
    [
      'of several audiences and no authorised party',
      good => idToken(at, { ...claimsOf(good), aud: ['news', 'market'] })
    ],
    ['of the type of a Logout Token', good => idToken(at, claimsOf(good), { typ: 'logout+jwt' })],
    ['of the type of an access token', good => idToken(at, claimsOf(good), { typ: 'at+jwt' })],
    ['of the type of a security event', good => idToken(at, claimsOf(good), { typ: 'secevent+jwt' })],
    [
      'with the events of a Logout Token and no type',
      good => {
        const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
        return idToken(at, { ...claimsOf(good), events }, { typ: null })
      }
    ],
    ['that is no JWT', () => 'nothing'],
    ['that is long', () => 'x.'.repeat(2000)]
  ]

  test.each(forgeries)('%s is refused: a 400 page, nothing ended, nobody sent on', async (_what, forge) => {
    const person = await signedIn(at)
    const hint = await forge(await hintOf(at, person, 'news'))
    for (const more of [{}, { client_id: 'news' }]) {
      const path = logoutPath({ id_token_hint: hint, post_logout_redirect_uri: bye, state: 's', ...more })
      const answer = await person.browser.go(path, { from: 'same-origin' })
      expectNoLogout(answer)
      const page = await person.browser.follow(answer)
      expect([page.status, errorOn(page), page.location]).toEqual([400, 'invalid_hint', undefined])
    }
    expect(await isLive(at, person)).toBe(true)
  })

  test.each(forgeries.slice(0, 6))('%s is refused where nobody is signed in, too', async (_what, forge) => {
    const hint = await forge(await hintOf(at, await signedIn(at), 'news'))
    const page = await at.browser().visit(logoutPath({ id_token_hint: hint, post_logout_redirect_uri: bye }))
    expect([page.status, errorOn(page), page.location]).toEqual([400, 'invalid_hint', undefined])
  })

  test('the same claims, rightly signed, are taken', async () => {
    const person = await signedIn(at)
    const good = await hintOf(at, person, 'news')
    const hint = await idToken(at, claimsOf(good))
    expect((await person.browser.go(logoutPath({ id_token_hint: hint }))).location).toBe('/logout/signed-out')
  })
})

const headerOf = (jwt: string): Record<string, string> =>
  JSON.parse(Buffer.from(jwt.split('.')[0] ?? '', 'base64url').toString('utf8'))

async function resigned(good: string, alg: string): Promise<string> {
  const { privateKey } = await generateKeyPair(alg)
  return new SignJWT(claimsOf(good)).setProtectedHeader({ ...headerOf(good), alg }).sign(privateKey)
}

async function hmac(good: string): Promise<string> {
  const { keys } = (await at.ask('/oauth/jwks')).json<{ keys: object[] }>()
  const secret = new TextEncoder().encode(JSON.stringify(keys[0]))
  return new SignJWT(claimsOf(good)).setProtectedHeader({ ...headerOf(good), alg: 'HS256' }).sign(secret)
}

function withClaims(good: string, claims: object): string {
  const [header, , signature] = good.split('.')
  return `${header}.${base64({ ...claimsOf(good), ...claims })}.${signature}`
}
