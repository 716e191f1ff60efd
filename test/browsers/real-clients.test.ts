import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openSystem, type TestSystem } from '../../packages/server/test/support/system.ts'
import { settings } from './support/browsers.ts'
import type { Engine, Reach, Tab } from './support/engine.ts'
import { type Network, openNetwork, passOnTo } from './support/network.ts'
import { bundleSchibstedSdk, type OldReply, type OldWindow, oldPages } from './support/old-pages.ts'
import {
  ask,
  calledBack,
  heard,
  isAt,
  loadWithoutTag,
  schibstedFacts,
  schibstedSession
} from './support/old-tabs.ts'
import { until } from './support/world.ts'

const issuer = 'https://id.utgang.test'
const news = 'https://news.test'
const evil = 'https://evil.example'
const clientId = 'news'
const ownPage = `${news}/tags`
const own = { clientId, redirectUri: ownPage }
const secret = 'the secret of news in the browser tests'
const user = {
  sub: '4711',
  email: 'ola@example.test',
  name: 'Ola </script> Nordmann',
  password: 'a password of the browser tests'
}

let at: TestSystem
let network: Network
beforeAll(async () => {
  at = await openSystem({
    config: {
      issuer,
      clients: [
        {
          client_id: clientId,
          client_secret: secret,
          // SPiD's clients know neither PKCE nor a scope of their own.
          require_pkce: false,
          redirect_uris: ['/schibsted', '/spid', '/tags'].map(path => news + path),
          sdk: true,
          legacy_jsonp: true
        }
      ],
      users: [user],
      trust_proxy: ['127.0.0.1']
    }
  })
  const schibstedSdk = await bundleSchibstedSdk()
  network = await openNetwork({
    [new URL(issuer).hostname]: passOnTo(() => Number(new URL(at.origin).port)),
    [new URL(news).hostname]: oldPages({ issuer, origin: news, clientId }, schibstedSdk),
    [new URL(evil).hostname]: oldPages({ issuer, origin: evil, clientId }, schibstedSdk)
  })
})
afterAll(async () => {
  await network?.close()
  await at?.close()
})

const chromium = settings.filter(it => it.engine === 'Chromium')
describe.each(chromium)('$engine, $policy', ({ start, sendsCookie }) => {
  describe.skipIf(!start)('clients of SPiD’s time, as they are', () => {
    let engine: Engine
    let tab: Tab
    beforeEach(async () => {
      engine = await (start as (reach: Reach) => Promise<Engine>)(network)
      tab = await engine.newTab()
    })
    afterEach(() => engine.close())

    test('account-sdk-browser 5.1.1 signs in, knows its session, and after its logout knows none', async () => {
      const page = `${news}/schibsted`
      await tab.goto(page)
      expect(await schibstedSession(tab)).toEqual({ code: 400 })
      await tab.evaluate(() => (window as unknown as OldWindow).identity.login({ state: 'a state' }))
      await giveTheCredentials(tab)
      await until(() => isAt(tab, `${page}?`))
      const { searchParams } = new URL(await tab.url())
      expect(searchParams.get('state')).toBe('a state')
      const tokens = await redeem(searchParams.get('code') ?? '', page)
      expect(tokens).toEqual({ status: 200, userId: '4711' })

      expect(await schibstedSession(tab)).toEqual(
        sendsCookie
          ? {
              session: {
                ...told,
                pairId: expect.any(String),
                sdrn: 'sdrn:id.utgang.test:user:4711'
              }
            }
          : { code: 400 }
      )
      expect(await heard(tab)).toEqual(
        sendsCookie
          ? [
              ['login', 4711],
              ['sessionChange', 4711],
              ['sessionInit', 4711],
              ['statusChange', 4711]
            ]
          : [['error', 400]]
      )
      expect(await schibstedFacts(tab)).toEqual(
        sendsCookie
          ? {
              isLoggedIn: true,
              isConnected: true,
              userId: 4711,
              externalId: expect.stringMatching(/^[0-9a-f]{64}$/)
            }
          : { isLoggedIn: false, isConnected: false, userId: null, externalId: null }
      )

      const session = await liveSession()
      await tab.evaluate(() => (window as unknown as OldWindow).identity.logout())
      await until(async () => (await isAt(tab, page)) && !(await isLive(session)))
      const gone = { code: sendsCookie ? 404 : 400 }
      expect(await schibstedSession(tab)).toEqual(gone)
      expect((await schibstedFacts(tab)).isLoggedIn).toBe(false)
      const other = await engine.newTab()
      await other.goto(page)
      expect(await schibstedSession(other)).toEqual(gone)
    })

    test('a page as SPiD’s documentation shows it, with our script: links, events and callbacks as it promises', async () => {
      const page = `${news}/spid`
      await tab.goto(page)
      await until(async () => (await heard(tab)).length >= 2)
      expect(await heard(tab)).toEqual([
        ['notLoggedin', null],
        ['sessionChange', null]
      ])
      expect(await calledBack(tab)).toEqual([
        { code: 401, type: 'UserException', description: 'No session found!' },
        expect.objectContaining({ result: false })
      ])

      await tab.click('#sign-in')
      await giveTheCredentials(tab)
      await until(() => isAt(tab, `${page}?code=`))
      if (sendsCookie) {
        await until(async () => (await heard(tab)).length >= 4)
        expect((await heard(tab)).map(([name]) => name)).toEqual([
          'login',
          'statusChange',
          'sessionInit',
          'sessionChange'
        ])
        expect(await calledBack(tab)).toEqual([
          null,
          expect.objectContaining({ result: true, userStatus: 'connected', displayName: user.name })
        ])
      } else await until(async () => (await calledBack(tab)) !== undefined)

      const session = await liveSession()
      const before = sendsCookie ? (await heard(tab)).length : 0
      await tab.click('#out')
      // Where the browser keeps the cookie back the script leaves for the server and comes back by itself.
      if (!sendsCookie) await until(async () => (await tab.url()) === page)
      await until(async () => (await heard(tab)).length >= before + 3)
      expect(await isLive(session)).toBe(false)
      expect((await heard(tab)).slice(before, before + 3)).toEqual([
        ['logout', null],
        ['statusChange', null],
        ['sessionChange', null]
      ])
      if (sendsCookie)
        expect(await calledBack(tab)).toEqual([null, expect.objectContaining({ result: true })])
    })

    test('the link of SPiD_Uri.logout ends the session and comes back', async () => {
      await signIn(tab, 'spid')
      const session = await liveSession()
      await until(() =>
        tab.evaluate(() => (document.getElementById('sign-out') as HTMLAnchorElement).href !== '')
      )
      await tab.click('#sign-out')
      await until(async () => (await isAt(tab, `${news}/spid`)) && !(await isLive(session)))
      await until(async () => (await calledBack(tab)) !== undefined)
      expect((await calledBack(tab))?.[1]).toMatchObject({ result: false })
    })

    test('script tags as sdk-js makes them: the session and the logout, where the browser sends the cookie', async () => {
      await signIn(tab, 'tags')
      const session = await liveSession()
      const connected = sendsCookie ? told : noSession
      for (const path of ['/rpc/hasSession.js', '/ajax/hasSession.js'])
        expect(await ask(tab, path, own)).toEqual(connected)
      // Without a cookie nothing is known, so nothing is claimed.
      expect(await ask(tab, '/ajax/logout.js', own)).toEqual(
        sendsCookie
          ? { result: true, serverTime: expect.any(Number), receipt: expect.any(String) }
          : noSession
      )
      expect(await isLive(session)).toBe(!sendsCookie)
      expect(await ask(tab, '/ajax/hasSession.js', own)).toEqual(noSession)
    })

    test('a page that tells no referrer is refused, one that tells its origin alone is not', async () => {
      await signIn(tab, 'tags')
      const asked = async (policy: string): Promise<OldReply> => {
        await tab.goto(`${news}/tags?policy=${policy}`)
        return ask(tab, '/ajax/hasSession.js', own)
      }
      expect((await asked('no-referrer')).error?.code).toBe(403)
      expect(await asked('strict-origin')).toEqual(sendsCookie ? told : noSession)
      expect(await asked('unsafe-url')).toEqual(sendsCookie ? told : noSession)
    })

    test('a stranger’s page learns nothing and signs nobody out; nor does the client’s own by anything but a tag', async () => {
      await signIn(tab, 'tags')
      const session = await liveSession()
      await tab.goto(`${evil}/tags`)
      for (const path of ['/ajax/hasSession.js', '/rpc/hasSession.js', '/ajax/logout.js'])
        for (const redirectUri of [ownPage, `${evil}/tags`]) {
          const reply = await ask(tab, path, { clientId, redirectUri })
          expect(reply).toMatchObject({ error: { code: 403 }, response: { result: false } })
          expect(JSON.stringify(reply)).not.toContain('Ola')
        }
      const query = new URLSearchParams({ callback: 'f1', client_id: clientId, redirect_uri: ownPage })
      for (const page of [`${evil}/tags`, ownPage]) {
        await tab.goto(page)
        await loadWithoutTag(tab, `${issuer}/ajax/logout.js?${query}`)
        expect(await isLive(session)).toBe(true)
      }
      // The control: the client's own tag does, where the cookie comes along.
      await ask(tab, '/ajax/logout.js', own)
      expect(await isLive(session)).toBe(!sendsCookie)
    })
  })
})

/** What both clients are told of the session. */
const told = {
  result: true,
  serverTime: expect.any(Number),
  expiresIn: 60,
  userStatus: 'connected',
  userId: 4711,
  uuid: expect.any(String),
  displayName: user.name,
  clientAgreementAccepted: true,
  defaultAgreementAccepted: true
}

const noSession = {
  error: { code: 401, type: 'UserException', description: 'No session found!' },
  response: expect.objectContaining({ result: false, userStatus: 'unknown' })
}

/** Signs in from a page of the client, by SPiD's own address for it. */
async function signIn(tab: Tab, page: string): Promise<void> {
  const query = new URLSearchParams({ client_id: clientId, redirect_uri: `${news}/${page}` })
  await tab.goto(`${issuer}/flow/login?${query}`)
  await giveTheCredentials(tab)
  await until(() => isAt(tab, `${news}/${page}?code=`))
}

async function giveTheCredentials(tab: Tab): Promise<void> {
  await until(async () => (await tab.url()).startsWith(`${issuer}/sign-in`))
  await tab.type('[name=login]', user.email)
  await tab.type('[name=password]', user.password)
  await tab.click('#sign-in')
  await until(async () => !(await tab.url()).startsWith(issuer))
}

/** Redeems a code as a site's backend of that time does. */
async function redeem(code: string, redirectUri: string): Promise<{ status: number; userId: unknown }> {
  const form = {
    client_id: clientId,
    client_secret: secret,
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri
  }
  const answer = await at.ask('/oauth/token', { form })
  return { status: answer.status, userId: answer.json().user_id }
}

const now = (): number => Math.floor(Date.now() / 1000)

/** The newest session, which lives. */
async function liveSession(): Promise<string> {
  const [newest] = await at.storage.listSessions({ sub: user.sub, limit: 1 }, now())
  expect(newest?.live).toBe(true)
  return newest?.uid ?? ''
}

const isLive = async (uid: string): Promise<boolean> =>
  (await at.storage.findSession(uid, now())) !== undefined
