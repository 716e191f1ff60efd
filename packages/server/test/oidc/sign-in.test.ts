import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, type Browser, formOn } from '../support/browser.ts'
import { issuer, password } from '../support/fixtures.ts'
import { authorization, codeOf, redeem, signIn } from '../support/sign-in.ts'
import { advance, openSystem, startSystem, type TestSystem } from '../support/system.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem({ config: { trust_proxy: ['127.0.0.1'] } })
})
afterAll(() => at.close())

const pageFor = (browser: Browser, params: Record<string, string> = {}): Promise<Answer> =>
  browser.visit(authorization('news', params).path)

/** Sends the sign-in form from an address. */
function attempt(browser: Browser, page: Answer, login: string, given: string, ip: string): Promise<Answer> {
  return browser.go(formOn(page).action, {
    form: { login, password: given },
    from: 'same-origin',
    headers: { origin: issuer, 'x-forwarded-for': ip }
  })
}

describe('wrong passwords', () => {
  test('after five the next one waits, ever longer, and half a minute at most', async () => {
    // The clock stands still, however long the guesses take.
    advance(0)
    const browser = at.browser()
    const page = await pageFor(browser)
    const guess = (): Promise<Answer> => attempt(browser, page, 'ola@example.test', 'a guess', '203.0.113.1')
    for (let n = 0; n < 5; n++) {
      const answer = await guess()
      expect(answer.status).toBe(401)
      expect(answer.text).toContain('data-code="invalid_credentials"')
      expect(answer.text).toContain('value="ola@example.test"')
      expect(answer.text).not.toContain('a guess')
    }
    const waits: number[] = []
    for (let n = 0; n < 8; n++) {
      const answer = await guess()
      expect(answer.status).toBe(429)
      expect(answer.text).toContain('data-code="too_many_attempts"')
      const wait = Number(answer.headers['retry-after'])
      waits.push(wait)
      advance(wait)
      expect((await guess()).status).toBe(401)
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30])
  })

  test('nobody is locked out: not elsewhere, and not here after the wait', async () => {
    advance(0)
    const browser = at.browser()
    const page = await pageFor(browser)
    for (let n = 0; n < 6; n++) await attempt(browser, page, 'ola@example.test', 'no', '203.0.113.2')
    const here = await attempt(browser, page, 'ola@example.test', password, '203.0.113.2')
    expect(here.status).toBe(429)
    const elsewhere = at.browser()
    const other = await attempt(
      elsewhere,
      await pageFor(elsewhere),
      'ola@example.test',
      password,
      '203.0.113.3'
    )
    expect(other.status).toBe(303)
    advance(Number(here.headers['retry-after']))
    expect((await attempt(browser, page, 'ola@example.test', password, '203.0.113.2')).status).toBe(303)
  })

  test.each(['OLA@example.test', ' ola@example.test ', 'ｏｌａ@example.test'])(
    '%j is the same account, and its attempts are counted together',
    async variant => {
      advance(0)
      const browser = at.browser()
      const page = await pageFor(browser)
      const ip = `203.0.113.${10 + variant.length}${variant.charCodeAt(0) % 10}`.slice(0, 13)
      for (let n = 0; n < 5; n++) await attempt(browser, page, 'ola@example.test', 'no', ip)
      expect((await attempt(browser, page, variant, 'no', ip)).status).toBe(429)
      advance(1)
      expect((await attempt(browser, page, variant, password, ip)).status).toBe(303)
    }
  )

  test('twenty at the same moment are no way around', async () => {
    advance(0)
    const browser = at.browser()
    const page = await pageFor(browser)
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => attempt(browser, page, 'ola@example.test', 'no', '203.0.113.4'))
    )
    expect(answers.filter(it => it.status === 401)).toHaveLength(5)
  })

  test('an unknown address answers as a known one does', async () => {
    const answers: string[] = []
    for (const login of ['ola@example.test', 'nobody@example.test']) {
      const browser = at.browser()
      const page = await pageFor(browser)
      const answer = await attempt(browser, page, login, 'no', '203.0.113.5')
      expect(answer.status).toBe(401)
      answers.push(answer.text.replaceAll(login, '').replaceAll(/\/sign-in\/[\w-]+/g, ''))
    }
    expect(answers[0]).toBe(answers[1])
  })

  test('each attempt is written down with the real address, without a password', async () => {
    const browser = at.browser()
    const page = await pageFor(browser)
    await attempt(browser, page, 'ola@example.test', 'a guess to be found nowhere', '203.0.113.6')
    await attempt(browser, page, 'ola@example.test', password, '203.0.113.6')
    const [good, bad] = await at.storage.listAudit({ limit: 2 })
    expect(bad).toMatchObject({ event: 'sign_in_failed', clientId: 'news', ip: '203.0.113.6' })
    expect(good).toMatchObject({ event: 'sign_in', sub: 'u-ola', clientId: 'news', ip: '203.0.113.6' })
    expect(at.logs.join('')).not.toContain('a guess to be found nowhere')
    expect(JSON.stringify(await at.storage.listAudit({ limit: 100 }))).not.toContain('a guess')
  })
})

describe('signing up', () => {
  async function signUp(browser: Browser, fields: Record<string, string>): Promise<Answer> {
    return browser.submit(await pageFor(browser, { prompt: 'create' }), fields)
  }

  test('a new account can sign in and go on', async () => {
    const browser = at.browser()
    const { path, verifier } = authorization('news', { prompt: 'create' })
    const page = await browser.visit(path)
    const email = 'new.person@example.test'
    const received = await browser.submit(page, { email, name: 'New Person', password: 'a good password' })
    expect(received.status).toBe(200)
    expect(received.text).toContain('id="sign-up-received"')
    const form = await browser.go(/href="([^"]*page=sign-in)"/.exec(received.text)?.[1] ?? '')
    const end = await browser.follow(
      await browser.submit(form, { login: email, password: 'a good password' })
    )
    const signedIn = await redeem(at, 'news', codeOf(end), verifier)
    expect(signedIn.sub).toMatch(/^u_/)
  })

  test('an address that has an account already gets the very same answer', async () => {
    const texts: string[] = []
    for (const email of ['fresh.one@example.test', 'OLA@example.test']) {
      const answer = await signUp(at.browser(), { email, name: 'Somebody', password: 'a good password' })
      const { date: _date, 'x-request-id': _id, ...headers } = answer.headers
      texts.push(
        JSON.stringify([answer.status, headers, answer.text.replaceAll(/\/sign-in\/[\w-]+/g, '')]).replaceAll(
          /"content-length":"\d+"|"request-id":"[^"]*"/g,
          ''
        )
      )
    }
    expect(texts[0]).toBe(texts[1])
    // And the account is still Ola's.
    const browser = at.browser()
    const page = await pageFor(browser)
    const answer = await attempt(browser, page, 'ola@example.test', 'a good password', '203.0.113.7')
    expect(answer.status).toBe(401)
  })

  test.each([
    { what: 'no address', fields: { email: '', name: 'A', password: 'a good password' } },
    { what: 'no real address', fields: { email: 'nowhere', name: 'A', password: 'a good password' } },
    { what: 'no name', fields: { email: 'a@example.test', name: ' ', password: 'a good password' } },
    { what: 'a short password', fields: { email: 'a@example.test', name: 'A', password: 'short' } }
  ])('$what is said on the form, which keeps what was typed', async ({ fields }) => {
    const answer = await signUp(at.browser(), fields)
    expect(answer.status).toBe(400)
    expect(answer.text).toContain('id="sign-up"')
    expect(answer.text).not.toContain('a good password')
    if (fields.email) expect(answer.text).toContain(fields.email)
  })
})

describe('a form of another site', () => {
  const foreign = [
    { how: 'a foreign Origin', headers: { origin: 'https://evil.test' }, from: 'same-origin' },
    { how: 'cross-site', headers: { origin: undefined }, from: 'cross-site' },
    { how: 'a sibling host', headers: { origin: undefined }, from: 'same-site' }
  ] as const

  test.each(foreign)('is refused on every page: $how', async ({ headers, from }) => {
    const browser = at.browser()
    const page = await pageFor(browser)
    const base = formOn(page).action
    const form = {
      login: 'ola@example.test',
      password,
      decision: 'allow',
      choice: 'switch',
      email: 'x@y.test'
    }
    for (const path of ['', '/consent', '/account', '/sign-up', '/switch']) {
      const answer = await browser.go(base + path, { form, from, headers: { ...headers } })
      expect(answer.status, path).toBe(403)
      expect(answer.text).toContain('data-code="csrf_failed"')
    }
    expect(await at.sessionOf(browser)).toBeUndefined()
  })

  test('our own form is taken also from a browser that says nothing, or hides where it was', async () => {
    for (const headers of [
      { origin: undefined, 'sec-fetch-site': undefined },
      { origin: 'null', 'sec-fetch-site': 'same-origin' }
    ]) {
      const browser = at.browser()
      const page = await pageFor(browser)
      const form = { login: 'ola@example.test', password }
      expect((await browser.go(formOn(page).action, { form, headers })).status).toBe(303)
    }
  })
})

describe('an interaction', () => {
  test('is worth nothing without its cookie', async () => {
    const browser = at.browser()
    const page = await pageFor(browser)
    const other = at.browser()
    expect((await other.go(formOn(page).action)).status).toBe(400)
    const answer = await other.submit(page, { login: 'ola@example.test', password })
    expect(answer.status).toBe(400)
    expect(answer.text).toContain('data-code="request_expired"')
  })

  test('is not answered with another one, even in the same browser', async () => {
    const browser = at.browser()
    const one = formOn(await pageFor(browser)).action
    const two = formOn(await pageFor(browser)).action
    const answer = await browser.go(one, {
      headers: { cookie: `__Secure-utgang-interaction=${two.split('/').at(-1)}` }
    })
    expect(answer.status).toBe(400)
  })

  test('an open page lives an hour', async () => {
    const browser = at.browser()
    const page = await pageFor(browser)
    advance(3599)
    expect((await browser.go(formOn(page).action)).status).toBe(200)
    advance(2)
    const answer = await browser.submit(page, { login: 'ola@example.test', password })
    expect(answer.text).toContain('data-code="request_expired"')
  })

  test('coming back twice from one form lands nowhere strange', async () => {
    const browser = at.browser()
    const back = await browser.submit(await pageFor(browser), { login: 'ola@example.test', password })
    const first = await browser.follow(back)
    expect(codeOf(first)).toBeTruthy()
    // The browser's back button: the interaction is spent.
    const second = await browser.follow(back)
    expect(second.status).toBe(400)
    expect(second.text).toContain('data-code="request_expired"')
  })
})

describe('with trust_proxy', () => {
  test('nobody trusted: whatever a request says of its address, it is its own', async () => {
    const at = await startSystem()
    const browser = at.browser()
    const page = await pageFor(browser)
    for (let n = 0; n < 5; n++) await attempt(browser, page, 'ola@example.test', 'no', `203.0.113.${n}`)
    expect((await attempt(browser, page, 'ola@example.test', 'no', '203.0.113.99')).status).toBe(429)
  })
})

test('what a person may do is on the page: the hint is filled in, the language comes from ui_locales', async () => {
  const page = await pageFor(at.browser(), { login_hint: 'kari@example.test', ui_locales: 'nb en' })
  expect(page.text).toMatch(/name="login"[^>]*value="kari@example\.test"/)
  expect(page.text).toContain('lang="nb')
  expect((await pageFor(at.browser(), { ui_locales: 'xx zz' })).status).toBe(200)
})

test('who comes back signed in goes on in silence, at every site of the config', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'news')
  for (const clientId of ['market', 'forum', 'app'])
    expect(codeOf(await browser.visit(authorization(clientId).path))).toBeTruthy()
})
