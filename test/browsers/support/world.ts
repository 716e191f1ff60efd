import type * as openid from 'openid-client'
import { fetch as undiciFetch } from 'undici'
import { openSystem, type TestSystem } from '../../../packages/server/test/support/system.ts'
import type { Reach, Tab } from './engine.ts'
import { type Host, openNetwork, passOnTo } from './network.ts'
import { newSite, type Site } from './site.ts'

/** The identity server and three sites, as browsers see them; strangers if a test brings some. */
export interface World extends Reach {
  at: TestSystem
  news: Site
  market: Site
  /** Of the identity server's own site. */
  www: Site
  close(): Promise<void>
}

/** The identity server. */
export const issuer = 'https://id.utgang.test'
/** Of nobody we know, on the identity server's own site. */
export const sibling = 'https://blog.utgang.test'
/** Of nobody we know. */
export const evil = 'https://evil.example'
const origins = {
  news: 'https://news.test',
  market: 'https://market.example',
  www: 'https://www.utgang.test'
}

const user = {
  sub: 'u-ola',
  email: 'ola@example.test',
  name: 'Ola Nordmann',
  password: 'a password of the browser tests'
}

const secretOf = (clientId: string): string => `${clientId}-secret-of-the-browser-tests`

/**
 * The pages of the sites. Each signs its visitors out in another way; redirects come back to the page itself.
 * `careful` asks before every logout, so that nothing but the redirect can end a session for it.
 */
const pages = {
  news: {
    backend: { client_id: 'news', backend: '/auth' },
    cookie: { client_id: 'news' },
    token: { client_id: 'news-page' },
    redirect: { client_id: 'careful' }
  },
  market: { backend: { client_id: 'market', backend: '/auth' }, cookie: { client_id: 'market' } },
  www: { cookie: { client_id: 'www' } }
}

const client = (origin: string, clientId: string, more: object = {}): object => ({
  client_id: clientId,
  client_secret: secretOf(clientId),
  redirect_uris: ['auth/callback', 'backend', 'cookie', 'redirect'].map(path => `${origin}/${path}`),
  scope: 'openid profile',
  tokens_end_with_session: true,
  sdk: true,
  ...more
})

const clients = [
  client(origins.news, 'news'),
  client(origins.news, 'careful', { logout_confirmation: 'always' }),
  // For a page that redeems its codes itself.
  client(origins.news, 'news-page', { client_secret: undefined, redirect_uris: [`${origins.news}/token`] }),
  client(origins.market, 'market'),
  client(origins.www, 'www')
]

/** What a test adds. */
export interface WorldOptions {
  /** What answers for more names, such as {@link evil}'s. */
  strangers?: Readonly<Record<string, Host>>
  moreClients?: readonly object[]
  /** More configuration of the server. */
  config?: object
}

/** Starts it all. */
export async function openWorld({
  strangers = {},
  moreClients = [],
  config = {}
}: WorldOptions = {}): Promise<World> {
  const at = await openSystem({
    config: {
      issuer,
      clients: [...clients, ...moreClients],
      users: [user],
      trust_proxy: ['127.0.0.1'],
      ...config
    }
  })
  const fetch = fetchFrom(at.origin)
  const site = (clientId: keyof typeof origins): Site => {
    const origin = origins[clientId]
    const options = Object.entries(pages[clientId]).map(([name, its]) => {
      return [name, { server: issuer, redirect_uri: `${origin}/${name}`, ...its }]
    })
    const secret = secretOf(clientId)
    return newSite({ origin, issuer, clientId, secret, fetch, pages: Object.fromEntries(options) })
  }
  const sites = { news: site('news'), market: site('market'), www: site('www') }
  const network = await openNetwork({
    [hostOf(issuer)]: passOnTo(() => Number(new URL(at.origin).port)),
    ...Object.fromEntries(Object.values(sites).map(it => [hostOf(it.origin), it.host])),
    ...strangers
  })
  return {
    at,
    ...sites,
    proxyPort: network.proxyPort,
    keyHash: network.keyHash,
    async close() {
      await network.close()
      await at.close()
    }
  }
}

const hostOf = (origin: string): string => new URL(origin).hostname

/** The way from a site's backend to the identity server, whose name leads there only in the browsers. */
function fetchFrom(origin: string): openid.CustomFetch {
  return (async (address: string, init: object) =>
    undiciFetch(address.replace(issuer, origin), init)) as unknown as openid.CustomFetch
}

/** Signs in on the sign-in page, once that is there. @param isDone unless this comes first: nobody asked */
export async function giveTheCredentials(
  tab: Tab,
  isDone: () => Promise<boolean> = async () => false
): Promise<void> {
  const isAsked = async (): Promise<boolean> => (await tab.url()).startsWith(`${issuer}/sign-in`)
  await until(async () => (await isAsked()) || (await isDone()))
  if (!(await isAsked())) return
  await tab.type('[name=login]', user.email)
  await tab.type('[name=password]', user.password)
  await tab.click('#sign-in')
  await until(async () => !(await tab.url()).startsWith(issuer))
}

/** Signs in at a client that does nothing with the code it gets. */
export async function signInForCode(tab: Tab, clientId: string, redirectUri: string): Promise<void> {
  const query = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'openid',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256'
  })
  const isThere = async (): Promise<boolean> => (await tab.url()).startsWith(`${redirectUri}?code=`)
  await tab.goto(`${issuer}/oauth/authorize?${query}`)
  await giveTheCredentials(tab, isThere)
  await until(isThere)
}

/** Waits for something in a browser to become so. @throws after 30 seconds, with the last error if there was one */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000
  let last: unknown
  while (Date.now() < end) {
    try {
      if (await holds()) return
      last = undefined
    } catch (error) {
      // Between two pages there is nothing to ask.
      last = error
    }
    await new Promise(resolve => setTimeout(resolve, 30))
  }
  throw new Error(`it did not become so: ${holds}`, { cause: last })
}
