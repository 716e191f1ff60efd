import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer } from '../support/browser.ts'
import { password } from '../support/fixtures.ts'
import { authorization, signIn } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'
import { check, logout, page } from './sdk-kit.ts'
import { attackedClients, expectUnharmed, handle, isLive, own, victim } from './sdk-victim.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem({ config: { clients: attackedClients } })
})
afterAll(() => at.close())

describe('cookies that somebody else planted', () => {
  /** Asks as forum's own page on the same site does, with this `Cookie` header. */
  const withCookies = (cookie: string): Promise<Answer> =>
    at.ask('/sdk/session?client_id=forum', { headers: { ...page(), cookie, 'sec-fetch-site': 'cross-site' } })
  const post = (cookie: string): Promise<Answer> =>
    at.ask('/sdk/logout?client_id=forum', {
      json: { client_id: 'forum' },
      headers: { ...page(), cookie, 'sec-fetch-site': 'cross-site' }
    })

  const names = [
    '__host-utgang-sdk',
    '__HOST-UTGANG-SDK',
    '__Host-Utgang-SDK',
    '\u00a0__Host-utgang-sdk',
    '__Host-utgang-sdk\u00a0',
    '\u0085__Host-utgang-sdk',
    '\u2003__Host-utgang-sdk',
    '\ufeff__Host-utgang-sdk',
    '"__Host-utgang-sdk"',
    '__Host-utgang-sdk[0]',
    '__Host-utgang-sdk2',
    'utgang-sdk',
    '$__Host-utgang-sdk',
    '__Host-utgang-sdk%00',
    '%5F%5FHost-utgang-sdk'
  ]
  test.each(names)('%j is another cookie', async name => {
    const [ola, mallory] = [await victim(at), await victim(at, 'kari@example.test')]
    const right = `${handle}=${ola.browser.cookie(handle)}`
    const asUtf8 = Buffer.from(name).toString('latin1')
    // Browsers send UTF-8; servers read single bytes.
    for (const written of name.charCodeAt(0) < 256 ? [asUtf8, name] : [asUtf8]) {
      const planted = `${written}=${mallory.browser.cookie(handle)}`
      expect((await withCookies(planted)).json().status).toBe('unknown')
      expect((await post(planted)).json().ended).toBe(false)
      for (const both of [`${planted}; ${right}`, `${right}; ${planted}`])
        expect((await withCookies(both)).json()).toMatchObject({ status: 'connected', user_id: 'u-ola' })
    }
    expect((await post(`${asUtf8}=${mallory.browser.cookie(handle)}; ${right}`)).json().ended).toBe(true)
    expect([await isLive(at, ola.uid), await isLive(at, mallory.uid)]).toEqual([false, true])
  })

  test('one that comes twice says nothing, and nothing is done by it', async () => {
    const [ola, mallory] = [await victim(at), await victim(at, 'kari@example.test')]
    const [right, planted] = [ola, mallory].map(it => `${handle}=${it.browser.cookie(handle)}`)
    for (const doubled of [`${right}; ${planted}`, `${planted}; ${right}`, `${right};${right}`]) {
      expect((await withCookies(doubled)).json().status).toBe('unknown')
      const answer = await post(doubled)
      expect([answer.json().ended, answer.setCookies]).toEqual([false, []])
    }
    expect([await isLive(at, ola.uid), await isLive(at, mallory.uid)]).toEqual([true, true])
    expect((await post(right ?? '')).json().ended).toBe(true)
  })

  test('a handle of somebody else beside the session’s own cookie: the session’s own says who is here', async () => {
    const [ola, mallory] = [await victim(at), await victim(at, 'kari@example.test')]
    ola.browser.setCookie(handle, mallory.browser.cookie(handle) ?? '')
    expect((await check(ola.browser, 'forum')).json()).toMatchObject({
      status: 'connected',
      user_id: 'u-ola'
    })
    expect((await logout(ola.browser, 'forum', {}, { from: 'same-site' })).json()).toMatchObject({
      ended: true
    })
    // Whoever is told that they are signed out is.
    expect([await isLive(at, ola.uid), await isLive(at, mallory.uid)]).toEqual([false, true])
  })

  test('it signs nobody in: the next sign-in gives the browser the handle of its own session', async () => {
    const mallory = await victim(at, 'kari@example.test')
    const browser = at.browser()
    browser.setCookie(handle, mallory.browser.cookie(handle) ?? '')
    expect((await browser.go('/')).text).not.toContain('Kari')
    const asked = await browser.go(authorization('forum', { prompt: 'none' }).path)
    expect(asked.location).toContain('error=login_required')
    const { sub } = await signIn(at, browser, 'forum')
    expect(sub).toBe('u-ola')
    expect((await check(browser, 'forum')).json()).toMatchObject({ user_id: 'u-ola' })
    expect(await isLive(at, mallory.uid)).toBe(true)
  })

  test('a session that was planted is not one that the handle names: each is read for what it is', async () => {
    const ola = await victim(at)
    const [session, theHandle] = [ola.browser.cookie(own) ?? '', ola.browser.cookie(handle) ?? '']
    expect((await withCookies(`${handle}=${session}`)).json().status).toBe('notConnected')
    expect((await withCookies(`${own}=${theHandle}`)).json().status).toBe('notConnected')
    expect((await post(`${handle}=${session}`)).json()).toMatchObject({ ended: true, receipt: null })
    await expectUnharmed(at, ola)
  })
})

describe('the handle opens no other door', () => {
  const asHandle = (value: string): string[] => [
    `${handle}=${value}`,
    `${own}=${value}`,
    `${handle}=${value}; ${own}=${value}`
  ]

  test('it signs nobody in and shows nobody’s page', async () => {
    const ola = await victim(at)
    const { path } = authorization('forum', { prompt: 'none' })
    for (const cookie of asHandle(ola.browser.cookie(handle) ?? '')) {
      const headers = {
        cookie,
        'sec-fetch-site': 'none',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document'
      }
      expect((await at.ask('/', { headers })).text).not.toContain('Ola')
      expect((await at.ask(path, { headers })).location).toContain('error=login_required')
      expect((await at.ask('/logout/receipts?sid=x', { headers })).status).toBeGreaterThanOrEqual(400)
      for (const address of ['/logout', '/logout?client_id=forum', '/logout/signed-out'])
        expect((await at.ask(address, { headers })).text).not.toContain('Ola')
    }
    await expectUnharmed(at, ola)
  })

  test('it is no token', async () => {
    const ola = await victim(at)
    const value = ola.browser.cookie(handle) ?? ''
    const cookie = `${handle}=${value}`
    for (const path of ['/api/2/me', '/api/2/user/u-ola', '/api/2/logout', '/oauth/userinfo']) {
      expect([path, (await at.ask(path, { bearer: value })).status]).toEqual([path, 401])
      expect([path, (await at.ask(path, { headers: { cookie } })).status]).toEqual([path, 401])
      expect([path, (await at.ask(`${path}?oauth_token=${value}`)).status]).toEqual([path, 401])
    }
    expect(
      (await logout(at.browser(), 'forum', { access_token: value, id_token_hint: ola.idToken })).json().ended
    ).toBe(false)
    await expectUnharmed(at, ola)
  })
})

describe('the cookie', () => {
  test('is not kept longer than the sign-in that it belongs to', async () => {
    const ola = await victim(at)
    await signIn(at, ola.browser, 'forum', { remember: false, params: { prompt: 'login' } })
    ola.browser.restart()
    expect(ola.browser.cookie(own)).toBeUndefined()
    expect((await check(ola.browser, 'forum', {}, 'cross-site')).json().status).toBe('unknown')
  })

  test('stays with whoever signs in: after a switch it names the new session alone', async () => {
    const ola = await victim(at)
    const before = ola.browser.cookie(handle) ?? ''
    const again = ola.browser.copy()
    const page = await ola.browser.visit(authorization('forum', { prompt: 'login' }).path)
    const asked = await ola.browser.submit(page, { login: 'kari@example.test', password })
    await ola.browser.follow(await ola.browser.submit(await ola.browser.follow(asked), { choice: 'switch' }))
    expect(ola.browser.cookie(handle)).not.toBe(before)
    expect((await check(again, 'forum', {}, 'cross-site')).json().status).toBe('notConnected')
    expect(await isLive(at, ola.uid)).toBe(false)
  })
})
