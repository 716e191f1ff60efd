import { randomBytes } from 'node:crypto'
import { importJWK, type JWTPayload, SignJWT } from 'jose'
import { expect } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { sidFor } from '../../src/sessions/sid.ts'
import type { TokenKind } from '../../src/storage/records.ts'
import { hashSecret } from '../../src/storage/secrets.ts'
import type { Answer, Browser } from '../support/browser.ts'
import { issuer } from '../support/fixtures.ts'
import type { TestSystem } from '../support/system.ts'

/** Parameters of a request; an `undefined` one is not sent. */
export type Params = Record<string, string | undefined>

/** The address of a logout with these parameters. */
export function logoutPath(params: Params): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) if (value !== undefined) query.set(name, value)
  return `/logout?${query}`
}

/** A person who is signed in in a browser. */
export interface Person {
  browser: Browser
  uid: string
  sub: string
  /** The session cookie's value. */
  cookie: string
}

/** Signs a person in without a sign-in: the session is put into the storage, and its cookie into a new browser. */
export async function signedIn(at: TestSystem, sub = 'u-ola', joined: string[] = []): Promise<Person> {
  const uid = secret()
  const cookie = secret()
  const now = systemClock.now()
  await at.storage.saveSession(
    {
      uid,
      cookieHash: hashSecret(cookie),
      sub,
      remembered: true,
      loginAt: now,
      expiresAt: now + 86_400,
      endsAt: now + 7 * 86_400,
      payload: {}
    },
    now
  )
  for (const clientId of joined)
    await at.storage.joinSession({ sessionUid: uid, clientId, sid: sidFor(uid, clientId) }, now)
  const browser = at.browser()
  browser.setCookie('__Host-utgang', cookie)
  return { browser, uid, sub, cookie }
}

/** An address that the client `news` has registered. */
export const bye = 'https://news.example/bye'

/** Goes to a logout's address and on to the page that a person then sees. */
export const see = (browser: Browser, params: Params): Promise<Answer> => browser.visit(logoutPath(params))

/** Clicks on the confirmation page that a person has before her, still signed in. */
export async function click(at: TestSystem, person: Person, page: Answer): Promise<Answer> {
  expect(asks(page)).toBe(true)
  expect(await isLive(at, person)).toBe(true)
  return person.browser.submit(page, {}, 'confirm-logout')
}

/** Whether the session itself still lives, whatever the browser holds. */
export async function isLive(at: TestSystem, { uid }: Pick<Person, 'uid'>): Promise<boolean> {
  return (await at.storage.findSession(uid, systemClock.now())) !== undefined
}

/** Puts a token of a client into the storage, with a grant of its own if it is somebody's. */
export async function tokenFor(
  at: TestSystem,
  clientId: string,
  sub: string | null,
  { kind = 'AccessToken', session }: { kind?: TokenKind; session?: Person } = {}
): Promise<string> {
  const value = secret()
  const now = systemClock.now()
  const grantId = sub === null ? null : secret()
  const sessionUid = session?.uid ?? null
  if (sub !== null && grantId !== null)
    await at.storage.openGrant(
      { id: grantId, sub, clientId, sessionUid, bound: false, payload: {}, expiresAt: now + 86_400 },
      now
    )
  const saved = await at.storage.saveToken(
    {
      hash: hashSecret(value),
      kind,
      clientId,
      grantId,
      sessionUid,
      sid: null,
      sub,
      scope: 'openid',
      expiresAt: now + 3600,
      payload: {}
    },
    now
  )
  if (saved !== 'saved') throw new Error(`token of ${clientId} for ${sub}: ${saved}`)
  return value
}

/** Whether a token lives. */
export async function tokenLives(at: TestSystem, value: string): Promise<boolean> {
  return (await at.storage.findToken(hashSecret(value), systemClock.now())) !== undefined
}

/** An ID Token signed with the server's own key, its claims as given. */
export async function idToken(
  at: TestSystem,
  claims: JWTPayload & { sid?: string },
  { typ = 'JWT', alg = 'ES256' }: { typ?: string | null; alg?: string } = {}
): Promise<string> {
  const jwk = at.system.op.keys().privateJwks.find(it => it.alg === alg)
  if (!jwk?.kid) throw new Error(`no ${alg} key`)
  const now = systemClock.now()
  const all = { iss: issuer, iat: now, exp: now + 600, ...claims }
  return new SignJWT(all)
    .setProtectedHeader({ alg, kid: jwk.kid, ...(typ === null ? {} : { typ }) })
    .sign(await importJWK(jwk, alg))
}

/** The ID Token that a client would have of a person's session. */
export const hintOf = (
  at: TestSystem,
  { uid, sub }: Pick<Person, 'uid' | 'sub'>,
  clientId: string,
  claims: JWTPayload = {}
): Promise<string> => idToken(at, { sub, aud: clientId, sid: sidFor(uid, clientId), ...claims })

/** Whether the confirmation page is there, or the way to it. */
export const asks = (answer: Answer): boolean =>
  (answer.status === 200 && answer.text.includes('id="confirm-logout"')) ||
  (answer.status === 303 && answer.location?.startsWith('/logout/confirm?request=') === true)

/** The code of the error that a page shows. */
export const errorOn = (page: Answer): string | undefined => {
  const [tag] = /<[^>]*id="?error"?[^>]*>/.exec(page.text) ?? []
  return tag && /data-code="?([a-z_]+)/.exec(tag)?.[1]
}

/** Checks that an answer ended nothing, cleared nothing and sends nobody to a client. */
export function expectNoLogout(answer: Answer): void {
  expect(answer.headers['clear-site-data']).toBeUndefined()
  expect(answer.headers['set-login']).toBeUndefined()
  expect(answer.headers['utgang-receipt']).toBeUndefined()
  expect(answer.setCookies).toEqual([])
  expect(answer.location ?? '/logout/').toMatch(/^\/logout\//)
}

/** An unguessable value. */
export const secret = (): string => randomBytes(32).toString('base64url')
