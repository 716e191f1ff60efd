import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { Answer } from '../support/browser.ts'
import { clients, issuer } from '../support/fixtures.ts'
import { openSystem, type TestSystem } from '../support/system.ts'
import {
  asks,
  expectNoLogout,
  hintOf,
  isLive,
  logoutPath,
  type Person,
  signedIn,
  tokenFor
} from './redirect-kit.ts'

const sites = [undefined, 'same-origin', 'same-site', 'none', 'cross-site'] as const
const dests = [undefined, 'document', 'iframe', 'image'] as const
const referers = ['none', "the client's", 'ours', "another client's", 'a look-alike'] as const
const hints = ['none', 'this', 'expired', 'older', "another person's", 'forged', "another client's"] as const
const tokens = ['none', 'own', "another person's", "another client's", 'dead'] as const
/** Every kind of client there is to this question, with the client of that kind. */
const kinds = {
  configured: 'news',
  unconnected: 'asking',
  allowed: 'allowed',
  joined: 'joined',
  registered: 'registered',
  careful: 'careful'
} as const

interface Row {
  site: (typeof sites)[number]
  dest: (typeof dests)[number]
  referer: (typeof referers)[number]
  vocabulary: 'spid' | 'oidc'
  kind: keyof typeof kinds
  hint: (typeof hints)[number]
  token: (typeof tokens)[number]
}

/** What the policy says, in the order in which it says it. */
function policy({ site, dest, referer, vocabulary, kind, hint, token }: Row): 'served' | 'asked' | 'refused' {
  if (hint === 'forged' || hint === "another client's") return 'refused'
  if (dest !== undefined && dest !== 'document') return 'asked'
  if (kind === 'careful') return 'asked'
  if (hint !== 'none') return hint === 'this' || hint === 'expired' ? 'served' : 'asked'
  if (token === 'own') return 'served'
  if (vocabulary === 'oidc' || kind === 'registered' || kind === 'unconnected') return 'asked'
  if (site !== undefined && site !== 'cross-site') return 'served'
  if (referer === "the client's") return 'served'
  const saysNothing = site === undefined && dest === undefined && (referer === 'none' || referer === 'ours')
  return saysNothing ? 'served' : 'asked'
}

let at: TestSystem
let shared: Person
let signedInApart: Person
const dead = 'a-token-that-was-never-alive-or-is-no-more'

beforeAll(async () => {
  const like = (client_id: string) => ({
    ...clients.find(it => it.client_id === 'asking'),
    client_id,
    redirect_uris: [`https://${client_id}.example/callback`],
    post_logout_redirect_uris: [`https://${client_id}.example/bye`]
  })
  at = await openSystem({ config: { clients: [...clients, like('allowed'), like('joined')] } })
  const { redirect_uris, post_logout_redirect_uris } = like('registered')
  const metadata = { redirect_uris, post_logout_redirect_uris }
  await at.storage.saveClient(
    { clientId: 'registered', source: 'registered', metadata, backchannelLogoutUri: null },
    systemClock.now()
  )
  for (const clientId of ['allowed', 'registered'])
    await at.storage.saveConsent({ sub: 'u-ola', clientId, scopes: ['openid'] }, systemClock.now())
  shared = await signedIn(at, 'u-ola', ['joined'])
  signedInApart = await signedIn(at, 'u-ola', ['joined'])
})
afterAll(() => at.close())

test.each(Object.keys(kinds) as Row['kind'][])(
  'what is served at once, what is asked and what is refused: %s',
  async kind => {
    const rows = product(kind)
    const wrong: string[] = []
    for (let first = 0; first < rows.length; first += 40)
      await Promise.all(rows.slice(first, first + 40).map(row => check(row, wrong)))
    expect(wrong).toEqual([])
    expect(await isLive(at, shared)).toBe(true)
    expect(new Set(rows.map(policy)).size).toBe(kind === 'careful' ? 2 : 3)
  }
)

/** Everything with everything; beside a hint only one of those destinations and referers that are of a kind. */
function product(kind: Row['kind']): Row[] {
  const rows: Row[] = []
  for (const site of sites)
    for (const dest of dests)
      for (const referer of referers)
        for (const token of tokens) {
          const row = { site, dest, referer, kind, token }
          rows.push({ ...row, vocabulary: 'spid', hint: 'none' })
          // A hint is OpenID Connect's by itself.
          const some =
            dest === 'image' || referer === 'ours' || referer === 'a look-alike' ? ['none' as const] : hints
          for (const hint of some) rows.push({ ...row, vocabulary: 'oidc', hint })
        }
  return rows
}

async function check(row: Row, wrong: string[]): Promise<void> {
  const expected = policy(row)
  const person = expected === 'served' ? await signedIn(at, 'u-ola', ['joined']) : shared
  const clientId = kinds[row.kind]
  const bye = `https://${clientId}.example/bye`
  const { [row.vocabulary]: parameter } = { spid: 'redirect_uri', oidc: 'post_logout_redirect_uri' }
  const path = logoutPath({
    client_id: clientId,
    [parameter]: bye,
    id_token_hint: await hintFor(row, person, clientId),
    oauth_token: await presented(row, clientId)
  })
  const answer = await at.ask(path, {
    headers: {
      cookie: `__Host-utgang=${person.cookie}`,
      'sec-fetch-site': row.site,
      'sec-fetch-dest': row.dest,
      referer: refererOf(row, clientId)
    }
  })
  const ended = expected === 'served' && !(await isLive(at, person))
  const got = whatHappened(answer, bye, ended)
  if (got !== expected) wrong.push(`${JSON.stringify(row)} should be ${expected}, was ${got}`)
}

function whatHappened(answer: Answer, bye: string, ended: boolean): string {
  if (answer.location === bye && answer.status === 303) return ended ? 'served' : 'sent back, not ended'
  expectNoLogout(answer)
  if (asks(answer)) return 'asked'
  if (answer.location?.startsWith('/logout/stopped?') && answer.status === 303) return 'refused'
  return `${answer.status} ${answer.location}`
}

const refererOf = ({ referer }: Row, clientId: string): string | undefined =>
  ({
    none: undefined,
    "the client's": `https://${clientId}.example/some/page?with=query`,
    ours: `${issuer}/`,
    "another client's": 'https://market.example/',
    'a look-alike': `https://${clientId}.example.evil.example/`
  })[referer]

/** Signing is the dear part, so what does not depend on the person at hand is signed once. */
const signed = new Map<string, Promise<string>>()
function hintFor({ hint }: Row, person: Person, clientId: string): Promise<string> | undefined {
  if (hint === 'none') return undefined
  const make = (): Promise<string> => {
    switch (hint) {
      case 'expired':
        return hintOf(at, person, clientId, { exp: systemClock.now() - 3600 })
      case 'older':
        return hintOf(at, signedInApart, clientId)
      case "another person's":
        return hintOf(at, { ...person, sub: 'u-kari' }, clientId)
      case 'forged':
        return hintOf(at, person, clientId).then(value => `${value.slice(0, -8)}AAAAAAAA`)
      case "another client's":
        return hintOf(at, person, 'market')
      default:
        return hintOf(at, person, clientId)
    }
  }
  if (person !== shared) return make()
  const key = `${hint} ${clientId}`
  const value = signed.get(key) ?? make()
  signed.set(key, value)
  return value
}

const presentedTo = new Map<string, Promise<string>>()
function presented(row: Row, clientId: string): Promise<string> | undefined {
  const { token } = row
  if (token === 'none') return undefined
  if (token === 'dead') return Promise.resolve(dead)
  const make = (): Promise<string> =>
    token === 'own'
      ? tokenFor(at, clientId, 'u-ola')
      : token === "another person's"
        ? tokenFor(at, clientId, 'u-kari')
        : tokenFor(at, 'market', 'u-ola')
  if (token === 'own' && policy(row) === 'served') return make()
  const key = `${token} ${clientId}`
  const value = presentedTo.get(key) ?? make()
  presentedTo.set(key, value)
  return value
}

test.each([
  ['HEAD', {}],
  ['GET', { 'sec-purpose': 'prefetch' }],
  ['GET', { 'sec-purpose': 'prefetch;prerender' }],
  ['GET', { purpose: 'prefetch' }]
] as const)('%s with %j changes nothing, whatever it proves', async (method, headers) => {
  const person = await signedIn(at)
  const token = await tokenFor(at, 'news', 'u-ola')
  const path = logoutPath({ client_id: 'news', oauth_token: token })
  const answer = await person.browser.go(path, { method, from: 'same-origin', headers })
  expectNoLogout(answer)
  expect(await isLive(at, person)).toBe(true)
  expect(answer.headers['cache-control']).toContain('no-store')
  expect((await person.browser.go(path)).location).toBe('/logout/signed-out')
})
