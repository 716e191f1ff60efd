import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Browser } from '../support/browser.ts'
import {
  alive,
  authenticated,
  authorization,
  dead,
  redirectUriOf,
  type SignedIn,
  signIn,
  usesOf
} from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'

const folder = mkdtempSync(join(tmpdir(), 'utgang-'))
let here: TestSystem
let there: TestSystem

beforeAll(async () => {
  const storage = `sqlite:${join(folder, 'shared.db')}`
  here = await openSystem({ storage })
  there = await openSystem({ storage })
})
afterAll(async () => {
  await here.close()
  await there.close()
  rmSync(folder, { recursive: true })
})

type End = (signedIn: SignedIn, browser: Browser) => Promise<{ status: number }>

const ends: [string, string, End][] = [
  [
    'a redirect logout, for a client whose tokens end with the session',
    'market',
    (_it, browser) => browser.visit('/logout?client_id=market')
  ],
  [
    'a redirect logout with the token',
    'news',
    (it, browser) =>
      browser.go(`/logout?client_id=news&redirect_uri=${redirectUriOf('news')}&oauth_token=${it.accessToken}`)
  ],
  ['an API logout', 'news', it => here.ask('/api/2/logout', { bearer: it.accessToken })],
  [
    'revocation of the refresh token',
    'news',
    it => here.ask('/oauth/revoke', authenticated('news', { token: it.refreshToken }))
  ],
  [
    'the end of the session, server to server',
    'market',
    it => here.ask('/oauth/end_session', authenticated('market', { sid: it.sid }))
  ]
]

test.each(ends)(
  'after %s another process refuses the token from the very next request on',
  async (_what, client, end) => {
    const browser = here.browser()
    const signedIn = await signIn(here, browser, client)
    expect(await usesOf(there, signedIn)).toEqual(alive)
    expect((await end(signedIn, browser)).status).toBeLessThan(400)
    expect(await usesOf(there, signedIn)).toEqual(dead)
  }
)

test('a session that ended in one process opens no door in another', async () => {
  const browser = here.browser()
  const { sid } = await signIn(here, browser, 'forum')
  const cookie = `__Host-utgang=${browser.cookie('__Host-utgang')}`
  const ask = () =>
    there.ask('/sdk/session?client_id=forum', { headers: { cookie, origin: 'https://forum.example' } })
  expect((await ask()).json().status).toBe('connected')
  await here.ask('/oauth/end_session', authenticated('forum', { sid }))
  expect((await ask()).json().status).toBe('notConnected')
  const authorize = await there.ask(authorization('forum', { prompt: 'none' }).path, { headers: { cookie } })
  expect(authorize.location).toContain('error=login_required')
})

test('a code that one process gave out dies with the session that ended in another', async () => {
  const browser = here.browser()
  await signIn(here, browser, 'news')
  const { path, verifier } = authorization('news')
  const { location = '' } = await browser.visit(path)
  const code = new URL(location).searchParams.get('code') ?? ''
  await browser.visit('/logout?client_id=news')
  const form = {
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    redirect_uri: redirectUriOf('news')
  }
  expect((await there.ask('/oauth/token', authenticated('news', form))).json().error).toBe('invalid_grant')
})
