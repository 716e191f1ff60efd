import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newBrowser } from '../support/browser.ts'
import { openSystem, type TestSystem } from '../support/system.ts'
import { bye, hintOf, isLive, logoutPath, type Params, signedIn, tokenFor } from './redirect-kit.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

const expiredCookie =
  '__Host-utgang=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT'

describe('on the way out', () => {
  test.each<[string, Params]>([
    ['to the client', { client_id: 'news', redirect_uri: bye }],
    ['to our page', { client_id: 'news' }],
    ['nowhere', { client_id: 'news', redirect_uri: 'https://evil.example/' }]
  ])('%s, the browser is cleared', async (_where, params) => {
    const person = await signedIn(at)
    const answer = await person.browser.go(logoutPath(params))
    expect(answer.headers).toMatchObject({
      'clear-site-data': '"cache", "storage"',
      'set-login': 'logged-out',
      'referrer-policy': 'no-referrer'
    })
    expect(answer.headers['cache-control']).toContain('no-store')
    expect(answer.setCookies).toContain(expiredCookie)
    expect(person.browser.cookie('__Host-utgang')).toBeUndefined()
  })

  test('after the click too', async () => {
    const person = await signedIn(at)
    const page = await person.browser.go(logoutPath({ client_id: 'careful' }))
    const answer = await person.browser.submit(page, {}, 'confirm-logout')
    expect(answer.headers['clear-site-data']).toBe('"cache", "storage"')
    expect(answer.setCookies).toContain(expiredCookie)
  })

  test('a cookie of ours that did not come is not expired: it may be another’s request', async () => {
    const answer = await at.browser().go(logoutPath({ client_id: 'news' }))
    expect(answer.setCookies).toEqual([])
  })

  test.each(['GET', 'POST'] as const)(
    '%s is answered by 303, never by a redirect that keeps the method',
    async method => {
      const person = await signedIn(at)
      const params = { client_id: 'news', redirect_uri: bye }
      const answer = await (method === 'GET'
        ? person.browser.go(logoutPath(params))
        : person.browser.go('/logout', { form: params, from: 'same-origin' }))
      expect(answer.status).toBe(303)
    }
  )
})

describe('every page', () => {
  test.each<[string, Params]>([
    ['that asks', { client_id: 'careful' }],
    ['that says no', { client_id: 'nobody' }],
    ['that says signed out', { client_id: 'news' }],
    ['that goes nowhere', { client_id: 'news', redirect_uri: 'https://evil.example/' }]
  ])('%s is in no frame, in no cache, without script and without referrer', async (_what, params) => {
    const person = await signedIn(at)
    const page = await person.browser.visit(logoutPath(params))
    expect(page.headers['content-type']).toContain('text/html')
    expect(page.headers['cache-control']).toContain('no-store')
    expect(page.headers['referrer-policy']).toBe('no-referrer')
    expect(page.headers['x-frame-options']).toBe('DENY')
    const policy = String(page.headers['content-security-policy'])
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('script-src')
  })

  test('a page behind a token has an address without it, and no header repeats it', async () => {
    const person = await signedIn(at)
    const token = await tokenFor(at, 'careful', 'u-ola')
    const answer = await person.browser.go(logoutPath({ oauth_token: token }))
    expect(answer.status).toBe(303)
    const page = await person.browser.follow(answer)
    expect(page.status).toBe(200)
    expect(JSON.stringify([answer.headers, page.headers, page.path, page.text])).not.toContain(token)
  })

  test('no token is ever logged', async () => {
    const person = await signedIn(at)
    const token = await tokenFor(at, 'news', 'u-ola')
    const hint = await hintOf(at, person, 'news')
    const state = 'a-state-that-is-nobody-elses-business'
    for (const params of [
      { oauth_token: token, client_id: 'nobody' },
      { id_token_hint: `${hint}x`, state },
      { id_token_hint: hint, oauth_token: token, state }
    ])
      await person.browser.visit(logoutPath(params))
    expect(await isLive(at, person)).toBe(false)
    const logs = at.logs.join('\n')
    expect(logs).toContain('/logout')
    for (const value of [token, hint, state, person.cookie]) expect(logs).not.toContain(value)
  })
})

describe('CORS', () => {
  test.each(['/logout', '/logout/confirm', '/logout/signed-out'])('%s has none', async path => {
    const origin = 'https://news.example'
    const preflight = await at.ask(path, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' }
    })
    const answer = await at.ask(path, { headers: { origin, 'sec-fetch-mode': 'cors' } })
    for (const { headers } of [preflight, answer])
      expect(Object.keys(headers).filter(name => name.startsWith('access-control-'))).toEqual([])
    expect(preflight.status).toBeGreaterThanOrEqual(400)
  })
})

describe('the session cookie', () => {
  test('in other letters counts as none', async () => {
    const person = await signedIn(at)
    const headers = { cookie: `__HOST-utgang=${person.cookie}` }
    const answer = await at.browser().go(logoutPath({ client_id: 'news' }), { headers })
    expect(answer.location).toBe('/logout/signed-out')
    expect(await isLive(at, person)).toBe(true)
  })

  test.each([
    ['twice', (value: string) => `__Host-utgang=${value}; __Host-utgang=${value}`],
    ['twice, one of them foreign', (value: string) => `__Host-utgang=x; __Host-utgang=${value}`]
  ])('%s counts as none, and nobody is told to be signed out', async (_how, cookie) => {
    const person = await signedIn(at)
    const headers = { cookie: cookie(person.cookie) }
    const answer = await at.browser().go(logoutPath({ client_id: 'news' }), { headers })
    expect([answer.status, answer.location]).toEqual([400, undefined])
    expect(await isLive(at, person)).toBe(true)
  })
})

describe('the receipt', () => {
  test('is for the browser that logged out, and for no other', async () => {
    const person = await signedIn(at, 'u-ola', ['news', 'market'])
    const answer = await person.browser.go(logoutPath({ client_id: 'news' }))
    expect(answer.headers['utgang-receipt']).toMatch(/^[\w-]+$/)
    const [cookie = ''] = answer.setCookies.filter(it => it.startsWith('__Host-utgang-receipt='))
    expect(cookie).toMatch(/; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=\d+$/)
    expect((await person.browser.follow(answer)).text).toContain('The market site')
    expect((await at.browser().follow(answer)).text).not.toContain('The market site')
  })

  test('on a page that goes nowhere is for that browser alone, whoever knows the address', async () => {
    const person = await signedIn(at, 'u-ola', ['news', 'market'])
    const token = await tokenFor(at, 'news', 'u-ola')
    const params = { oauth_token: token, redirect_uri: 'https://evil.example/' }
    const answer = await person.browser.go(logoutPath(params))
    expect(answer.location).toContain('/logout/signed-out?outcome=')
    const own = await person.browser.follow(answer)
    expect(own.status).toBe(400)
    expect(own.text).toContain('The market site')
    const others = await newBrowser(at.origin).follow(answer)
    expect(others.status).toBe(400)
    expect(others.text).not.toContain('The market site')
  })

  test('of one’s own is not replaced by a logout that ended nothing', async () => {
    const person = await signedIn(at, 'u-ola', ['market'])
    await person.browser.go(logoutPath({ client_id: 'news' }))
    const again = await person.browser.visit(logoutPath({ client_id: 'news' }))
    expect(again.text).toContain('The market site')
  })
})
