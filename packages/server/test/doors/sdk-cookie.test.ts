import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Browser } from '../support/browser.ts'
import { clients, password } from '../support/fixtures.ts'
import { answerPages, authorization, signIn } from '../support/sign-in.ts'
import { advance, openSystem, startSystem, type TestSystem } from '../support/system.ts'
import { check, sdkClients } from './sdk-kit.ts'

const name = '__Host-utgang-sdk'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem({ config: { clients: sdkClients } })
})
afterAll(() => at.close())

async function signedIn(options: { remember?: boolean } = {}): Promise<Browser> {
  const browser = at.browser()
  await signIn(at, browser, 'forum', options)
  return browser
}

/** The `Set-Cookie` lines of this cookie in a sign-in, or in another authorization. */
async function linesOf(
  browser: Browser,
  headers: Record<string, string> = {},
  remember = true
): Promise<string[]> {
  const lines: string[] = []
  const going = browser.go
  browser.go = async (path, asking) => {
    const answer = await going(path, asking)
    lines.push(...answer.setCookies.filter(line => line.startsWith(`${name}=`)))
    return answer
  }
  const page = await browser.visit(authorization('forum').path, { headers })
  await answerPages(browser, page, { remember })
  browser.go = going
  return lines
}

describe('a sign-in gives the browser the handle of its session', () => {
  test('for other sites’ pages to send, for no script to read', async () => {
    const [line, ...more] = await linesOf(at.browser())
    expect(line).toMatch(
      /^__Host-utgang-sdk=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=None; Max-Age=7776000$/
    )
    expect(more).toEqual([])
  })

  test('until the browser is closed, when it is not to remember the sign-in', async () => {
    const [line] = await linesOf(at.browser(), {}, false)
    expect(line).toMatch(/; SameSite=None$/)
  })

  test('once: who has it already is not given it again', async () => {
    const browser = await signedIn()
    const before = browser.cookie(name)
    expect(await linesOf(browser)).toEqual([])
    await signIn(at, browser, 'news', { params: { prompt: 'login' } })
    expect(browser.cookie(name)).toBe(before)
  })

  test('again, when it was lost or somebody put another one there', async () => {
    const browser = await signedIn()
    const before = browser.cookie(name)
    for (const meddle of [() => browser.dropCookie(name), () => browser.setCookie(name, 'planted')]) {
      meddle()
      expect(await linesOf(browser)).toHaveLength(1)
      expect(browser.cookie(name)).toBe(before)
    }
  })

  test.each(['iframe', 'frame', 'embed', 'image', 'empty'])('not in a request for a %s', async dest => {
    const browser = await signedIn()
    browser.dropCookie(name)
    expect(await linesOf(browser, { 'sec-fetch-dest': dest })).toEqual([])
  })

  test('not while no client uses the SDK', async () => {
    const system = await startSystem({ config: { clients: clients.map(it => ({ ...it, sdk: false })) } })
    const browser = system.browser()
    await signIn(system, browser, 'forum')
    expect(browser.cookie(name)).toBeUndefined()
    expect((await browser.go('/logout?client_id=forum')).setCookies.join()).not.toContain(name)
  })
})

describe('the handle', () => {
  test('names its session to pages of other sites, and nothing else of it is needed', async () => {
    const browser = await signedIn()
    browser.keepOnly(name)
    expect((await check(browser, 'forum', {}, 'cross-site')).json()).toMatchObject({
      status: 'connected',
      user_id: 'u-ola'
    })
  })

  test('belongs to one session: another sign-in has another one', async () => {
    expect((await signedIn()).cookie(name)).not.toBe((await signedIn()).cookie(name))
  })

  test('is not the session’s cookie: nobody is signed in by it', async () => {
    const browser = await signedIn()
    const handle = browser.cookie(name) ?? ''
    const thief = at.browser()
    thief.setCookie('__Host-utgang', handle)
    thief.setCookie(name, handle)
    const page = await thief.visit(authorization('forum').path)
    expect(page.text).toContain('id="sign-in"')
    expect(await at.sessionOf(thief)).toBeUndefined()
  })

  test('is dead with its session, whoever ends it', async () => {
    const browser = await signedIn()
    const uid = (await at.sessionOf(browser))?.uid
    await at.system.heart.end({ name: 'admin_session', sessionUid: uid, sub: 'u-ola' })
    expect((await check(browser, 'forum', {}, 'cross-site')).json().status).toBe('notConnected')
  })

  test('is that of the new session after somebody else signed in', async () => {
    const browser = await signedIn()
    const before = browser.cookie(name)
    const page = await browser.visit(authorization('forum', { prompt: 'login' }).path)
    const asked = await browser.submit(page, { login: 'kari@example.test', password })
    await answerPages(browser, await browser.follow(await browser.submit(asked, { choice: 'switch' })), {
      email: 'kari@example.test'
    })
    expect(browser.cookie(name)).not.toBe(before)
    expect((await check(browser, 'forum')).json().user_id).toBe('u-kari')
  })

  test('two of them count as none: one is not ours', async () => {
    const browser = await signedIn()
    const handle = browser.cookie(name)
    const answer = await at.ask('/sdk/session?client_id=forum', {
      headers: { origin: 'https://forum.example', cookie: `${name}=planted; ${name}=${handle}` }
    })
    expect(answer.json().status).not.toBe('connected')
  })
})

describe('a logout by redirect', () => {
  test('puts a mark in its place, so that "signed out" can be told from "no cookie came"', async () => {
    const browser = await signedIn()
    const handle = browser.cookie(name)
    await browser.visit('/logout?client_id=forum')
    const mark = browser.cookie(name)
    expect(mark).toMatch(/^[\w-]{43}$/)
    expect(mark).not.toBe(handle)
    browser.keepOnly(name)
    expect((await check(browser, 'forum', {}, 'cross-site')).json().status).toBe('notConnected')
    expect((await check(at.browser(), 'forum', {}, 'cross-site')).json().status).toBe('unknown')
  })

  test('a new sign-in puts a handle in the place of the mark', async () => {
    const browser = await signedIn()
    await browser.visit('/logout?client_id=forum')
    await signIn(at, browser, 'forum')
    browser.keepOnly(name)
    expect((await check(browser, 'forum', {}, 'cross-site')).json().status).toBe('connected')
  })
})

describe('the ticket of a page that leaves for a logout by redirect', () => {
  const ticket = 'A'.repeat(32)
  const asked = (browser: Browser, more = `&ticket=${ticket}`) =>
    check(browser, 'forum', {}, 'cross-site', more)

  test('tells the page that comes back that it was done, where no cookie can', async () => {
    const browser = await signedIn()
    const stranger = at.browser()
    expect((await asked(stranger)).json().status).toBe('unknown')
    const out = await browser.go(`/logout?client_id=forum&sdk_ticket=${ticket}`, {
      headers: { referer: 'https://forum.example/' }
    })
    expect((await asked(stranger)).json()).toMatchObject({
      status: 'notConnected',
      ended: { receipt: out.headers['utgang-receipt'] }
    })
    // Asked again, it says the same; without the ticket, and with another one, nothing is known.
    expect((await asked(stranger)).json().status).toBe('notConnected')
    expect((await asked(stranger, '')).json().status).toBe('unknown')
    expect((await asked(stranger, `&ticket=${'B'.repeat(32)}`)).json().status).toBe('unknown')
    expect((await check(stranger, 'wide', {}, 'cross-site', `&ticket=${ticket}`)).json().status).toBe(
      'unknown'
    )
    advance(601)
    expect((await asked(stranger)).json().status).toBe('unknown')
  })

  test('through the question too, and only once it was answered', async () => {
    const system = await startSystem({ config: { clients: sdkClients } })
    const [browser, stranger] = [system.browser(), system.browser()]
    await signIn(system, browser, 'forum')
    const page = await browser.visit(`/logout?client_id=forum&sdk_ticket=${ticket}`, { from: 'cross-site' })
    expect(page.text).toContain('id="confirm-logout"')
    expect((await asked(stranger)).json().status).toBe('unknown')
    await browser.submit(page, {}, 'confirm-logout')
    expect((await asked(stranger)).json().status).toBe('notConnected')
  })

  test('a browser that nobody was signed in with hears it as well: there is no session', async () => {
    const system = await startSystem({ config: { clients: sdkClients } })
    await system.browser().go(`/logout?client_id=forum&sdk_ticket=${ticket}`)
    expect((await asked(system.browser())).json()).toMatchObject({
      status: 'notConnected',
      ended: { receipt: null }
    })
  })

  test('whoever is signed in again is signed in, whatever the ticket says', async () => {
    const browser = await signedIn()
    const own = 'C'.repeat(32)
    await browser.visit(`/logout?client_id=forum&sdk_ticket=${own}`)
    await signIn(at, browser, 'forum')
    expect((await asked(browser, `&ticket=${own}`)).json().status).toBe('connected')
  })

  test.each([
    ['one that can be guessed', 'short', {}],
    ['one with odd characters', `${ticket}%3Cb%3E`, {}],
    ['one in a frame, whose browser kept the session’s cookie back', ticket, { 'sec-fetch-dest': 'iframe' }]
  ])('%s tells nothing', async (_what, value, headers) => {
    const system = await startSystem({ config: { clients: sdkClients } })
    await system.browser().go(`/logout?client_id=forum&sdk_ticket=${value}`, { from: 'cross-site', headers })
    expect((await asked(system.browser(), `&ticket=${value}`)).json().status).toBe('unknown')
  })

  test('nor one of a logout that was refused', async () => {
    const system = await startSystem({ config: { clients: sdkClients } })
    await system.browser().go(`/logout?client_id=forum&id_token_hint=wrong&sdk_ticket=${ticket}`)
    expect((await asked(system.browser())).json().status).toBe('unknown')
  })
})
