import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authorization, signIn } from '../support/sign-in.ts'
import { advance, openSystem, startSystem, type TestSystem } from '../support/system.ts'
import { asks, bye, hintOf, isLive, logoutPath, type Params, type Person, signedIn } from './redirect-kit.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

/** One request for each way in which a logout can be proven and can end. */
const variants: [what: string, params: (hint: string) => Params, location: string][] = [
  ['SPiD’s, with an address', () => ({ client_id: 'news', redirect_uri: bye }), bye],
  ['SPiD’s, without one', () => ({ client_id: 'news' }), '/logout/signed-out'],
  [
    'OpenID Connect’s, with everything',
    hint => ({ id_token_hint: hint, client_id: 'news', post_logout_redirect_uri: bye, state: 's' }),
    `${bye}?state=s`
  ],
  ['OpenID Connect’s, with a hint alone', hint => ({ id_token_hint: hint }), '/logout/signed-out']
]

describe('where nobody is signed in, the answer is that of a success', () => {
  const cookies: [what: string, make: () => Promise<Person>][] = [
    ['no cookie', async () => without(await signedIn(at))],
    ['the cookie of an ended session', async () => ended(await signedIn(at))],
    ['a cookie that nobody set', async () => forged(await signedIn(at))],
    ['an expired session', async () => expired(await signedIn(at))]
  ]
  const cases = variants.flatMap(([what, params, location]) =>
    cookies.map(([cookie, make]) => [what, cookie, params, location, make] as const)
  )

  test.each(cases)('%s: %s', async (_what, _cookie, params, location, make) => {
    const alive = await signedIn(at)
    const first = await alive.browser.go(logoutPath(params(await hintOf(at, alive, 'news'))))
    expect(first).toMatchObject({ status: 303, location })
    const person = await make()
    const path = logoutPath(params(await hintOf(at, person, 'news')))
    const answer = await person.browser.go(path, { from: 'cross-site' })
    expect([answer.status, answer.location]).toEqual([first.status, first.location])
    for (const name of ['clear-site-data', 'set-login', 'cache-control', 'referrer-policy'])
      expect(answer.headers[name]).toEqual(first.headers[name])
  })

  test.each(variants.slice(0, 2))(
    'a client that always asks does not ask then: %s',
    async (_what, params) => {
      const { client_id: _news, redirect_uri: address, ...rest } = params('')
      const query = { ...rest, client_id: 'careful', redirect_uri: address && 'https://careful.example/bye' }
      expect(asks(await at.browser().go(logoutPath(query)))).toBe(false)
    }
  )

  test('with no parameters at all', async () => {
    const answer = await at.browser().visit('/logout')
    expect(answer.status).toBe(200)
    expect(answer.text).toContain('id="signed-out"')
  })

  function without(person: Person): Person {
    person.browser.dropCookie('__Host-utgang')
    return person
  }
  async function ended(person: Person): Promise<Person> {
    await at.system.heart.end({ name: 'admin_session', sessionUid: person.uid })
    return person
  }
  function forged(person: Person): Person {
    person.browser.setCookie('__Host-utgang', `${person.cookie}x`)
    return person
  }
  function expired(person: Person): Person {
    advance(2 * 86_400)
    return person
  }
})

describe('the same logout again', () => {
  test.each(variants)('%s, twice: the same answer, ended once', async (_what, params, location) => {
    const person = await signedIn(at, 'u-ola', ['market'])
    const path = logoutPath(params(await hintOf(at, person, 'news')))
    const audit = async () => (await at.storage.listAudit({ limit: 1000, event: 'logout' })).length
    const before = await audit()
    const deliveries = (await at.storage.listDeliveries()).length
    const answers = [await person.browser.go(path), await person.browser.go(path)]
    expect(answers.map(it => [it.status, it.location])).toEqual([
      [303, location],
      [303, location]
    ])
    expect(await audit()).toBe(before + 1)
    expect((await at.storage.listDeliveries()).length).toBe(deliveries + 1)
  })

  test('two tabs, one after the other: the second finds it done', async () => {
    const person = await signedIn(at)
    const otherTab = person.browser.copy()
    const pages = [
      await person.browser.go(logoutPath({ client_id: 'careful' })),
      await otherTab.go('/logout')
    ]
    const [first, second] = [
      await person.browser.submit(pages[0] ?? raise(), {}, 'confirm-logout'),
      await otherTab.submit(pages[1] ?? raise(), {}, 'confirm-logout')
    ]
    expect([first.location, second.location]).toEqual(['/logout/signed-out', '/logout/signed-out'])
  })

  test('two at the same moment: both answer the same, one receipt, each RP is owed one delivery', async () => {
    let arrived = 0
    let open = (): void => {}
    const both = new Promise<void>(resolve => {
      open = resolve
    })
    // Holds each logout until both have found the session alive.
    const own = await startSystem({
      wrapStorage: storage => ({
        ...storage,
        end: async (...args) => {
          if (++arrived === 2) open()
          await both
          return storage.end(...args)
        }
      })
    })
    const person = await signedIn(own, 'u-ola', ['market', 'forum', 'news'])
    const path = logoutPath({ client_id: 'news', redirect_uri: bye })
    const answers = await Promise.all([person.browser.go(path), person.browser.copy().go(path)])
    expect(answers.map(it => it.location)).toEqual([bye, bye])
    const [receipt, same] = answers.map(it => it.headers['utgang-receipt'])
    expect(receipt).toBeDefined()
    expect(same).toBe(receipt)
    expect((await own.storage.listDeliveries()).map(it => it.clientId)).toEqual(
      expect.arrayContaining(['market', 'forum'])
    )
    expect(await own.storage.listDeliveries()).toHaveLength(2)
    expect(await own.storage.listAudit({ limit: 10, event: 'logout' })).toHaveLength(1)
  })
})

describe('afterwards', () => {
  test('prompt=none answers login_required, with the old cookie too', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'news')
    const old = browser.copy()
    await browser.go(logoutPath({ client_id: 'news' }))
    expect(browser.cookie('__Host-utgang')).toBeUndefined()
    expect(old.cookie('__Host-utgang')).toBeDefined()
    for (const it of [browser, old]) {
      const answer = await it.visit(authorization('news', { prompt: 'none' }).path)
      expect(answer.location).toContain('error=login_required')
      expect((await it.visit(authorization('news').path)).text).toContain('id="sign-in"')
    }
  })

  test('an authorization with the old cookie does not bring the session back', async () => {
    const browser = at.browser()
    await signIn(at, browser, 'news')
    const old = browser.copy()
    const session = await at.sessionOf(browser)
    await browser.go(logoutPath({ client_id: 'news' }))
    await old.visit(authorization('news').path)
    expect(session && (await isLive(at, session))).toBe(false)
    expect(await at.sessionOf(old)).toBeUndefined()
  })
})

function raise(): never {
  throw new Error('missing')
}
