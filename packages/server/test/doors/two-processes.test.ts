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

/** One way out, taken at one of the servers. */
interface WayOut {
  what: string
  client: string
  end(signedIn: SignedIn, browser: Browser): Promise<{ status: number }>
  /** What the token can still be used for. */
  after: typeof dead
  session: 'ended' | 'stays'
}

const revoke = (clientId: string, value: string) =>
  here.ask('/oauth/revoke', authenticated(clientId, { token: value }))

const waysOut: WayOut[] = [
  {
    what: 'a redirect logout, for a client whose tokens end with the session',
    client: 'market',
    end: (_it, browser) => browser.visit('/logout?client_id=market'),
    after: dead,
    session: 'ended'
  },
  {
    what: 'a redirect logout with the token',
    client: 'news',
    end: (it, browser) =>
      browser.go(
        `/logout?client_id=news&redirect_uri=${redirectUriOf('news')}&oauth_token=${it.accessToken}`
      ),
    after: dead,
    session: 'ended'
  },
  {
    what: 'the end of the session, server to server',
    client: 'market',
    end: it => here.ask('/oauth/end_session', authenticated('market', { sid: it.sid })),
    after: dead,
    session: 'ended'
  },
  {
    what: 'an API logout',
    client: 'news',
    end: it => here.ask('/api/2/logout', { bearer: it.accessToken }),
    after: dead,
    session: 'stays'
  },
  {
    what: 'revocation of the refresh token',
    client: 'news',
    end: it => revoke('news', it.refreshToken),
    after: dead,
    session: 'stays'
  },
  {
    what: 'revocation of the access token',
    client: 'news',
    end: it => revoke('news', it.accessToken),
    after: { ...dead, refresh: 200 },
    session: 'stays'
  }
]

test.each(waysOut.map(way => [way.what, way] as const))(
  'after %s another process refuses the token from the very next request on',
  async (_what, { client, end, after, session }) => {
    const browser = here.browser()
    const signedIn = await signIn(here, browser, client)
    // As somebody would who kept a copy of the cookie.
    const cookie = `__Host-utgang=${browser.cookie('__Host-utgang')}`
    const silently = () => there.ask(authorization(client, { prompt: 'none' }).path, { headers: { cookie } })
    expect(await usesOf(there, signedIn)).toEqual(alive)
    expect((await silently()).location).toContain('code=')
    expect((await end(signedIn, browser)).status).toBeLessThan(400)
    expect(await usesOf(there, signedIn)).toEqual(after)
    expect((await silently()).location).toContain(session === 'ended' ? 'error=login_required' : 'code=')
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
