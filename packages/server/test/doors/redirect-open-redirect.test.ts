import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSystem, type TestSystem } from '../support/system.ts'
import { hintOf, logoutPath, signedIn } from './redirect-kit.ts'

const bye = ['https://news.example/bye', 'https://news.example/bye?kept=1']
const registered = {
  redirect_uri: [...bye, 'https://news.example/callback', 'https://news.example/after?way=out'],
  post_logout_redirect_uri: bye
}
/** Our own pages, and nothing in their addresses that came with the request. */
const own = /^\/logout\/(signed-out|stopped|confirm)(\?(outcome|request)=[\w-]{43})?$/

let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

test.each([
  ['redirect_uri', 'signed in'],
  ['redirect_uri', 'signed out'],
  ['post_logout_redirect_uri', 'signed in'],
  ['post_logout_redirect_uri', 'signed out']
] as const)(
  'whatever %s is, nobody who is %s goes anywhere but where the client registered',
  async (name, live) => {
    await fc.assert(
      fc.asyncProperty(
        addresses(),
        fc.boolean(),
        fc.string({ maxLength: 20 }),
        async (address, post, state) => {
          const person = live === 'signed in' ? await signedIn(at) : undefined
          const hint = name === 'redirect_uri' || !person ? undefined : await hintOf(at, person, 'news')
          const params = { client_id: 'news', id_token_hint: hint, [name]: address }
          const path = logoutPath(name === 'redirect_uri' ? params : { ...params, state })
          const form = new URLSearchParams(path.slice(path.indexOf('?')))
          const browser = person?.browser ?? at.browser()
          const answer = await (post
            ? browser.go('/logout', { form, from: 'same-origin' })
            : browser.go(path, { from: 'none' }))
          const expected = registered[name].includes(address) ? withState(name, address, state) : own
          expect(answer.location ?? '/logout/stopped').toMatch(expected)
        }
      ),
      { numRuns: 400 }
    )
  }
)

function withState(name: string, address: string, state: string): RegExp {
  const joint = address.includes('?') ? '&' : '?'
  const suffix = name === 'redirect_uri' || state === '' ? '' : `${joint}state=${encodeURIComponent(state)}`
  return new RegExp(`^${RegExp.escape(address + suffix)}$`)
}

/** Registered addresses, as they are and bent in every way that has fooled somebody. */
function addresses(): fc.Arbitrary<string> {
  const whole = fc.constantFrom(...registered.redirect_uri)
  const steps = fc.array(fc.record({ how: fc.constantFrom(...Object.values(bend)), n: fc.nat(200) }), {
    maxLength: 3
  })
  const bent = fc.tuple(whole, steps).map(([address, all]) => {
    let at = address
    for (const { how, n } of all) if (at !== '') at = how(at, n)
    return at
  })
  const wild = fc.oneof(fc.webUrl({ withQueryParameters: true, withFragments: true }), fc.string())
  return fc.oneof({ weight: 8, arbitrary: bent }, { weight: 1, arbitrary: wild })
}

type Bend = (address: string, n: number) => string
const insert = (address: string, n: number, what: string): string => {
  const place = n % (address.length + 1)
  return address.slice(0, place) + what + address.slice(place)
}
const pick = (list: readonly string[], n: number): string => list[n % list.length] ?? ''

const bend: Record<string, Bend> = {
  case: (address, n) => {
    const place = n % address.length
    const letter = address.charAt(place)
    const other = letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase()
    return address.slice(0, place) + other + address.slice(place + 1)
  },
  percent: (address, n) => {
    const place = n % address.length
    const code = address.charCodeAt(place).toString(16).padStart(2, '0')
    return `${address.slice(0, place)}%${code}${address.slice(place + 1)}`
  },
  userinfo: (address, n) =>
    address.replace('://', pick(['://evil@', '://evil:x@', '://evil.example@', '://@'], n)),
  host: (address, n) =>
    address.replace(
      'news.example',
      pick(
        [
          'news.example.evil.example',
          'evil-news.example',
          'news.example@evil.example',
          'evil.example',
          '[::1]',
          'news.example.'
        ],
        n
      )
    ),
  port: (address, n) =>
    address.replace('.example', pick(['.example:443', '.example:80', '.example:', '.example:0'], n)),
  slash: (address, n) => address.replace('//', pick(['\\\\', '/\\', '\\/', '/', '///', '////'], n)),
  scheme: (address, n) =>
    address.replace(
      'https:',
      pick(['http:', 'javascript:', 'data:', 'file:', 'blob:https:', 'view-source:https:', ''], n)
    ),
  dots: (address, n) => address.replace('.', pick(['\u3002', '\uff0e', '\uff61', '%2e', '\u2024', '..'], n)),
  likeness: (address, n) =>
    address.replace('e', pick(['\u0435', '\uff45', '\u0117', 'e\u0301', '\u212e'], n)),
  blank: (address, n) =>
    insert(address, n, pick(['\t', '\n', '\r\n', ' ', '\0', '\u00a0', '\u200b', '\ufeff'], n)),
  path: (address, n) =>
    address + pick(['/', '/../evil', '/%2e%2e/evil', ';x', '%2f', '/.', '//evil.example'], n),
  query: (address, n) =>
    address + pick(['?', '&', '?x=1', '&x=1', '?kept=1', '&next=//evil.example', '%3f'], n),
  fragment: (address, n) => address + pick(['#', '#evil', '%23', '#@evil.example'], n),
  letter: (address, n) => insert(address, n, pick(['a', '.', '/', '@', ':', '%', '?', '#', '\\', '*'], n)),
  cut: (address, n) => address.slice(0, n % (address.length + 1)),
  before: (address, n) =>
    pick(['//evil.example/', 'https://evil.example/?', '/\\evil.example/', 'x', ' '], n) + address
}
