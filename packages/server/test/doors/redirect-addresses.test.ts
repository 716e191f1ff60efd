import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSystem, type TestSystem } from '../support/system.ts'
import { bye, errorOn, hintOf, isLive, logoutPath, type Person, signedIn } from './redirect-kit.ts'

const callback = 'https://news.example/callback'
const after = 'https://news.example/after?way=out'
const names = ['redirect_uri', 'post_logout_redirect_uri'] as const
let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

/** A logout that is proven in either vocabulary. */
async function proven(person: Person, name: (typeof names)[number], address: string): Promise<string> {
  const hint = name === 'redirect_uri' ? undefined : await hintOf(at, person, 'news')
  return logoutPath({ client_id: 'news', id_token_hint: hint, [name]: address })
}

describe('which addresses are registered', () => {
  test.each([
    ['redirect_uri', bye],
    ['redirect_uri', `${bye}?kept=1`],
    ['redirect_uri', callback],
    ['redirect_uri', after],
    ['post_logout_redirect_uri', bye],
    ['post_logout_redirect_uri', `${bye}?kept=1`]
  ] as const)('%s %s is, and is gone to as it is', async (name, address) => {
    const person = await signedIn(at)
    const answer = await person.browser.go(await proven(person, name, address))
    expect(answer).toMatchObject({ status: 303, location: address })
  })

  test.each([
    callback,
    after,
    'https://market.example/bye',
    'HTTPS://news.example/bye',
    'https://NEWS.example/bye',
    'http://news.example/bye',
    'https://news.example/Bye',
    'https://news.example/bye/',
    'https://news.example/by',
    'https://news.example/bye?',
    'https://news.example/bye#',
    'https://news.example/bye?kept=2',
    'https://news.example/bye?kept=1&more=1',
    'https://news.example/bye?kept=1#',
    'https://news.example/%62ye',
    'https://news.example/./bye',
    'https://news.example/x/../bye',
    'https://news.example//bye',
    'https://news.example:443/bye',
    'https://news.example./bye',
    'https://news.example/bye%00',
    'https://user@news.example/bye',
    'https://news.example@evil.example/bye',
    'https://news.example.evil.example/bye',
    'https://evil.example/https://news.example/bye',
    'https:\\\\news.example\\bye',
    'https:/news.example/bye',
    '//news.example/bye',
    '/bye',
    ' https://news.example/bye',
    'https://news.example/bye ',
    'https://news.example/bye\n',
    'javascript:alert(1)',
    'data:text/html,x',
    '*',
    'null'
  ])('post_logout_redirect_uri %j is not: signed out, a 400 page, nobody sent there', async address => {
    const person = await signedIn(at)
    const page = await person.browser.visit(await proven(person, 'post_logout_redirect_uri', address))
    expect([page.status, errorOn(page)]).toEqual([400, 'redirect_uri_mismatch'])
    expect(page.location).toBeUndefined()
    expect(page.text).toContain('id="signed-out"')
    expect(page.text).toContain('href="https://news.example/"')
    expect(await isLive(at, person)).toBe(false)
  })

  test('redirect_uri of another client is not', async () => {
    const person = await signedIn(at)
    const page = await person.browser.go(await proven(person, 'redirect_uri', 'https://market.example/bye'))
    expect([page.status, errorOn(page)]).toEqual([400, 'redirect_uri_mismatch'])
    expect(page.headers['clear-site-data']).toBe('"cache", "storage"')
    expect(await isLive(at, person)).toBe(false)
  })

  test.each(names)('%s that is not registered is the same page where nobody is signed in', async name => {
    const person = await signedIn(at)
    const path = await proven(person, name, 'https://evil.example/')
    const page = await at.browser().visit(path)
    expect([page.status, errorOn(page)]).toEqual([400, 'redirect_uri_mismatch'])
    expect(page.text).toContain('id="signed-out"')
  })

  test('a client without a front page is not linked to, and nothing of the address is on the page', async () => {
    const person = await signedIn(at)
    const path = logoutPath({ client_id: 'app', redirect_uri: 'https://evil.example/"><script>' })
    const page = await person.browser.visit(path)
    expect(errorOn(page)).toBe('redirect_uri_mismatch')
    expect(page.text).not.toMatch(/evil\.example|<script/)
  })

  test('asked first, the person is signed out by the click and lands on our page', async () => {
    const person = await signedIn(at)
    const params = { client_id: 'news', post_logout_redirect_uri: 'https://evil.example/' }
    const page = await person.browser.visit(logoutPath(params))
    const end = await person.browser.follow(await person.browser.submit(page, {}, 'confirm-logout'))
    expect([end.status, errorOn(end)]).toEqual([400, 'redirect_uri_mismatch'])
    expect(await isLive(at, person)).toBe(false)
  })
})

describe('state', () => {
  const states = [
    'x',
    '0',
    ' ',
    'a b+c%20d',
    '&state=other',
    'a#b?c=d&e',
    '\u{1f6aa} ut – æøå',
    ":/?#[]@!$&'()*+,;=".repeat(8).slice(0, 128)
  ]
  test.each(states)('%j comes back unchanged', async state => {
    const person = await signedIn(at)
    const path = `${await proven(person, 'post_logout_redirect_uri', `${bye}?kept=1`)}&${new URLSearchParams({ state })}`
    const { location = '' } = await person.browser.go(path)
    expect(location.startsWith(`${bye}?kept=1&state=`)).toBe(true)
    expect([...new URL(location).searchParams]).toEqual([
      ['kept', '1'],
      ['state', state]
    ])
    expect(new URL(location).hash).toBe('')
  })

  test.each(states)('%j comes back unchanged after a click', async state => {
    const person = await signedIn(at)
    const params = { client_id: 'news', post_logout_redirect_uri: bye, state }
    const page = await person.browser.visit(logoutPath(params))
    const { location = '' } = await person.browser.submit(page, {}, 'confirm-logout')
    expect(new URL(location).searchParams.get('state')).toBe(state)
  })

  test('nothing is ever appended to a redirect_uri', async () => {
    for (const redirectUri of [bye, after]) {
      const person = await signedIn(at)
      const params = { client_id: 'news', redirect_uri: redirectUri, v: '1', code: 'x', error: 'y' }
      expect((await person.browser.go(logoutPath(params))).location).toBe(redirectUri)
    }
  })
})
