import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createAuth } from '../src/index.ts'
import { type App, endSession, openApp, unreachable } from './support/app.ts'

let app: App
beforeEach(async () => {
  app = await openApp()
  await app.person.signIn(app.origin)
})
afterEach(async () => {
  vi.useRealTimers()
  await app?.close()
})

const open = () => app.person.listen(`${app.origin}/auth/events`)

test('it begins at once, says how long to wait before coming back, and lets nobody keep or compress it', async () => {
  const stream = await open()
  expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(stream.headers.get('cache-control')).toBe('no-store, no-transform')
  await app.auth.close()
  expect(await stream.next()).toBe(undefined)
  expect(stream.text()).toMatch(/^retry: [3-6]\d\d\d\n\n$/)
})

test('every tab of a browser hears, another browser’s does not', async () => {
  const other = app.person.copy()
  other.cookies(app.origin).clear()
  other.cookies(app.issuer.issuer).clear()
  await other.signIn(app.origin, 'kari')
  const streams = [await open(), await open(), await open()]
  const theirs = await other.listen(`${app.origin}/auth/events`)
  await app.issuer.endAllOf('u-ola')
  for (const stream of streams) {
    expect(await stream.next()).toEqual({ event: 'logout', data: { by: 'back_channel' } })
    expect(await stream.next()).toBe(undefined)
  }
  await other.post(`${app.origin}/auth/logout`)
  expect(await theirs.next()).toEqual({ event: 'logout', data: { by: 'logout' } })
})

test('a logout that failed is none', async () => {
  const stream = await open()
  app.before.set(endSession, unreachable)
  expect((await app.person.post(`${app.origin}/auth/logout`)).status).toBe(502)
  app.before.clear()
  await app.issuer.endAllOf('u-ola')
  // The first thing that it heard.
  expect(await stream.next()).toEqual({ event: 'logout', data: { by: 'back_channel' } })
})

test('a new sign-in of this browser ends it without a logout: it comes back with the new cookie', async () => {
  const stream = await open()
  await app.person.signIn(app.origin)
  expect(await stream.next()).toBe(undefined)
  const again = await open()
  await app.issuer.endAllOf('u-ola')
  expect(await again.next()).toEqual({ event: 'logout', data: { by: 'back_channel' } })
})

test('a session that expires is told, too', async () => {
  const { find } = app.store
  app.store.find = async key => {
    const session = await find(key)
    return session && { ...session, expiresAt: Math.floor(Date.now() / 1000) + 1 }
  }
  expect(await (await open()).next()).toEqual({ event: 'logout', data: { by: 'expired' } })
})

test('a session that ends in the moment in which its stream begins is not missed', async () => {
  const { find } = app.store
  let asked = 0
  app.store.find = async key => (++asked > 1 ? undefined : find(key))
  expect((await open()).status).toBe(204)
})

test('a sign of life every 25 seconds', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const stream = await open()
  vi.advanceTimersByTime(51_000)
  await app.auth.close()
  await stream.next()
  expect(
    stream
      .text()
      .split('\n\n')
      .filter(it => it === ':')
  ).toHaveLength(2)
})

test('more than twenty of one session are too many', async () => {
  for (let i = 0; i < 20; i++) expect((await open()).status).toBe(200)
  expect((await open()).status).toBe(429)
})

test.each(['cross-site', 'same-site'])('pages of others hear nothing (%s)', async site => {
  const answer = await app.person.ask(`${app.origin}/auth/events`, { headers: { 'sec-fetch-site': site } })
  expect(answer.status).toBe(403)
})

test('on_ended hears of every end, with its reason', async () => {
  await app.close()
  const ended: unknown[] = []
  app = await openApp({ on_ended: it => void ended.push(it) })
  await app.person.signIn(app.origin)
  await app.person.post(`${app.origin}/auth/logout`)
  expect(ended).toEqual([{ keys: [expect.stringMatching(/^[\w-]{43}$/)], by: 'logout' }])
})

test('a page that reads nothing keeps no other page, and nobody else, from hearing of the logout', async () => {
  const ended: string[] = []
  const auth = createAuth({
    ...{
      issuer: 'https://id.example',
      client_id: 'site',
      client_secret: 's',
      origin: 'https://site.example'
    },
    sessions: app.store,
    on_ended: ({ by }) => void ended.push(by)
  })
  const cookie = `__Host-utgang-rp=${app.person.cookies(app.origin).get('utgang-rp')}`
  const listen = async () => {
    const response = await auth.handle(
      new Request('https://site.example/auth/events', { headers: { cookie } })
    )
    return response?.body?.getReader()
  }
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  await listen()
  // As many signs of life as are kept for it: the logout is what it is given up with.
  vi.advanceTimersByTime(21 * 25_000)
  const other = await listen()
  await app.issuer.endAllOf('u-ola')
  await expect.poll(() => ended).toEqual(['back_channel'])
  let heard = ''
  for (let read = await other?.read(); read && !read.done; read = await other?.read())
    heard += new TextDecoder().decode(read.value)
  expect(heard).toContain('event: logout')
  await auth.close()
})
