import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Auth, createAuth, memorySessions, type RpSession, type RpSessionStore } from '../src/index.ts'
import { openStandInIssuer, type StandInIssuer } from './support/stand-in-issuer.ts'
import type { Vectors } from './vectors/make.ts'

let issuer: StandInIssuer
let store: RpSessionStore
let auth: Auth
const errors: unknown[] = []

beforeEach(async () => {
  issuer = await openStandInIssuer()
  store = memorySessions()
  errors.length = 0
  auth = authWith({})
})
afterEach(async () => {
  vi.useRealTimers()
  await auth.close()
  await issuer.close()
})

const authWith = (more: object): Auth =>
  createAuth({
    issuer: issuer.origin,
    client_id: 'site',
    client_secret: 'secret of the site',
    origin: 'https://site.example',
    allow_http: true,
    sessions: store,
    on_error: error => void errors.push(error),
    ...more
  })

/** Sends what the issuer would. */
async function tell(body: BodyInit, headers?: Record<string, string>): Promise<Response> {
  const request = new Request('https://site.example/auth/backchannel-logout', {
    method: 'POST',
    body,
    headers,
    duplex: 'half'
  } as RequestInit)
  return (await auth.handle(request)) ?? new Response(null, { status: 404 })
}

const tellOf = async (claims: object, kid?: 'stranger-1'): Promise<Response> =>
  tell(new URLSearchParams({ logout_token: await issuer.logoutToken(claims, kid) }))

async function signedIn(key: string, more: Partial<RpSession> = {}): Promise<void> {
  const now = Math.floor(Date.now() / 1000)
  const session: RpSession = {
    iss: issuer.origin,
    sub: 'u-ola',
    sid: 's-1',
    claims: { iat: now },
    idToken: '',
    accessToken: '',
    accessTokenExpiresAt: now + 60,
    createdAt: now,
    expiresAt: now + 600,
    ...more
  }
  expect(await store.create(key, session)).toBe(true)
}

const isThere = async (key: string): Promise<boolean> => (await store.find(key)) !== undefined

test('BCL-23, BCL-24: a sid ends its sessions alone; 200 without a body, kept nowhere', async () => {
  await signedIn('one')
  await signedIn('same-sid')
  await signedIn('other', { sid: 's-2' })
  const answer = await tellOf({ sid: 's-1', sub: 'u-ola' })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(await answer.text()).toBe('')
  expect([await isThere('one'), await isThere('same-sid'), await isThere('other')]).toEqual([
    false,
    false,
    true
  ])
})

test('a sub without sid ends all that began by then', async () => {
  const now = Math.floor(Date.now() / 1000)
  await signedIn('one')
  await signedIn('two', { sid: 's-2' })
  await signedIn('later', { sid: 's-3', claims: { iat: now + 100 }, createdAt: now + 100 })
  await signedIn('kari', { sub: 'u-kari', sid: 's-4' })
  expect((await tellOf({ sub: 'u-ola', iat: now })).status).toBe(200)
  expect([await isThere('one'), await isThere('two'), await isThere('later'), await isThere('kari')]).toEqual(
    [false, false, true, true]
  )
})

test('BCL-23: a session that is not there is a success', async () => {
  expect((await tellOf({ sid: 'gone' })).status).toBe(200)
})

test.each(['sid', 'sub'] as const)(
  'BCL-23: 200 comes after the sessions of a %s are gone, however long that takes',
  async by => {
    const happened: string[] = []
    const { endBySid, endBySub } = store
    /** As a store behind a network: what it does is done some turns later. */
    const slowly = async <T>(end: () => Promise<T>): Promise<T> => {
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
      const ended = await end()
      happened.push('gone')
      return ended
    }
    store.endBySid = (...given) => slowly(() => endBySid(...given))
    store.endBySub = (...given) => slowly(() => endBySub(...given))
    await signedIn('one')
    const answer = await tellOf({ [by]: by === 'sid' ? 's-1' : 'u-ola' })
    happened.push(String(answer.status))
    expect(happened).toEqual(['gone', '200'])
    expect(await isThere('one')).toBe(false)
  }
)

test('BCL-22: not even after it has expired, while clocks that differ would still let it count', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const logout_token = await issuer.logoutToken({ sid: 's-1' })
  const again = (): Promise<Response> => tell(new URLSearchParams({ logout_token }))
  expect((await again()).status).toBe(200)
  vi.advanceTimersByTime(140_000)
  expect(await (await again()).json()).toMatchObject({ error_description: expect.stringContaining('jti') })
})

test('BCL-22: a token counts once', async () => {
  const logout_token = await issuer.logoutToken({ sid: 's-1' })
  expect((await tell(new URLSearchParams({ logout_token }))).status).toBe(200)
  const again = await tell(new URLSearchParams({ logout_token }))
  expect(again.status).toBe(400)
  expect(await again.json()).toMatchObject({ error: 'invalid_request', error_description: /jti/ })
})

test('a store that fails is not the token’s fault: 500, and the same token counts the next time', async () => {
  await signedIn('one')
  const { endBySid } = store
  store.endBySid = () => Promise.reject(new Error('disk full'))
  const logout_token = await issuer.logoutToken({ sid: 's-1' })
  const failed = await tell(new URLSearchParams({ logout_token }))
  expect(failed.status).toBe(500)
  expect(failed.headers.get('cache-control')).toBe('no-store')
  expect(errors).toMatchObject([{ message: 'disk full' }])
  store.endBySid = endBySid
  expect((await tell(new URLSearchParams({ logout_token }))).status).toBe(200)
  expect(await isThere('one')).toBe(false)
})

test('BCL-23, BCL-24: nothing but a form with one logout_token is read; the refusal is kept nowhere', async () => {
  const logout_token = await issuer.logoutToken({ sid: 's-1' })
  const form = (text: string): Promise<Response> =>
    tell(text, { 'content-type': 'application/x-www-form-urlencoded' })
  const answers = [
    await tell(JSON.stringify({ logout_token }), { 'content-type': 'application/json' }),
    await tell(`logout_token=${logout_token}`, { 'content-type': 'text/plain' }),
    await form(''),
    await form('logout_token='),
    await form(`logout_token=${logout_token}&logout_token=${logout_token}`),
    await form(`logout_token=${logout_token}&fill=${'x'.repeat(40_000)}`)
  ]
  for (const answer of answers) {
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await answer.json()).toEqual({ error: 'invalid_request', error_description: expect.any(String) })
  }
  // None of them used the token up; a charset is no other type, and further fields are none of ours.
  const good = await tell(`more=1&logout_token=${logout_token}`, {
    'content-type': 'Application/x-www-form-urlencoded; charset=utf-8'
  })
  expect(good.status).toBe(200)
})

test('a body without end is not read to its end', async () => {
  let sent = 0
  const endless = new ReadableStream({
    pull(controller) {
      sent += 8192
      controller.enqueue(new Uint8Array(8192))
    }
  })
  const answer = await tell(endless, { 'content-type': 'application/x-www-form-urlencoded' })
  expect(answer.status).toBe(400)
  expect(sent).toBeLessThan(100_000)
})

const file: Vectors = JSON.parse(readFileSync(new URL('vectors/logout-tokens.json', import.meta.url), 'utf8'))

test('BCL-21: every published vector over HTTP: 200 for the good, 400 for the others', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: file.now * 1000 })
  await auth.close()
  // The vectors speak of another issuer, whose addresses lead to the one that is here.
  const fetch = async (input: string | URL): Promise<Response> => {
    const { pathname } = new URL(input)
    if (pathname === '/jwks') return Response.json(file.jwks)
    const { origin } = issuer
    const answer = await globalThis.fetch(origin.replace('id.localhost', '127.0.0.1') + pathname)
    return new Response((await answer.text()).replaceAll(origin, file.issuer), {
      headers: { 'content-type': 'application/json' }
    })
  }
  for (const { name, valid, logout_token } of file.vectors) {
    store = memorySessions()
    auth = authWith({ issuer: file.issuer, client_id: file.client_id, fetch })
    const answer = await tell(new URLSearchParams({ logout_token }))
    expect(answer.status, name).toBe(valid ? 200 : 400)
    await auth.close()
  }
})

test('a registered algorithm is the only one', async () => {
  auth = authWith({ id_token_signed_response_alg: 'ES256' })
  expect((await tellOf({ sid: 's-1' })).status).toBe(400)
})

test('new keys of the issuer are found, and strangers make it read them at most every ten seconds', async () => {
  const jwksAsked = (): number => issuer.asked.filter(it => it.endsWith('/jwks')).length
  vi.useFakeTimers({ toFake: ['Date'] })
  expect((await tellOf({ sid: 's-1' })).status).toBe(200)
  expect(jwksAsked()).toBe(1)
  vi.advanceTimersByTime(5_000)
  // Nobody can know yet whether this key is new: the issuer shall try again.
  for (let i = 0; i < 5; i++) expect((await tellOf({ sid: 's-1' }, 'stranger-1')).status).toBe(503)
  expect(jwksAsked()).toBe(1)
  vi.advanceTimersByTime(6_000)
  expect((await tellOf({ sid: 's-1' }, 'stranger-1')).status).toBe(400)
  expect(jwksAsked()).toBe(2)
  issuer.publish('rsa-1', 'stranger-1')
  vi.advanceTimersByTime(11_000)
  expect((await tellOf({ sid: 's-1' }, 'stranger-1')).status).toBe(200)
  expect(jwksAsked()).toBe(3)
})

test('a stranger’s token from the future is 400 at once, and nothing that he sends fills the log', async () => {
  const now = Math.floor(Date.now() / 1000)
  vi.useFakeTimers({ toFake: ['Date'], now: now * 1000 })
  expect((await tellOf({ sid: 's-1' })).status).toBe(200)
  // The keys were read in this very second, so a key that is not among them by now never will be.
  for (const iat of [now, now + 29, now + 31, now + 1e9, 'soon', null])
    expect([iat, (await tellOf({ sid: 's-1', iat }, 'stranger-1')).status]).toEqual([iat, 400])
  vi.advanceTimersByTime(5_000)
  // Now it could be new; such as nobody can have signed yet counts as signed when it came.
  for (const iat of [now + 5, now + 34, now + 1e9])
    expect([iat, (await tellOf({ sid: 's-1', iat }, 'stranger-1')).status]).toEqual([iat, 503])
  expect(errors).toEqual([])
})

test.each(['/.well-known/openid-configuration', '/jwks'])(
  'an issuer that fails at %s: 503, and then it counts',
  async path => {
    await signedIn('one')
    const answer = issuer.answers.get(path)
    if (!answer) throw new Error(path)
    issuer.answers.set(path, 'cut')
    expect((await tellOf({ sid: 's-1' })).status).toBe(503)
    expect(errors).toHaveLength(1)
    issuer.answers.set(path, answer)
    expect((await tellOf({ sid: 's-1' })).status).toBe(200)
    expect(await isThere('one')).toBe(false)
  }
)
