import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RpSession } from '../src/index.ts'
import { type App, endSession, openApp, unreachable } from './support/app.ts'

let app: App
beforeEach(async () => {
  app = await openApp({}, { tokens_end_with_session: true })
  await app.person.signIn(app.origin)
})
afterEach(() => app?.close())

const tokenEndpoint = '/oauth/token'
const refreshes = (): number => app.asked.filter(it => it === tokenEndpoint).length - 1

/** What the application does in a handler. */
const accessToken = (auth = app.auth): Promise<string | undefined> => {
  const cookie = [...app.person.cookies(app.origin)].map(it => it.join('=')).join('; ')
  return auth.accessToken({ headers: { cookie } })
}

/** Lets the stored token be about to expire. */
async function age(more: Partial<RpSession> = {}): Promise<void> {
  const [key, session] = await app.entry()
  const accessTokenExpiresAt = Math.floor(Date.now() / 1000) + 10
  await app.store.replace(key, { ...session, accessTokenExpiresAt, ...more })
}

async function works(token: string | undefined): Promise<boolean> {
  const { status } = await app.issuer.ask('/oauth/userinfo', { bearer: token })
  return status === 200
}

test('one that is good is given as it is', async () => {
  const token = await accessToken()
  expect(await works(token)).toBe(true)
  expect(await accessToken()).toBe(token)
  expect(refreshes()).toBe(0)
})

test('one that is about to expire is refreshed, once for all who ask at the same time', async () => {
  const before = await accessToken()
  await age()
  const [first, ...others] = await Promise.all([accessToken(), accessToken(), accessToken()])
  expect(first).not.toBe(before)
  expect(await works(first)).toBe(true)
  expect(others).toEqual([first, first])
  expect(refreshes()).toBe(1)
  expect(await accessToken()).toBe(first)
  expect(refreshes()).toBe(1)
})

test('a refusal ends nothing: no token, still signed in, and the issuer is not asked again', async () => {
  await age({ refreshToken: 'x' })
  expect(await accessToken()).toBe(undefined)
  expect(await app.me()).toBe('u-ola')
  expect(await accessToken()).toBe(undefined)
  expect(refreshes()).toBe(1)
})

test('an issuer that cannot be reached is an error, and the next attempt works', async () => {
  await age()
  app.before.set(tokenEndpoint, unreachable)
  await expect(accessToken()).rejects.toMatchObject({ name: 'AuthError', code: 'issuer_unreachable' })
  app.before.clear()
  expect(await works(await accessToken())).toBe(true)
})

test('a refresh that brings somebody else’s tokens is none of this session', async () => {
  const kari = app.person.copy()
  for (const origin of [app.origin, app.issuer.issuer]) kari.cookies(origin).clear()
  await kari.signIn(app.origin, 'kari')
  const key = createHash('sha256')
    .update(kari.cookies(app.origin).get('utgang-rp') ?? '')
    .digest('base64url')
  const { refreshToken } = (await app.store.find(key)) ?? {}
  expect(refreshToken).toEqual(expect.any(String))
  await age({ refreshToken })
  await expect(accessToken()).rejects.toMatchObject({ name: 'AuthError', code: 'issuer_refused' })
  expect((await app.entry())[1]).toMatchObject({ sub: 'u-ola', refreshToken })
})

test('a session that ends while its token is refreshed is not made again', async () => {
  await age()
  app.after.set(tokenEndpoint, async () => {
    const { sid = '' } = (await app.person.ask(`${app.origin}/auth/session`)).json<{ sid?: string }>()
    await app.store.endBySid(app.issuer.issuer, sid, 'back_channel')
  })
  expect(await accessToken()).toBe(undefined)
  expect(await app.me()).toBe(null)
})

test('a logout that asks the issuer meanwhile is not undone by the refresh', async () => {
  await age()
  app.after.set(tokenEndpoint, async () => {
    app.after.clear()
    const asked = Promise.withResolvers<void>()
    app.before.set(endSession, () => {
      asked.resolve()
      return release.promise
    })
    loggingOut = app.person.copy().post(`${app.origin}/auth/logout`)
    await asked.promise
  })
  const release = Promise.withResolvers<void>()
  let loggingOut: Promise<unknown> | undefined
  expect(await accessToken()).toEqual(expect.any(String))
  expect(await app.me()).toBe(null)
  release.resolve()
  await loggingOut
})

test('a stranger has none', async () => {
  app.person.cookies(app.origin).clear()
  expect(await accessToken()).toBe(undefined)
})
