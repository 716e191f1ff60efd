import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { hashSecret } from '../../src/storage/secrets.ts'
import type { Answer, From } from '../support/browser.ts'
import { advance, openSystem, startSystem, type TestSystem } from '../support/system.ts'
import {
  asks,
  bye,
  errorOn,
  expectNoLogout,
  hintOf,
  isLive,
  logoutPath,
  type Params,
  type Person,
  secret,
  signedIn,
  tokenFor
} from './redirect-kit.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

/** A form on another site: the browser leaves the `Lax` cookie at home. */
const post = (form: Params, from: From | undefined = 'cross-site', path = '/logout'): Promise<Answer> =>
  at.browser().go(path, { form, headers: { 'sec-fetch-site': from } })

/** The GET that the browser then makes, with its cookie; it stays cross-site in the eyes of the browser. */
const goOn = (person: Person, posted: Answer, headers = {}): Promise<Answer> =>
  person.browser.go(String(posted.location), { from: 'cross-site', headers })

test.each([
  ['cross-site', 'cross-site'],
  ['not marked', undefined],
  ['marked as the person’s own', 'none']
] as const)('a post without the cookie, %s, goes on as a GET', async (_what, from) => {
  const answer = await at.browser().go('/logout', {
    form: { client_id: 'news', redirect_uri: bye },
    headers: { 'sec-fetch-site': from }
  })
  expect(answer.status).toBe(303)
  expect(answer.location).toMatch(/^\/logout\?continue=[\w-]{43}$/)
  expectNoLogout({ ...answer, location: undefined })
})

test.each(['same-origin', 'same-site'] as const)(
  'a post marked %s would have had its cookie, and is answered at once',
  async from => {
    expect((await post({ client_id: 'news', redirect_uri: bye }, from)).location).toBe(bye)
  }
)

test('a post that has its cookie is answered at once', async () => {
  const person = await signedIn(at)
  const form = { id_token_hint: await hintOf(at, person, 'news'), post_logout_redirect_uri: bye }
  expect((await person.browser.go('/logout', { form, from: 'cross-site' })).location).toBe(bye)
})

describe('the GET that follows', () => {
  test('ends the session that its own cookie names, with the hint that was posted', async () => {
    const person = await signedIn(at)
    const hint = await hintOf(at, person, 'news')
    const form = { id_token_hint: hint, post_logout_redirect_uri: bye, state: 'a&b' }
    const answer = await goOn(person, await post(form))
    expect(answer).toMatchObject({ status: 303, location: `${bye}?state=a%26b` })
    expect(await isLive(at, person)).toBe(false)
  })

  test('revokes the token that was posted', async () => {
    const person = await signedIn(at)
    const token = await tokenFor(at, 'news', 'u-ola')
    const answer = await goOn(person, await post({ oauth_token: token, redirect_uri: bye }))
    expect(answer.location).toBe(bye)
    expect(await at.ask('/api/2/me', { bearer: token })).toMatchObject({ status: 401 })
  })

  test('is judged by its own headers: a stranger’s form gets the page that asks', async () => {
    const person = await signedIn(at)
    const posted = await post({ client_id: 'news', redirect_uri: bye }, 'none')
    const page = await person.browser.follow(await goOn(person, posted))
    expect(asks(page)).toBe(true)
    expect(await isLive(at, person)).toBe(true)
    expect((await person.browser.submit(page, {}, 'confirm-logout')).location).toBe(bye)
  })

  test('is judged by its own headers: a form on the client’s own page needs no click', async () => {
    const person = await signedIn(at)
    const posted = await post({ client_id: 'news', redirect_uri: bye })
    const answer = await goOn(person, posted, { referer: 'https://news.example/' })
    expect(answer.location).toBe(bye)
  })

  test('is judged by its own headers: in a frame it is never served', async () => {
    const person = await signedIn(at)
    const posted = await post({ id_token_hint: await hintOf(at, person, 'news') })
    expect(asks(await goOn(person, posted, { 'sec-fetch-dest': 'iframe' }))).toBe(true)
    expect(await isLive(at, person)).toBe(true)
  })

  test('asks at an address that can be loaded again', async () => {
    const person = await signedIn(at)
    const answer = await goOn(person, await post({ client_id: 'news' }))
    expect(answer.status).toBe(303)
    const page = await person.browser.follow(answer)
    expect(asks(await person.browser.go(page.path))).toBe(true)
  })

  test('tells what was wrong with the post, at an address that can be loaded again', async () => {
    const person = await signedIn(at)
    const page = await person.browser.follow(await goOn(person, await post({ client_id: 'nobody' })))
    expect([page.status, errorOn(page)]).toEqual([400, 'unknown_client'])
    expect(errorOn(await person.browser.go(page.path))).toBe('unknown_client')
  })

  test('without a cookie answers as success', async () => {
    const posted = await post({ client_id: 'news', redirect_uri: bye })
    expect((await at.browser().go(String(posted.location))).location).toBe(bye)
  })

  test('is good once', async () => {
    const posted = await post({ client_id: 'news', redirect_uri: bye })
    const path = String(posted.location)
    const answers = await Promise.all([at.browser().go(path), at.browser().go(path)])
    expect(answers.map(it => it.location ?? errorOn(it)).toSorted()).toEqual([bye, 'request_expired'])
  })

  test('is not used up by a browser that fetches ahead, or by HEAD', async () => {
    const posted = await post({ client_id: 'news', redirect_uri: bye })
    const path = String(posted.location)
    const browser = at.browser()
    await browser.go(path, { headers: { 'sec-purpose': 'prefetch' } })
    await browser.go(path, { method: 'HEAD' })
    expect((await browser.go(path)).location).toBe(bye)
  })

  test.each([
    [59, undefined],
    [61, 'request_expired']
  ])('%i seconds later: %s', async (seconds, code) => {
    const person = await signedIn(at)
    const posted = await post({ id_token_hint: await hintOf(at, person, 'news') })
    advance(seconds)
    const page = await person.browser.follow(await goOn(person, posted))
    expect(errorOn(page)).toBe(code)
    expect(await isLive(at, person)).toBe(code !== undefined)
  })

  test('too late, is a page at once', async () => {
    const answer = await at.browser().go('/logout?continue=of-long-ago')
    expect([answer.status, errorOn(answer)]).toEqual([400, 'request_expired'])
  })

  test('too late, still offers a way out', async () => {
    const person = await signedIn(at)
    const page = await person.browser.visit('/logout?continue=of-long-ago')
    expect([page.status, errorOn(page)]).toEqual([400, 'request_expired'])
    await person.browser.submit(page, {}, 'confirm-logout')
    expect(await isLive(at, person)).toBe(false)
  })
})

test('of the tokens that were posted only hash and verdict are kept, and of the id its hash', async () => {
  const person = await signedIn(at)
  const token = await tokenFor(at, 'news', 'u-ola')
  const hint = await hintOf(at, person, 'news')
  const posted = await post({ id_token_hint: hint, oauth_token: token, state: 'kept as it is' })
  const id = String(posted.location).slice('/logout?continue='.length)
  const kept = await at.storage.findRecord('continued_logout', hashSecret(id), systemClock.now())
  const text = JSON.stringify(kept)
  expect(text).toContain('kept as it is')
  expect(text).toContain(hashSecret(token))
  for (const value of [token, id, hint, ...hint.split('.')]) expect(text).not.toContain(value)
})

test('a duplicate in the post is refused at once', async () => {
  const form = { client_id: 'news', 'amp;client_id': 'news' }
  const answer = await post(form)
  expect([answer.status, errorOn(answer)]).toEqual([400, 'duplicate_parameter'])
})

test('a post whose address holds the rest goes on with both', async () => {
  const posted = await post({ redirect_uri: bye }, 'cross-site', logoutPath({ client_id: 'news' }))
  expect((await at.browser().go(String(posted.location))).location).toBe(bye)
})

test('more posts in a minute than any person makes are refused, and say when to come again', async () => {
  const own = await startSystem()
  const form = { client_id: 'news' }
  const statuses: number[] = []
  let last: Answer | undefined
  for (let count = 0; count < 125; count++) {
    last = await own.browser().go('/logout', { form, from: 'cross-site' })
    statuses.push(last.status)
  }
  expect(statuses.filter(it => it === 303)).toHaveLength(120)
  expect(last).toMatchObject({ status: 429 })
  expect(last && errorOn(last)).toBe('too_many_requests')
  expect(Number(last?.headers['retry-after'])).toBeGreaterThan(0)
  // Whoever has a session is not held up by it.
  const person = await signedIn(own)
  expect((await person.browser.go(logoutPath({ client_id: 'news' }))).status).toBe(303)
})

test.each([
  ['a ticket', () => ({ client_id: 'news', sdk_ticket: secret() })],
  [
    'an unknown address beside a token',
    () => ({ client_id: 'news', redirect_uri: `${bye}2`, oauth_token: 'x' })
  ]
] as const)(
  'where nobody is signed in, what is kept of logouts with %s is limited too',
  async (_what, params) => {
    const own = await startSystem()
    const answers: Answer[] = []
    for (let nth = 0; nth < 121; nth++) answers.push(await own.browser().go(logoutPath(params())))
    expect(answers.every(it => it.status === 303 || it.status === 429)).toBe(true)
    expect(answers.filter(isServed)).toHaveLength(120)
    // Whoever is signed in is signed out all the same, and so is whoever leaves nothing behind.
    const person = await signedIn(own)
    const left = await person.browser.go(logoutPath(params()), { from: 'same-site' })
    expect([isServed(left), await isLive(own, person)]).toEqual([true, false])
    expect(isServed(await own.browser().go(logoutPath({ client_id: 'news', redirect_uri: bye })))).toBe(true)
  }
)

const isServed = ({ status, location = '' }: Answer): boolean =>
  status === 303 && !location.startsWith('/logout/stopped')
