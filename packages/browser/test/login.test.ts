import type { Browser, BrowserContext, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hasChromium, startChromium } from './support/chromium.ts'
import {
  hasSession,
  logout,
  openPage,
  ready,
  settled,
  soon,
  start,
  startPage,
  takeHeard
} from './support/pages.ts'
import { openSite, type Site } from './support/site.ts'
import { connected, ended, openStandIn, type StandIn } from './support/stand-in.ts'
import { fillIn, openUtgang, type Utgang } from './support/utgang.ts'

let site: Site
let utgang: Utgang
let server: StandIn
let browser: Browser
let context: BrowserContext
let options: { client_id: string; server: string; redirect_uri: string; scope: string }

beforeAll(async () => {
  if (!hasChromium) return
  site = await openSite()
  utgang = await openUtgang(site)
  server = await openStandIn()
  browser = await startChromium('blocked')
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
  await utgang?.close()
  await site?.close()
})
beforeEach(async () => {
  if (!hasChromium) return
  options = {
    client_id: 'site',
    server: utgang.issuer,
    redirect_uri: `${site.origin}/back?way=out`,
    scope: 'openid profile'
  }
  site.starts.clear()
  site.starts.set('/back', options)
  context = await browser.createBrowserContext()
})
afterEach(() => context?.close())

/** Calls `login()` and waits for the page that is there then. */
async function leave(page: Page, more: object = {}): Promise<void> {
  await Promise.all([
    page.waitForNavigation(),
    page.evaluate(it => {
      void window.utgang.login(it)
    }, more)
  ])
}

const finish = (page: Page, address?: string): Promise<unknown> =>
  page.evaluate(
    it =>
      window.utgang.finishLogin(it).then(
        tokens => tokens ?? 'none',
        ({ code, message, error }) => ({ code, message, error })
      ),
    address
  )

describe.skipIf(!hasChromium)('login() and finishLogin()', () => {
  test('sign in with state, nonce and PKCE, and hold the tokens in memory', async () => {
    const page = await startPage(context, site.origin, options)
    const asked: URL[] = []
    page.on('request', it => void asked.push(new URL(it.url())))
    await leave(page, { state: 'what I was at', ui_locales: 'nb', login_hint: 'ola@example.test' })
    const query = asked.find(it => it.pathname === '/oauth/authorize')?.searchParams
    expect(Object.fromEntries(query ?? [])).toEqual({
      response_type: 'code',
      client_id: 'site',
      redirect_uri: options.redirect_uri,
      scope: 'openid profile',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
      ui_locales: 'nb',
      login_hint: 'ola@example.test'
    })
    await fillIn(page)
    await ready(page)
    expect(new URL(page.url()).searchParams.get('state')).toBe(query?.get('state'))

    const tokens = await page.evaluate(async () => {
      // A page that calls it twice, as some frameworks make it, gets the same.
      const [first, second] = await Promise.all([window.utgang.finishLogin(), window.utgang.finishLogin()])
      return first === second ? first : undefined
    })
    expect(tokens).toMatchObject({
      access_token: expect.any(String),
      id_token: expect.any(String),
      expires_in: 3600,
      state: 'what I was at'
    })
    expect(page.url()).toBe(options.redirect_uri)
    expect((await utgang.ask('/oauth/userinfo', { bearer: tokens?.access_token })).status).toBe(200)
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))
    expect(kept).not.toContain(tokens?.access_token)
    expect(kept).not.toContain('verifier')
    expect(await finish(page)).toBe('none')
    expect(await takeHeard(page)).toEqual([])
  })

  test('an address that is no answer is left alone', async () => {
    const page = await startPage(context, site.origin, options)
    for (const address of ['/?code=of-a-voucher', '/?state=open', '/#code=1&state=2', '/?error=mine'])
      expect(await finish(page, site.origin + address)).toBe('none')
    expect(page.url()).toBe(`${site.origin}/`)
  })

  test('an answer that this tab did not ask for is refused, and taken out of the address bar', async () => {
    const page = await openPage(context, `${site.origin}/back?way=out&code=planted&state=guessed#part`)
    expect(await finish(page)).toEqual({
      code: 'login_failed',
      message: 'signing in failed: this tab began no such sign-in: start again with login()'
    })
    expect(page.url()).toBe(`${options.redirect_uri}#part`)
    const heard = await takeHeard(page)
    expect(heard.map(it => [it.name, it.payload.code])).toEqual([['loginException', 'login_failed']])
  })

  test('an answer that was asked for is taken once', async () => {
    const page = await startPage(context, site.origin, options)
    await leave(page)
    await fillIn(page)
    await ready(page)
    const answer = page.url()
    expect(await finish(page)).toMatchObject({ access_token: expect.any(String) })
    expect(await finish(page, answer)).toMatchObject({ code: 'login_failed' })
    await page.goto(answer)
    await ready(page)
    expect(await finish(page)).toMatchObject({ code: 'login_failed' })
  })

  test('an answer from another server is refused (RFC 9207 §2.4)', async () => {
    const page = await startPage(context, site.origin, options)
    await leave(page)
    await fillIn(page)
    await ready(page)
    const address = new URL(page.url())
    expect(address.searchParams.get('iss')).toBe(utgang.issuer)
    address.searchParams.set('iss', 'https://evil.example')
    expect(await finish(page, address.href)).toMatchObject({
      code: 'login_failed',
      message: 'signing in failed: https://evil.example is not the server'
    })
  })

  test('an error is told, with the server’s code', async () => {
    const page = await startPage(context, site.origin, options)
    await leave(page, { prompt: 'none' })
    await ready(page)
    expect(await finish(page)).toMatchObject({ code: 'login_failed', error: 'login_required' })
    expect(page.url()).toBe(options.redirect_uri)
    const heard = await takeHeard(page)
    expect(heard.map(it => [it.name, it.payload.error])).toEqual([['loginException', 'login_required']])
  })

  test('an answer to another sign-in than the one that this tab began is refused', async () => {
    const page = await startPage(context, site.origin, options)
    await leave(page)
    await fillIn(page)
    await ready(page)
    const address = new URL(page.url())
    address.searchParams.set('state', 'of-somebody-else')
    expect(await finish(page, address.href)).toMatchObject({ code: 'login_failed' })
  })

  test('without redirect_uri login() says so', async () => {
    const page = await startPage(context, site.origin, { ...options, redirect_uri: undefined })
    const error = await page.evaluate(() => window.utgang.login().catch(it => [it.code, it.message]))
    expect(error).toEqual([
      'invalid_options',
      'redirect_uri is undefined: give where a sign-in comes back to'
    ])
  })

  test('with a backend login() leaves for it, and says where to come back to', async () => {
    const page = await startPage(context, `${site.origin}/article?id=7#comments`, {
      ...options,
      backend: '/auth'
    })
    site.backend = (request, response) => void response.end(request.url)
    await leave(page, { prompt: 'login' })
    expect(page.url().slice(site.origin.length)).toBe(
      `/auth/login?return_to=${encodeURIComponent('/article?id=7#comments')}&prompt=login`
    )
    await page.goto(site.origin)
    await ready(page)
    await start(page, { ...options, backend: '/auth' })
    await leave(page, { return_to: '/front' })
    expect(page.url()).toBe(`${site.origin}/auth/login?return_to=%2Ffront`)
  })
})

describe.skipIf(!hasChromium)('the ID Token', () => {
  const now = (): number => Math.floor(Date.now() / 1000)
  const encode = (it: object): string => Buffer.from(JSON.stringify(it)).toString('base64url')

  /** What comes of a sign-in whose ID Token has these claims. */
  async function signInWith(
    claims: (right: Record<string, unknown>) => object | string | undefined,
    redeemed: Promise<unknown> = Promise.resolve()
  ): Promise<unknown> {
    const page = await startPage(context, site.origin, { ...options, server: server.origin })
    server.answers.set('/oauth/authorize', { body: {} })
    await leave(page)
    const { searchParams } = new URL(page.url())
    const right = {
      iss: server.origin,
      aud: 'site',
      sub: 'Åse',
      nonce: searchParams.get('nonce'),
      exp: now() + 600
    }
    const it = claims(right)
    const id_token = typeof it === 'object' ? `e30.${encode(it)}.signature` : it
    server.answers.set('/oauth/token', async () => {
      await redeemed
      return { body: { access_token: 'a', token_type: 'Bearer', id_token } }
    })
    site.starts.set('/back', { ...options, server: server.origin })
    await page.goto(`${site.origin}/back?code=c&state=${searchParams.get('state')}`)
    await ready(page)
    const outcome = await finish(page)
    expect(new URLSearchParams(server.bodies.get('/oauth/token')).get('redirect_uri')).toBe(
      options.redirect_uri
    )
    return outcome
  }

  test.each([
    ['as it has to be', right => right],
    ['with more than one audience', right => ({ ...right, aud: ['other', 'site'], azp: 'site' })],
    ['past its end by less than a clock may be off', right => ({ ...right, exp: now() - 240 })]
  ] as [string, (right: object) => object][])('is taken %s', async (_how, claims) => {
    expect(await signInWith(claims)).toMatchObject({ access_token: 'a' })
  })

  test.each([
    ['of another issuer', right => ({ ...right, iss: 'https://evil.example' })],
    ['for another client', right => ({ ...right, aud: 'other' })],
    ['for others', right => ({ ...right, aud: ['other', 'site2'] })],
    ['given to another client', right => ({ ...right, aud: ['other', 'site'], azp: 'other' })],
    ['of another sign-in', right => ({ ...right, nonce: 'another' })],
    ['without a nonce', right => ({ ...right, nonce: undefined })],
    ['too old', right => ({ ...right, exp: now() - 301 })],
    ['without an end', right => ({ ...right, exp: undefined })],
    ['that is none', () => 'nonsense'],
    ['that is missing', () => undefined]
  ] as [string, (right: object) => object | string | undefined][])('is refused %s', async (_how, claims) => {
    expect(await signInWith(claims)).toMatchObject({ code: 'login_failed' })
  })

  test('an earlier answer about the session is not used after a sign-in', async () => {
    server.answers.set('/sdk/session', connected())
    const page = await startPage(context, site.origin, { ...options, server: server.origin })
    await hasSession(page)
    expect(await signInWith(right => right)).toMatchObject({ access_token: 'a' })
    server.asked.length = 0
    await hasSession(page)
    expect(server.asked).toEqual(['GET /sdk/session'])
  })

  test.each(['before', 'after'])(
    'a logout that the tab had left for is not told %s a sign-in',
    async when => {
      const page = await startPage(context, site.origin, { ...options, server: server.origin })
      await leave(page)
      const state = new URL(page.url()).searchParams.get('state')
      const nonce = new URL(page.url()).searchParams.get('nonce')
      const claims = { iss: server.origin, aud: 'site', sub: 'u', nonce, exp: now() + 600 }
      const id_token = `e30.${encode(claims)}.signature`
      const release = new Map<string, () => void>()
      const later = (path: string, body: object): void => {
        const held = new Promise<void>(resolve => release.set(path, resolve))
        server.answers.set(path, () => held.then(() => ({ body })))
      }
      later('/oauth/token', { access_token: 'a', id_token })
      later('/sdk/session', { status: 'notConnected', cache_seconds: 0, ended: { receipt: 'r-0' } })
      server.answers.set('/sdk/logout', ended)
      server.asked.length = 0
      site.starts.clear()
      await page.goto(`${site.origin}/back?code=c&state=${state}`)
      await ready(page)
      await page.evaluate(() => sessionStorage.setItem('utgang:site:left', `ticket ${Date.now()}`))
      await start(page, { ...options, server: server.origin })
      const tokens = finish(page)
      await expect.poll(() => server.asked, soon).toHaveLength(2)
      const [first, second] = ['/sdk/session', '/oauth/token']
      for (const path of when === 'before' ? [first, second] : [second, first]) {
        const answered = page.waitForResponse(it => it.url().includes(path ?? ''))
        release.get(path ?? '')?.()
        await answered
      }
      expect(await tokens).toMatchObject({ access_token: 'a' })
      expect(await page.evaluate(() => Object.keys(sessionStorage))).toEqual([])
      // What waits until it is known whether the tab came back from a logout.
      server.answers.set('/sdk/session', connected())
      await hasSession(page)
      expect((await takeHeard(page)).map(it => it.name)).not.toContain('logout')
      await logout(page)
      expect(server.bodies.get('/sdk/logout')).toContain('"access_token":"a"')
    }
  )

  test.each(['this page', 'another tab'])('is refused when %s signed out before it came', async who => {
    let release = (): void => {}
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    server.asked.length = 0
    server.answers.set('/sdk/logout', ended)
    const outcome = signInWith(right => right, held)
    await expect.poll(() => server.asked, soon).toContain('POST /oauth/token')
    const pages = await context.pages()
    const page = pages.find(it => it.url().startsWith(`${site.origin}/back`)) ?? expect.unreachable()
    if (who === 'this page') await logout(page)
    else {
      const other = await startPage(context, site.origin, { ...options, server: server.origin })
      await logout(other)
      await settled(other, page)
    }
    release()
    expect(await outcome).toMatchObject({
      code: 'login_failed',
      message: 'signing in failed: a logout came meanwhile'
    })
  })

  test('a code that the server refuses is a failed sign-in, with its code', async () => {
    const page = await startPage(context, site.origin, { ...options, server: server.origin })
    await leave(page)
    const state = new URL(page.url()).searchParams.get('state')
    server.answers.set('/oauth/token', { status: 400, body: { error: 'invalid_grant' } })
    site.starts.set('/back', { ...options, server: server.origin })
    await page.goto(`${site.origin}/back?code=c&state=${state}`)
    await ready(page)
    expect(await finish(page)).toMatchObject({ code: 'login_failed', error: 'invalid_grant' })
    expect((await takeHeard(page)).map(it => it.name)).toEqual(['loginException'])
  })
})
