import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Cause } from '../../src/logout/causes.ts'
import { hashSecret } from '../../src/storage/secrets.ts'
import type { Browser } from '../support/browser.ts'
import { secretOf } from '../support/fixtures.ts'
import { authenticated, type SignedIn, signIn, token } from '../support/sign-in.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'
import { jwtClients, listAt, placeOf } from './jwt-kit.ts'

/*
 * Nothing writes a bit. Whatever ends a token, by whichever way, its bit turns by itself, because list and introspection
 * are read from the same rows.
 */

const api = 'https://api.example/'
const watcher = {
  client_id: 'watcher',
  client_secret: secretOf('watcher'),
  grant_types: ['client_credentials']
}
const config = {
  clients: [...jwtClients, watcher],
  resources: [{ resource: api, access_token_format: 'jwt', introspected_by: ['watcher'] }],
  lifetimes: { session_idle_seconds: 300 }
}

let at: TestSystem
beforeAll(async () => {
  at = await openSystem({ config })
})
afterAll(() => at.close())

interface Held {
  clientId: string
  accessToken: string
  refreshToken?: string
  browser?: Browser
  signedIn?: SignedIn
}

async function held(clientId: string, browser = at.browser(), email = 'ola@example.test'): Promise<Held> {
  const signedIn = await signIn(at, browser, clientId, { email, remember: false, params: { resource: api } })
  return { browser, signedIn, ...signedIn }
}

async function serverToken(): Promise<Held> {
  const answer = await token(at, 'backend', { grant_type: 'client_credentials', resource: api })
  return { clientId: 'backend', accessToken: String(answer.json().access_token) }
}

/** A list is gone once the last of its tokens has expired. */
function allExpired({ message }: Error): Awaited<ReturnType<typeof listAt>> {
  if (!message.startsWith('no list: 404')) throw new Error(message)
  return { asOf: 0, bit: () => 1 }
}

/** What a list says of each, and what introspection says, at one moment: alive or not. */
async function both(tokens: readonly Held[]): Promise<{ list: boolean[]; introspection: boolean[] }> {
  const lists = new Map<string, Awaited<ReturnType<typeof listAt>>>()
  const said = { list: [] as boolean[], introspection: [] as boolean[] }
  for (const { accessToken } of tokens) {
    const { idx, uri } = placeOf(accessToken)
    const list = lists.get(uri) ?? (await listAt(at, uri).catch(allExpired))
    lists.set(uri, list)
    said.list.push(list.bit(idx) === 0)
    const answer = await at.ask('/oauth/introspect', {
      form: { token: accessToken },
      basic: ['watcher', secretOf('watcher')]
    })
    said.introspection.push(answer.json().active === true)
  }
  return said
}

const end = (cause: Cause) => at.system.heart.end(cause)
const sessionOf = async (it: Held) => (it.browser && (await at.sessionOf(it.browser)))?.uid

/** Takes back what would keep later tests from signing in. */
async function enable(clientId: string): Promise<void> {
  const all = await at.storage.listClients()
  const row = all.find(it => it.clientId === clientId)
  if (!row || row.enabled) return
  const { enabled: _enabled, version: _version, ...client } = row
  await at.storage.saveClient(client, Math.floor(Date.now() / 1000))
}

interface Way {
  what: string
  clientId: string
  how(it: Held): Promise<unknown>
}

const ways: Way[] = [
  {
    what: 'a logout by redirect, of a client whose tokens end with the session',
    clientId: 'market',
    how: it => it.browser?.visit(`/logout?id_token_hint=${it.signedIn?.idToken}`) ?? Promise.reject()
  },
  {
    what: 'a logout by redirect that hands over the token',
    clientId: 'news',
    how: it => it.browser?.visit(`/logout?client_id=news&oauth_token=${it.accessToken}`) ?? Promise.reject()
  },
  {
    what: 'the logout by API',
    clientId: 'news',
    // By a token of the same grant that is for this server: one for another API ends nothing here.
    how: async it => {
      if (!it.browser) throw new Error('no browser')
      const { accessToken } = await signIn(at, it.browser, 'news')
      return at.ask('/api/2/logout', { bearer: accessToken })
    }
  },
  {
    what: 'revocation of the access token',
    clientId: 'news',
    how: it => at.ask('/oauth/revoke', authenticated('news', { token: it.accessToken }))
  },
  {
    what: 'revocation of the refresh token',
    clientId: 'news',
    how: it => at.ask('/oauth/revoke', authenticated('news', { token: String(it.refreshToken) }))
  },
  {
    what: 'the end of the session, server to server',
    clientId: 'market',
    how: it => at.ask('/oauth/end_session', authenticated('market', { sid: String(it.signedIn?.sid) }))
  },
  {
    what: 'an administrator who ends a user',
    clientId: 'news',
    how: () => end({ name: 'admin_user', sub: 'u-ola' })
  },
  {
    what: 'an administrator who ends everything',
    clientId: 'news',
    how: () => end({ name: 'admin_all' })
  },
  {
    what: 'a client that is disabled',
    clientId: 'forum',
    how: () => end({ name: 'client_disabled', clientId: 'forum' })
  },
  {
    what: 'the session’s time',
    clientId: 'market',
    how: async () => advance(301)
  }
]

describe('within status_list_seconds the list knows of', () => {
  test.each(ways.map(way => [way.what, way] as const))('%s', async (_what, { clientId, how }) => {
    advance(100)
    const tokens = [await held(clientId), await held('news', at.browser(), 'kari@example.test')]
    expect(await both(tokens)).toEqual({ list: [true, true], introspection: [true, true] })
    await how(tokens[0] as Held)
    advance(5)
    const after = await both(tokens)
    expect(after.list[0]).toBe(false)
    expect(after.list).toEqual(after.introspection)
    await enable(clientId)
  })
})

test('what a logout leaves alone it leaves alone in the list too', async () => {
  advance(500)
  const browser = at.browser()
  const tokens = [await held('market', browser), await held('news', browser), await serverToken()]
  await tokens[0]?.browser?.visit(`/logout?id_token_hint=${tokens[0]?.signedIn?.idToken}`)
  advance(5)
  expect(await both(tokens)).toEqual({ list: [false, true, true], introspection: [false, true, true] })
})

test('whatever happens, in whatever order: introspection and the bit agree on every token', async () => {
  const which = fc.nat({ max: 30 })
  const someone = fc.constantFrom('ola@example.test', 'kari@example.test')
  const operation = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.tuple(fc.constant('sign_in'), fc.constantFrom('news', 'market', 'forum'), someone)
    },
    { weight: 1, arbitrary: fc.tuple(fc.constant('server_token')) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('same_browser'), which, fc.constantFrom('news', 'market')) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('refresh'), which) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('redirect'), which) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('api'), which) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('revoke'), which) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('session'), which) },
    {
      weight: 1,
      arbitrary: fc.tuple(
        fc.constant('wide'),
        fc.constantFrom<Cause>(
          { name: 'admin_user', sub: 'u-ola' },
          { name: 'account_app', sub: 'u-kari', clientId: 'news' },
          { name: 'admin_client', clientId: 'backend' },
          { name: 'client_disabled', clientId: 'market' },
          { name: 'admin_all' }
        )
      )
    },
    { weight: 2, arbitrary: fc.tuple(fc.constant('time'), fc.constantFrom(20, 200, 301, 3000)) }
  )
  // Later than all that was before, so that no list is from after now.
  advance(1000)
  let dead = 0
  let alive = 0

  await fc.assert(
    fc.asyncProperty(fc.array(operation, { minLength: 2, maxLength: 10 }), async operations => {
      const tokens: Held[] = [await held('market')]
      const pick = (n: unknown): Held => tokens[Number(n) % tokens.length] as Held
      for (const [name, first, second] of operations) {
        if (name === 'sign_in') tokens.push(await held(String(first), at.browser(), String(second)))
        else if (name === 'server_token') tokens.push(await serverToken())
        else if (name === 'same_browser') {
          const { browser } = pick(first)
          if (browser && (await at.sessionOf(browser))) tokens.push(await held(String(second), browser))
        } else if (name === 'refresh') {
          const { clientId, refreshToken = '' } = pick(first)
          const answer = await token(at, clientId, {
            grant_type: 'refresh_token',
            refresh_token: refreshToken
          })
          if (answer.status === 200)
            tokens.push({ clientId, accessToken: String(answer.json().access_token), refreshToken })
        } else if (name === 'redirect') {
          const { browser, clientId, signedIn } = pick(first)
          await browser?.visit(`/logout?client_id=${clientId}&id_token_hint=${signedIn?.idToken}`)
        } else if (name === 'api') {
          const presented = await at.storage.findToken(
            hashSecret(pick(first).accessToken),
            Math.floor(Date.now() / 1000)
          )
          if (presented) await end({ name: 'api', presented })
        } else if (name === 'revoke') {
          const { clientId, accessToken } = pick(first)
          await at.ask('/oauth/revoke', authenticated(clientId, { token: accessToken }))
        } else if (name === 'session') {
          const uid = await sessionOf(pick(first))
          if (uid) await end({ name: 'admin_session', sessionUid: uid })
        } else if (name === 'wide') await end(first as Cause)
        else advance(Number(first))
        if (name === 'wide') await enable('market')
        advance(5)
        const said = await both(tokens)
        expect(said.list, JSON.stringify(operations)).toEqual(said.introspection)
        dead += said.list.filter(it => !it).length
        alive += said.list.filter(it => it).length
      }
    }),
    { numRuns: 12 }
  )
  // Something was seen of both.
  expect(dead).toBeGreaterThan(20)
  expect(alive).toBeGreaterThan(20)
}, 120_000)
