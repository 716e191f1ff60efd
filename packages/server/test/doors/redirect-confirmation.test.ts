import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, formOn } from '../support/browser.ts'
import { issuer } from '../support/fixtures.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'
import {
  asks,
  bye,
  errorOn,
  expectNoLogout,
  hintOf,
  isLive,
  logoutPath,
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

/** Somebody who is being asked, and the page. */
async function asked(): Promise<{ person: Person; page: Answer; id: string }> {
  const person = await signedIn(at)
  const params = { client_id: 'news', post_logout_redirect_uri: bye, state: 's' }
  const page = await person.browser.visit(logoutPath(params))
  return { person, page, id: formOn(page, 'confirm-logout').hidden.request ?? '' }
}

describe('the page that asks', () => {
  test('is a plain form of ours, which says who is signed in and who asks, and ends nothing yet', async () => {
    const { person, page } = await asked()
    expectNoLogout(page)
    expect(page.headers['content-type']).toContain('text/html')
    expect(page.text).toContain('ola@example.test')
    expect(page.text).toContain('The news site')
    expect(page.text).toContain('id="confirm"')
    expect(page.text).not.toMatch(/<script|onclick|onsubmit/)
    expect(formOn(page, 'confirm-logout').action).toBe('/logout/confirm')
    expect(await isLive(at, person)).toBe(true)
  })

  test('survives a reload, before and after a click elsewhere', async () => {
    const { person, page } = await asked()
    const again = await person.browser.go(page.path)
    expect(asks(again)).toBe(true)
    expect((await person.browser.submit(page, {}, 'confirm-logout')).location).toBe(`${bye}?state=s`)
    expect((await person.browser.submit(again, {}, 'confirm-logout')).location).toBe(`${bye}?state=s`)
  })

  test('a second click lands on the same page', async () => {
    const { person, page } = await asked()
    const first = await person.browser.submit(page, {}, 'confirm-logout')
    const second = await person.browser.submit(page, {}, 'confirm-logout')
    expect([first.status, first.location]).toEqual([303, `${bye}?state=s`])
    expect([second.status, second.location]).toEqual([303, `${bye}?state=s`])
  })

  test('a second click whose first answer got lost lands on the page with the receipt', async () => {
    const person = await signedIn(at, 'u-ola', ['news'])
    const page = await person.browser.visit('/logout')
    const unheard = person.browser.copy()
    const first = await person.browser.submit(page, {}, 'confirm-logout')
    const second = await unheard.submit(page, {}, 'confirm-logout')
    expect(second.headers['utgang-receipt']).toBe(first.headers['utgang-receipt'])
    const end = await unheard.follow(second)
    expect(end.text).toContain(String(first.headers['utgang-receipt']))
    expect(end.text).toContain('Your sign-in in this browser has ended.')
  })

  test('two clicks at once end it once', async () => {
    const { person, page } = await asked()
    const before = (await at.storage.listAudit({ limit: 500, event: 'logout' })).length
    const other = person.browser.copy()
    const answers = await Promise.all(
      [person.browser, other].map(it => it.submit(page, {}, 'confirm-logout'))
    )
    expect(answers.map(it => it.location)).toEqual([`${bye}?state=s`, `${bye}?state=s`])
    expect((await at.storage.listAudit({ limit: 500, event: 'logout' })).length).toBe(before + 1)
  })

  test('whoever stays, stays', async () => {
    const { person, page } = await asked()
    const answer = await person.browser.submit(page, { decision: 'stay' }, 'confirm-logout')
    expectNoLogout({ ...answer, location: undefined })
    expect(answer).toMatchObject({ status: 303, location: '/' })
    expect(await isLive(at, person)).toBe(true)
  })

  test('is answered by who signed out elsewhere meanwhile as the first time', async () => {
    const { person, page } = await asked()
    await at.system.heart.end({ name: 'admin_session', sessionUid: person.uid })
    expect((await person.browser.submit(page, {}, 'confirm-logout')).location).toBe(`${bye}?state=s`)
  })

  test('at its own address, says signed out once that has happened', async () => {
    const { person } = await asked()
    const hint = await hintOf(at, person, 'careful')
    const page = await person.browser.visit(logoutPath({ id_token_hint: hint }))
    await person.browser.submit(page, {}, 'confirm-logout')
    expect((await person.browser.go(page.path)).text).toContain('id="signed-out"')
  })
})

describe('the address of the page that asks', () => {
  test.each(['oauth_token', 'amp;oauth_token', 'id_token_hint'])(
    'holds no token: %s goes away by a 303',
    async name => {
      const person = await signedIn(at)
      const value =
        name === 'id_token_hint'
          ? await hintOf(at, person, 'careful')
          : await tokenFor(at, 'careful', 'u-ola')
      const answer = await person.browser.go(logoutPath({ [name]: value }), { from: 'cross-site' })
      expect(answer.status).toBe(303)
      expect(answer.location).toMatch(/^\/logout\/confirm\?request=[\w-]{43}$/)
      expect(answer.text).toBe('')
      const page = await person.browser.follow(answer)
      expect(page.text).not.toContain(value)
      await person.browser.submit(page, {}, 'confirm-logout')
      expect(await isLive(at, person)).toBe(false)
    }
  )

  test.each([
    [{ client_id: 'news', redirect_uri: 'https://evil.example/' }, 'redirect_uri_mismatch'],
    [{ client_id: 'nobody' }, 'unknown_client'],
    [{ 'amp;client_id': 'news', client_id: 'news' }, 'duplicate_parameter']
  ])('holds no token where it tells of %j', async (params, code) => {
    const browser = at.browser()
    const answer = await browser.go(logoutPath({ ...params, oauth_token: 'some-token' }))
    expect(answer.status).toBe(303)
    const page = await browser.follow(answer)
    expect([page.status, errorOn(page)]).toEqual([400, code])
    expect(page.path).toMatch(/^\/logout\/(signed-out|stopped)\?outcome=[\w-]{43}$/)
  })

  test.each([
    ['a refused post', { 'amp;client_id': 'news', client_id: 'news' }, 'duplicate_parameter'],
    ['a post that goes nowhere', { redirect_uri: 'https://evil.example/' }, 'redirect_uri_mismatch']
  ])('holds no token after %s to an address that held one', async (_what, form, code) => {
    const { browser } = await signedIn(at)
    const token = await tokenFor(at, 'news', 'u-ola')
    const path = logoutPath({ oauth_token: token })
    const answer = await browser.go(path, { form, from: 'same-origin' })
    expect(answer.status).toBe(303)
    const page = await browser.follow(answer)
    expect([page.status, errorOn(page)]).toEqual([400, code])
    expect(page.path).not.toContain(token)
  })

  test.each([
    ['/logout/confirm', 'request_expired'],
    ['/logout/confirm?request=unknown', 'request_expired'],
    ['/logout/stopped', 'request_expired'],
    ['/logout/stopped?outcome=unknown', 'request_expired']
  ])('%s is a page too, when there is nothing behind it', async (path, code) => {
    const answer = await (await signedIn(at)).browser.go(path)
    expect([answer.status, errorOn(answer)]).toEqual([400, code])
    expect(answer.headers['content-type']).toContain('text/html')
  })
})

describe('NI-05: a confirmation that is not proven to be the person’s own', () => {
  test.each([
    ['from a foreign origin', { origin: 'https://evil.example' }, 'csrf_failed', 403],
    ['cross-site', { 'sec-fetch-site': 'cross-site' }, 'csrf_failed', 403],
    ['from a sibling site', { 'sec-fetch-site': 'same-site' }, 'csrf_failed', 403],
    ['cross-site, its origin hidden', { origin: 'null', 'sec-fetch-site': 'cross-site' }, 'csrf_failed', 403]
  ])('%s is refused with a page and ends nothing', async (_what, headers, code, status) => {
    const { person, id } = await asked()
    const answer = await person.browser.go('/logout/confirm', { form: { request: id }, headers })
    expectNoLogout(answer)
    expect([answer.status, errorOn(answer)]).toEqual([status, code])
    expect(answer.headers['content-type']).toContain('text/html')
    expect(await isLive(at, person)).toBe(true)
  })

  test.each<[string, () => Promise<Record<string, string>>, string, number]>([
    ['without an id', async () => ({}), 'request_expired', 400],
    ['with an empty id', async () => ({ request: '' }), 'request_expired', 400],
    ['with a made-up id', async () => ({ request: secret() }), 'request_expired', 400],
    ["with another session's id", async () => ({ request: (await asked()).id }), 'csrf_failed', 403]
  ])('%s is refused with a page and ends nothing', async (_what, form, code, status) => {
    const { person } = await asked()
    const asking = { form: await form(), from: 'same-origin', headers: { origin: issuer } } as const
    const answer = await person.browser.go('/logout/confirm', asking)
    expectNoLogout(answer)
    expect([answer.status, errorOn(answer)]).toEqual([status, code])
    expect(await isLive(at, person)).toBe(true)
  })

  test('with an id that was given twice is refused', async () => {
    const { person, id } = await asked()
    const form = new URLSearchParams([
      ['request', id],
      ['request', id]
    ])
    const answer = await person.browser.go('/logout/confirm', { form, from: 'same-origin' })
    expect([answer.status, errorOn(answer)]).toEqual([400, 'duplicate_parameter'])
    expect(await isLive(at, person)).toBe(true)
  })

  test('shown for another sign-in of the same browser is refused, and not shown again', async () => {
    const { page } = await asked()
    const later = await signedIn(at)
    const answer = await later.browser.submit(page, {}, 'confirm-logout')
    expect([answer.status, errorOn(answer)]).toEqual([403, 'csrf_failed'])
    const path = `/logout/confirm?request=${formOn(page, 'confirm-logout').hidden.request}`
    expect(errorOn(await later.browser.go(path))).toBe('csrf_failed')
    expect(await isLive(at, later)).toBe(true)
  })

  test('too late is refused, and says so', async () => {
    const { person, page } = await asked()
    advance(30 * 60)
    const answer = await person.browser.submit(page, {}, 'confirm-logout')
    expectNoLogout(answer)
    expect([answer.status, errorOn(answer)]).toEqual([400, 'request_expired'])
    expect(await isLive(at, person)).toBe(true)
  })

  test('by GET is no answer at all', async () => {
    const { person, id } = await asked()
    const answer = await person.browser.go(`/logout/confirm?request=${id}&decision=confirm`)
    expect(asks(answer)).toBe(true)
    expect(await isLive(at, person)).toBe(true)
  })
})
