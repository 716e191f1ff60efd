import { afterAll, beforeAll, expect, test } from 'vitest'
import { clients } from '../support/fixtures.ts'
import { dead, signIn, usesOf } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'
import { asks, isLive, signedIn } from './redirect-kit.ts'

/** An app, with the addresses that SPiD's mobile SDKs come back to. */
const app = '4cf36fa274dea2117e030000'
const native = {
  client_id: app,
  application_type: 'native',
  redirect_uris: ['spidapp://spid/login', 'spidapp://spid/logout', 'spidapp://login'],
  scope: 'openid'
}

let at: TestSystem
beforeAll(async () => {
  at = await openSystem({ config: { clients: [...clients, native] } })
})
afterAll(() => at.close())

const after = 'https://news.example/after?way=out'
const escaped = encodeURIComponent(after)

/** The addresses as SPiD's own clients build them, and where they expect to end. */
const requests: [who: string, query: (token: string) => string, location: string][] = [
  ['sdk-js', () => `response_type=code&client_id=news&redirect_uri=${escaped}`, after],
  ['account-sdk-browser 3', () => `client_id=news&redirect_uri=${escaped}&response_type=code`, after],
  [
    'account-sdk-browser 5',
    () => `client_sdrn=sdrn%3Aundefined%3Aclient%3Anews&redirect_uri=${escaped}&sdk_version=5.1.1`,
    after
  ],
  [
    'account-sdk-browser 5 of a named environment',
    () => `client_sdrn=sdrn%3Aschibsted.com%3Aclient%3Anews&redirect_uri=${escaped}&sdk_version=5.2.5`,
    after
  ],
  ['sdk-php', token => `redirect_uri=${escaped}&oauth_token=${token}&v=2.5.2`, after],
  [
    'sdk-php, in a Location header',
    token => `redirect_uri=${escaped}&amp;oauth_token=${token}&amp;v=2.5.2`,
    after
  ],
  ['sdk-php without a session', () => `redirect_uri=${escaped}&oauth_token=news&v=2.5.2`, after],
  [
    'sdk-php without a session, in a Location header',
    () => `redirect_uri=${escaped}&amp;oauth_token=news&amp;v=2.5.2`,
    after
  ],
  ['sdk-java', token => `redirect_uri=${escaped}&oauth_token=${token}`, after],
  ['spid-client-java', token => `oauth_token=${token}&redirect_uri=${escaped}`, after],
  [
    'the iOS SDK',
    () => `client_id=${app}&redirect_uri=spidapp%3A%2F%2Fspid%2Flogout&platform=mobile&force=1`,
    'spidapp://spid/logout'
  ],
  ['account-sdk-android, without an address', () => `client_id=${app}`, '/logout/signed-out'],
  [
    'account-sdk-ios',
    () => `client_id=${app}&redirect_uri=spidapp%3A%2F%2Fspid%2Flogout`,
    'spidapp://spid/logout'
  ]
]
test.each(requests)('%s logs out and comes back, unchanged', async (_who, query, location) => {
  const browser = at.browser()
  const { accessToken } = await signIn(at, browser, 'news')
  const answer = await browser.go(`/logout?${query(accessToken)}`)
  expect(answer).toMatchObject({ status: 303, location })
  expect(await at.sessionOf(browser)).toBeUndefined()
})

test.each(requests)('%s gets the same answer where nobody is signed in', async (_who, query, location) => {
  const { accessToken } = await signIn(at, at.browser(), 'news')
  const answer = await at.browser().go(`/logout?${query(accessToken)}`, { from: 'cross-site' })
  expect(answer).toMatchObject({ status: 303, location })
})

test.each(requests.filter(([who]) => /sdk-js|account-sdk-browser/.test(who)))(
  "%s, as a link on the client's own page, needs no click",
  async (_who, query, location) => {
    const person = await signedIn(at)
    const headers = { referer: 'https://news.example/' }
    const answer = await person.browser.go(`/logout?${query('')}`, { from: 'cross-site', headers })
    expect(answer.location).toBe(location)
    expect(await isLive(at, person)).toBe(false)
  }
)

test('sdk-php, sent on by its site, proves itself with the token', async () => {
  const browser = at.browser()
  const tokens = await signIn(at, browser, 'news')
  const path = `/logout?redirect_uri=${escaped}&amp;oauth_token=${tokens.accessToken}&amp;v=2.5.2`
  expect((await browser.go(path, { from: 'cross-site' })).location).toBe(after)
  expect(await usesOf(at, tokens)).toEqual(dead)
})

test('sdk-android, which drops its token first and sends nothing, gets a page that asks', async () => {
  const person = await signedIn(at)
  expect(asks(await person.browser.go('/logout'))).toBe(true)
})

test('sdk-android comes back to its app by the scheme', async () => {
  const browser = at.browser()
  const token = 'of-long-ago'
  const path = `/logout?client_id=${app}&redirect_uri=spidapp%3A%2F%2Flogin&oauth_token=${token}`
  expect((await browser.go(path)).location).toBe('spidapp://login')
})

test('the logout by script and then by redirect, as sites are told to do, ends in the same place', async () => {
  const person = await signedIn(at)
  await person.browser.go('/logout?client_id=news')
  const answer = await person.browser.go(`/logout?client_id=news&redirect_uri=${escaped}`)
  expect(answer.location).toBe(after)
})
