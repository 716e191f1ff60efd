import { afterEach, expect, test, vi } from 'vitest'
import { type App, openApp, unreachable } from './support/app.ts'

let app: App
afterEach(async () => {
  vi.useRealTimers()
  await app?.close()
})

const receipts = '/logout/receipts'
const status = async (): Promise<unknown> =>
  (await app.person.ask(`${app.origin}/auth/session`)).json().status

/** An application that is told nothing. */
const untold = { backchannel_logout_uri: undefined }

test('who is signed in, in the words of the browser SDK', async () => {
  app = await openApp()
  await app.person.signIn(app.origin)
  const answer = await app.person.ask(`${app.origin}/auth/session`)
  const now = Math.floor(Date.now() / 1000)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  const { server_time, expires_at, ...rest } = answer.json<Record<string, number>>()
  expect(rest).toEqual({
    status: 'connected',
    user_id: 'u-ola',
    display_name: 'ola Nordmann',
    sid: expect.any(String),
    cache_seconds: 0
  })
  expect(Math.abs((server_time ?? 0) - now)).toBeLessThan(3)
  expect(Math.abs((expires_at ?? 0) - now - 43_200)).toBeLessThan(3)
})

test('a logout elsewhere is found by asking, though no Logout Token came; the cookie goes', async () => {
  app = await openApp({}, untold)
  await app.person.signIn(app.origin)
  await app.issuer.endAllOf('u-ola')
  expect(await app.me()).toBe('u-ola')
  expect(await status()).toBe('notConnected')
  expect(await app.me()).toBe(null)
  expect(app.person.cookies(app.origin).has('utgang-rp')).toBe(false)
})

test('the issuer is asked about a session at most every ten seconds', async () => {
  app = await openApp({}, untold)
  await app.person.signIn(app.origin)
  vi.useFakeTimers({ toFake: ['Date'] })
  const asked = (): number => app.asked.filter(it => it === receipts).length
  for (let i = 0; i < 5; i++) expect(await status()).toBe('connected')
  expect(asked()).toBe(1)
  vi.advanceTimersByTime(8_000)
  expect(await status()).toBe('connected')
  expect(asked()).toBe(1)
  vi.advanceTimersByTime(3_000)
  for (let i = 0; i < 5; i++) expect(await status()).toBe('connected')
  expect(asked()).toBe(2)
  await app.issuer.endAllOf('u-ola')
  vi.advanceTimersByTime(11_000)
  expect(await status()).toBe('notConnected')
})

test('an issuer that cannot be reached signs nobody out, and is left in peace for ten seconds', async () => {
  app = await openApp({}, untold)
  const other = app.person.copy()
  await app.person.signIn(app.origin)
  await other.signIn(app.origin, 'kari')
  app.before.set(receipts, unreachable)
  for (let i = 0; i < 5; i++) expect(await status()).toBe('connected')
  expect((await other.ask(`${app.origin}/auth/session`)).json().status).toBe('connected')
  expect(app.asked.filter(it => it === receipts)).toHaveLength(1)
})

test('a session that has expired is nobody’s', async () => {
  app = await openApp({ session_seconds: 60 })
  await app.person.signIn(app.origin)
  vi.useFakeTimers({ toFake: ['Date'] })
  expect(await app.me()).toBe('u-ola')
  vi.advanceTimersByTime(61_000)
  expect(await app.me()).toBe(null)
  expect(await status()).toBe('notConnected')
})

test('a store that fails lets nobody in: the page fails', async () => {
  app = await openApp()
  await app.person.signIn(app.origin)
  app.store.find = () => Promise.reject(new Error('disk full'))
  expect((await app.person.ask(`${app.origin}/me`)).status).toBe(500)
  expect((await app.person.ask(`${app.origin}/auth/session`)).status).toBe(500)
  expect(app.errors).toMatchObject([{ message: 'disk full' }])
})
