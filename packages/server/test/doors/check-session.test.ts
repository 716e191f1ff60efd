import { hash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hashSecret } from '../../src/storage/secrets.ts'
import type { Answer, Browser } from '../support/browser.ts'
import { signIn } from '../support/sign-in.ts'
import { openSystem, startSystem, type TestSystem } from '../support/system.ts'
import { config, tag } from './legacy-kit.ts'

const path = '/oauth/check_session'
const cookies = { state: '__Host-utgang-state', sdk: '__Host-utgang-sdk', session: '__Host-utgang' }
const page = { origin: 'https://news.example', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }

let at: TestSystem
beforeAll(async () => {
  at = await openSystem({ config })
})
afterAll(() => at.close())

async function signedIn(...keep: string[]): Promise<Browser> {
  const browser = at.browser()
  await signIn(at, browser, 'news')
  if (keep.length > 0) browser.keepOnly(...keep)
  return browser
}

test('SM-01: the metadata of an https server name it, by an https address', async () => {
  const secure = await startSystem({ config: { issuer: 'https://id.example', users: [] } })
  const { check_session_iframe } = (await secure.ask('/.well-known/openid-configuration')).json()
  expect(check_session_iframe).toBe(`https://id.example${path}`)
  expect((await secure.ask(path)).status).toBe(200)
})

describe('SM-15: the page', () => {
  const scriptOf = ({ text }: Answer): string => /<script>([\s\S]*)<\/script>/.exec(text)?.[1] ?? ''

  test('may be framed by everybody, may run its one script, and nothing else', async () => {
    const answer = await at.ask(path)
    const sum = hash('sha256', scriptOf(answer), 'base64')
    expect(String(answer.headers['content-security-policy']).split('; ')).toEqual([
      "default-src 'none'",
      `script-src 'sha256-${sum}'`,
      "base-uri 'none'",
      "form-action 'none'",
      'frame-ancestors *'
    ])
    expect(answer.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cross-origin-resource-policy': 'cross-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff'
    })
    expect(answer.headers['x-frame-options']).toBeUndefined()
  })

  test('is the same for everybody, sets nothing, and may be kept', async () => {
    const browser = await signedIn()
    const [asked, stranger] = [await browser.go(path), await at.ask(path)]
    expect(asked.text).toBe(stranger.text)
    expect(asked.setCookies).toEqual([])
    expect(asked.headers['cache-control']).toBe('public, max-age=300')
    const known = { headers: { 'if-none-match': String(asked.headers.etag) } }
    expect(await at.ask(path, known)).toMatchObject({ status: 304, text: '' })
  })

  test('works the hash out by itself, and sends to no origin but the asker’s', async () => {
    const script = scriptOf(await at.ask(path))
    expect(script).not.toMatch(/subtle\.|fetch\(|XMLHttp|import[ (]|'\*'|"\*"/)
    expect(script.match(/postMessage\([^)]*\)/g)).toEqual(['postMessage(answer, event.origin)'])
  })
})

describe('SM-10: each door that has the browser changes its state', () => {
  const doors: { door: string; keep: string[]; out: (browser: Browser) => Promise<Answer> }[] = [
    { door: 'the redirect', keep: [], out: browser => browser.visit('/logout?client_id=news') },
    {
      door: 'the SDK on another site',
      keep: [cookies.state, cookies.sdk],
      out: browser =>
        browser.go('/sdk/logout?client_id=news', { from: 'cross-site', json: {}, headers: page })
    },
    {
      door: 'SPiD’s script tag',
      keep: [cookies.state, cookies.sdk],
      out: browser => tag(browser, '/ajax/logout.js', 'news')
    }
  ]
  test.each(doors)('$door', async ({ keep, out }) => {
    const browser = await signedIn(...keep)
    const before = browser.cookie(cookies.state)
    expect((await out(browser)).status).toBeLessThan(400)
    const after = browser.cookie(cookies.state)
    expect(after).toMatch(/^[\w-]{43}$/)
    expect(after).not.toBe(before)
    await out(browser)
    expect(browser.cookie(cookies.state)).toBe(after)
  })

  test('the SDK’s question, where it finds that the session has ended elsewhere; and no other question', async () => {
    const browser = await signedIn(cookies.state, cookies.sdk)
    const check = (): Promise<Answer> =>
      browser.go('/sdk/session?client_id=news', { from: 'cross-site', headers: page })
    const before = browser.cookie(cookies.state)
    expect((await check()).json().status).toBe('connected')
    expect(browser.cookie(cookies.state)).toBe(before)
    const handle = hashSecret(browser.cookie(cookies.sdk) ?? '')
    const session = await at.storage.findSessionByHandle(handle, Math.floor(Date.now() / 1000))
    await at.system.heart.end({ name: 'admin_session', sessionUid: session?.uid, sub: 'u-ola' })
    expect((await check()).json().status).toBe('notConnected')
    const after = browser.cookie(cookies.state)
    expect(after).not.toBe(before)
    await check()
    expect(browser.cookie(cookies.state)).toBe(after)
  })

  test('a frame or an image that asks for the logout, without the session’s cookie, changes nothing', async () => {
    for (const dest of ['iframe', 'image']) {
      const browser = await signedIn(cookies.state, cookies.sdk)
      const before = browser.cookie(cookies.state)
      await browser.go('/logout?client_id=news', { from: 'cross-site', headers: { 'sec-fetch-dest': dest } })
      expect(browser.cookie(cookies.state)).toBe(before)
    }
  })

  test('no state is put where the browser sent nothing', async () => {
    const stranger = at.browser()
    for (const { out } of doors) await out(stranger)
    expect(stranger.cookie(cookies.state)).toBeUndefined()
  })
})
