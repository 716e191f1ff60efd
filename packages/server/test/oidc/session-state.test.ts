import { hash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newSalt, sessionState } from '../../src/sessions/browser-state.ts'
import type { Answer, Asking, Browser } from '../support/browser.ts'
import { clients, password } from '../support/fixtures.ts'
import { answerPages, authorization, signIn, token } from '../support/sign-in.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'

const name = '__Host-utgang-state'

let at: TestSystem
beforeAll(async () => {
  const two = {
    ...clients.find(it => it.client_id === 'news'),
    client_id: 'two-names',
    redirect_uris: ['https://one.example:8443/callback', 'https://two.example/callback']
  }
  at = await openSystem({ config: { clients: [...clients, two] } })
})
afterAll(() => at.close())

/** `session_state` of an answer, wherever it stands. */
function stateIn({ location, text }: Answer): string {
  const { search, hash: fragment } = new URL(location ?? 'none:')
  const found =
    new URLSearchParams(search || fragment.slice(1)).getAll('session_state').join() ||
    /name="session_state" value="([^"]*)"/.exec(text)?.[1]
  if (!found) throw new Error(`no session_state: ${location} ${text}`)
  return found
}

/** What the framed page works out for a client's pages in a browser. */
function expected(browser: Browser, clientId: string, origin: string, state: string): string {
  const [, salt = ''] = state.split('.')
  const parts = [clientId, origin, browser.cookie(name), salt]
  return `${hash('sha256', parts.join(' '))}.${salt}`
}

const silent = (
  browser: Browser,
  clientId = 'news',
  params: Record<string, string> = {},
  asking: Asking = {}
): Promise<Answer> => browser.visit(authorization(clientId, { prompt: 'none', ...params }).path, asking)

async function signedIn(options: { email?: string; remember?: boolean } = {}): Promise<Browser> {
  const browser = at.browser()
  await signIn(at, browser, 'news', options)
  return browser
}

test('SM-05: the hash is over client_id, origin, browser state and salt, joined by spaces; then a dot and the salt', () => {
  expect(
    sessionState({ clientId: 's6BhdRkqt3', origin: 'https://rp.example', browserState: 'B', salt: '5f' })
  ).toBe('4fec7a4ea5cb17b6b2e9d1585df1f1f9b060dbcd56a1bcb3f912b7783c4f50ec.5f')
})

describe('SM-02, SM-04, SM-05: an answer with a code carries session_state', () => {
  test.each(['query', 'fragment', 'form_post'])('by %s', async response_mode => {
    const browser = at.browser()
    const first = await browser.visit(authorization('news', { response_mode }).path)
    for (const answer of [
      await answerPages(browser, first),
      await silent(browser, 'news', { response_mode })
    ]) {
      const state = stateIn(answer)
      expect(state).toMatch(/^[0-9a-f]{64}\.[0-9a-f]{32}$/)
      expect(state).toBe(expected(browser, 'news', 'https://news.example', state))
    }
  })

  test.each([
    ['https://one.example:8443/callback', 'https://one.example:8443'],
    ['https://two.example/callback', 'https://two.example']
  ])('made for the origin of the redirect URI that was used: %s', async (redirect_uri, origin) => {
    const browser = await signedIn()
    const state = stateIn(await silent(browser, 'two-names', { redirect_uri }))
    expect(state).toBe(expected(browser, 'two-names', origin, state))
  })
})

describe('SM-03: an error carries it too', () => {
  test.each(['query', 'fragment', 'form_post'])('by %s', async response_mode => {
    const browser = at.browser()
    const state = stateIn(await silent(browser, 'news', { response_mode }))
    expect(state).toBe(expected(browser, 'news', 'https://news.example', state))
  })

  test.each<Record<string, string>>([
    { scope: 'openid made_up' },
    { prompt: 'none login' },
    { code_challenge_method: 'made up' }
  ])('of a request that is wrong: %j', async params => {
    for (const browser of [at.browser(), await signedIn()]) {
      const state = stateIn(await silent(browser, 'app', params))
      expect(state).toBe(expected(browser, 'app', 'https://app.example', state))
    }
  })

  test('of somebody who says no, and where consent is needed', async () => {
    const browser = at.browser()
    const page = await browser.visit(authorization('news').path)
    const no = await browser.follow(await browser.go(`${page.path}/cancel`))
    expect(no.location).toContain('access_denied')
    expect(stateIn(no)).toBe(expected(browser, 'news', 'https://news.example', stateIn(no)))
    const other = await signedIn()
    const asking = await silent(other, 'asking')
    expect(asking.location).toContain('consent_required')
    expect(stateIn(asking)).toBe(expected(other, 'asking', 'https://asking.example', stateIn(asking)))
  })

  test('one that is shown here, and not sent, carries none', async () => {
    const answer = await silent(at.browser(), 'news', { redirect_uri: 'https://evil.example/' })
    expect(answer.status).toBe(400)
    expect(answer.text + answer.location).not.toContain('session_state')
    expect(answer.setCookies.join()).not.toContain(name)
  })
})

test('SM-11: no two answers about one browser look alike', async () => {
  const [stranger, person] = [at.browser(), await signedIn()]
  for (const browser of [stranger, person]) {
    const states = [stateIn(await silent(browser)), stateIn(await silent(browser))]
    expect(new Set(states.flatMap(it => it.split('.'))).size).toBe(4)
  }
  expect(newSalt()).not.toBe(newSalt())
})

describe('SM-12: the cookie', () => {
  const lineIn = (answer: Answer): string | undefined => answer.setCookies.find(it => it.startsWith(name))

  test('is for scripts of this server’s pages in frames, and holds what looks random', async () => {
    const state = /^__Host-utgang-state=[\w-]{43}; Path=\/; Secure; SameSite=None/
    const browser = await signedIn()
    const value = browser.cookie(name)
    expect(value).not.toBe(browser.cookie('__Host-utgang'))
    browser.dropCookie(name)
    const [again, nobody] = [lineIn(await silent(browser)), lineIn(await silent(at.browser()))]
    for (const line of [again, nobody]) expect(line).toMatch(state)
    expect(again).toContain(`${value};`)
  })

  test.each([
    { remember: true, keeps: true },
    { remember: false, keeps: false }
  ])('stays as long as the session’s own: remembered $remember', async ({ remember, keeps }) => {
    const browser = await signedIn({ remember })
    const value = browser.cookie(name)
    expect(value).toBeDefined()
    browser.restart()
    expect(browser.cookie(name)).toBe(keeps ? value : undefined)
    expect((await at.sessionOf(browser)) !== undefined).toBe(keeps)
  })
})

describe('SM-10: the state changes with', () => {
  test('a sign-in, a further one, another user and a logout', async () => {
    const browser = at.browser()
    const states = [browser.cookie(name)]
    const note = (): void => {
      expect(states).not.toContain(browser.cookie(name))
      states.push(browser.cookie(name))
    }
    await silent(browser)
    note()
    await signIn(at, browser, 'news')
    note()
    advance(1)
    await signIn(at, browser, 'market', { params: { prompt: 'login' } })
    note()
    const page = await browser.visit(authorization('news', { prompt: 'login' }).path)
    const asked = await browser.submit(page, { login: 'kari@example.test', password })
    await browser.follow(await browser.submit(asked, { choice: 'switch' }))
    note()
    await browser.visit('/logout?client_id=news')
    note()
    await signIn(at, browser, 'news')
    note()
  })

  test('nothing else', async () => {
    const browser = await signedIn()
    const before = browser.cookie(name)
    const { refreshToken } = await signIn(at, browser, 'market')
    expect(browser.cookie(name)).toBe(before)
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken }
    for (let i = 0; i < 20; i++) {
      advance(60)
      expect((await token(at, 'market', form)).status).toBe(200)
      expect((await silent(browser)).setCookies.join()).not.toContain(name)
      await browser.visit('/')
    }
    await silent(browser, 'app', { scope: 'openid made_up' })
    expect(browser.cookie(name)).toBe(before)
  })

  test('no question, no error and no second logout while nobody is signed in', async () => {
    const browser = await signedIn()
    await browser.visit('/logout?client_id=news')
    const before = browser.cookie(name)
    await silent(browser)
    await browser.visit(authorization('news').path)
    await browser.visit('/logout?client_id=news')
    expect(browser.cookie(name)).toBe(before)
  })

  test('an end elsewhere, as soon as the browser comes by: for an answer, or for the page to sign in', async () => {
    for (const params of [{ prompt: 'none' }, {}]) {
      const browser = await signedIn()
      const before = browser.cookie(name)
      const uid = (await at.sessionOf(browser))?.uid
      await at.system.heart.end({ name: 'admin_session', sessionUid: uid, sub: 'u-ola' })
      const answer = await browser.visit(authorization('news', params).path)
      const after = browser.cookie(name)
      expect(after).toMatch(/^[\w-]{43}$/)
      expect(after).not.toBe(before)
      const end = answer.location ? answer : await silent(browser)
      expect(stateIn(end)).toBe(expected(browser, 'news', 'https://news.example', stateIn(end)))
      expect(browser.cookie(name)).toBe(after)
    }
  })
})

describe('SM-13: a frame', () => {
  const frame = { headers: { 'sec-fetch-dest': 'iframe' }, from: 'cross-site' } as const

  test('on another site is told of the state that its browser has, and given none', async () => {
    const browser = await signedIn()
    browser.keepOnly(name)
    const answer = await silent(browser, 'news', {}, frame)
    expect(answer.location).toContain('login_required')
    expect(stateIn(answer)).toBe(expected(browser, 'news', 'https://news.example', stateIn(answer)))
    const stranger = await silent(at.browser(), 'news', {}, frame)
    expect(stateIn(stranger)).toMatch(/^[0-9a-f]{64}\./)
    expect([...answer.setCookies, ...stranger.setCookies].join()).not.toContain(name)
  })

  test('on this server’s own site gets back the state that its session has', async () => {
    const browser = await signedIn()
    const before = browser.cookie(name)
    browser.dropCookie(name)
    await silent(browser, 'news', {}, { headers: { 'sec-fetch-dest': 'iframe' } })
    expect(browser.cookie(name)).toBe(before)
  })
})
