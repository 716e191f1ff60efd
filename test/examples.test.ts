import { hash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { market as marketClient } from '../examples/src/clients.ts'
import { outgoing } from '../examples/src/outgoing.ts'
import { findChromium } from './chromium.ts'
import { type Demo, failingDemo, startDemo } from './examples-demo.ts'
import { testSignOutByScript } from './examples-script.ts'
import { testServerStopped } from './examples-server-stopped.ts'
import { exampleVisitor } from './examples-visitor.ts'
import { launchChromium } from './launch-chromium.ts'

const issuer = 'http://id.localhost:4000'
const news = 'http://news.localhost:4001'
const market = 'http://market.localhost:4002'
const api = 'http://api.localhost:4003'

const calls = outgoing()
afterAll(() => calls.close())

const data = mkdtempSync(join(tmpdir(), 'utgang-demo-'))
afterAll(() => rmSync(data, { recursive: true, force: true }))

test('a port in use is named, with what to do and without a stack trace', async () => {
  const other = createServer().listen(4002, '127.0.0.1')
  try {
    const { code, output } = await failingDemo(data)
    expect(output).toContain('port 4002 is in use')
    expect(output).toContain('lsof -i :4002')
    expect(output).not.toMatch(/^ +at /m)
    expect(code).toBe(1)
  } finally {
    await new Promise(done => other.close(done))
  }
})

const chromium = findChromium()

describe.skipIf(!chromium)(
  `the demo in Chromium${chromium ? '' : ' (none found: see npm run setup)'}`,
  () => {
    let demo: Demo
    let browser: Browser
    let page: Page
    const { signIn, enterPassword, signOutEverywhere, openMenu, click, text, attribute, state, verdict } =
      exampleVisitor(() => page)

    beforeAll(async () => {
      demo = await startDemo(data)
      browser = await launchChromium(chromium as string, { thirdPartyCookies: 'blocked' })
    })
    afterAll(async () => {
      await Promise.all([browser?.close(), demo?.interrupt()])
    })
    afterEach(async () => {
      for (const context of browser.browserContexts())
        if (context !== browser.defaultBrowserContext()) await context.close()
    })

    /** A browser without any cookies, and a tab in it. */
    async function newVisitor({ javascript = true } = {}): Promise<void> {
      page = await (await browser.createBrowserContext()).newPage()
      await page.setJavaScriptEnabled(javascript)
    }

    test('prints where everything is, who can sign in, and that it is ready', () => {
      for (const line of [issuer, news, market, api, 'demo@utgang.test', 'correct horse battery staple']) {
        expect(demo.output()).toContain(line)
      }
    })

    test.each([true, false])(
      'the whole walk: two sites, one password, out again (JavaScript: %s)',
      async javascript => {
        await newVisitor({ javascript })
        await page.goto(news)
        expect(await state('#visitor')).toBe('signed-out')
        await click('#go-sign-in')
        await enterPassword()
        expect(page.url()).toBe(`${news}/`)
        expect(await text('#visitor-name')).toBe('Demo Person')
        expect(await text('#reading-list')).toContain('The last night ferry')

        await page.goto(market)
        expect(page.url()).toBe(`${market}/`)
        expect(await text('#visitor-name')).toBe('Demo Person')

        await page.goto(news)
        await signOutEverywhere()
        expect(page.url()).toBe(`${news}/signed-out`)
        expect(await attribute('#receipt', 'data-cause')).toBe('redirect')
        expect(await text('#receipt-session')).toBe('Ended, in this browser.')

        // Every site was told, the newspaper too.
        expect(await attribute('#receipt-own', 'data-state')).toBe('delivered')
        expect(await text('#receipt-all')).toBe('Told, and confirmed: 2.')

        await page.goto(market)
        expect(page.url()).toBe(`${market}/signed-out`)
        expect(await attribute('#signed-out-here', 'data-how')).toBe('elsewhere')
        expect(await state('#visitor')).toBe('signed-out')

        await click('#sign-in-again')
        expect(page.url()).toMatch(issuer)
        expect(await page.$('#sign-in')).not.toBeNull()
      }
    )

    test.each([
      ['without handing over the token, the newspaper keeps it', { handOver: false, token: 'alive' }],
      ['with the token handed over, it is dead', { handOver: true, token: 'dead' }]
    ])('logout by redirect: %s', async (_name, { handOver, token }) => {
      await newVisitor()
      await signIn(news)
      expect(await verdict()).toEqual({ token: 'alive', api: 'alive', session: 'alive' })
      await signOutEverywhere({ handOver })
      expect(await verdict()).toEqual({ token, api: token, session: 'dead' })
    })

    test('logout by redirect in OpenID Connect’s words brings the state back, and the newspaper is told', async () => {
      await newVisitor()
      await signIn(news)
      await signIn(market, 'no password')
      await signOutEverywhere()
      expect(page.url()).toMatch(/^http:\/\/market\.localhost:4002\/signed-out\?state=./)
      expect(await attribute('#signed-out-here', 'data-state-returned')).toBe('yes')
      expect(await attribute('#receipt', 'data-cause')).toBe('rp_initiated')
      expect(await attribute('#receipt-own', 'data-state')).toBe('delivered')
      // Its tokens are bound to the session.
      expect(await verdict()).toEqual({ token: 'dead', api: 'dead', session: 'dead' })

      await page.goto(news)
      expect(page.url()).toBe(`${news}/signed-out`)
      expect(await attribute('#signed-out-here', 'data-how')).toBe('elsewhere')
      // Nobody handed over its token, so it lives on.
      expect(await verdict()).toEqual({ token: 'alive', api: 'alive', session: 'dead' })
    })

    test.each([news, market])('logout by API at %s kills the tokens and leaves the session', async site => {
      const other = site === news ? market : news
      await newVisitor()
      await signIn(site)
      await openMenu()
      await click('#sign-out-app')
      expect(page.url()).toBe(`${site}/signed-out`)
      expect(await attribute('#receipt', 'data-cause')).toBe('api')
      expect(await text('#receipt-session')).toContain('Not touched')
      expect(await verdict()).toEqual({ token: 'dead', api: 'dead', session: 'alive' })

      // The other site still knows the visitor; this one waits to be asked.
      await page.goto(other)
      expect(await state('#visitor')).toBe('signed-in')
      await page.goto(site)
      expect(await state('#visitor')).toBe('signed-out')
      await click('#go-sign-in')
      expect(page.url()).toBe(`${site}/`)
      expect(await state('#visitor')).toBe('signed-in')
    })

    test('a double click on sign-out lands on the page with the receipt', async () => {
      await newVisitor()
      await signIn(market)
      await openMenu()
      await page.click('#sign-out-everywhere', { count: 2 })
      await page.waitForSelector('#receipt')
      expect(await attribute('#receipt', 'data-cause')).toBe('rp_initiated')
      expect(await verdict()).toEqual({ token: 'dead', api: 'dead', session: 'dead' })
    })

    test.each([news, market])(
      'a second tab that still shows a name at %s, since it runs no scripts, signs out as the first one did',
      async site => {
        await newVisitor({ javascript: false })
        await signIn(site)
        const first = page
        page = await page.browserContext().newPage()
        await page.setJavaScriptEnabled(false)
        await page.goto(site)
        await signOutEverywhere()
        const receipt = await attribute('#receipt', 'data-receipt')
        page = first
        await page.bringToFront()
        expect(await state('#visitor')).toBe('signed-in')
        await signOutEverywhere()
        expect(await attribute('#receipt', 'data-receipt')).toBe(receipt)
      }
    )

    test.each([
      [news, 'sign-out-everywhere'],
      [market, 'sign-out-everywhere'],
      [news, 'sign-out-app']
    ])('the back button at %s shows no signed-in page after #%s', async (site, button) => {
      await newVisitor()
      await signIn(site)
      await openMenu()
      await click(`#${button}`)
      await page.goBack()
      expect(page.url()).toBe(`${site}/`)
      await page.waitForSelector('#visitor[data-state="signed-out"]')
    })

    test('an unregistered address: signed out, and sent nowhere', async () => {
      await newVisitor()
      await signIn(news)
      const answer = await page.goto(
        `${issuer}/logout?client_id=news&redirect_uri=${encodeURIComponent('http://elsewhere.localhost:4009/')}`
      )
      expect(answer?.status()).toBe(400)
      expect(new URL(page.url()).origin).toBe(issuer)
      expect(await page.$('#signed-out')).not.toBeNull()
      expect(await attribute('#error', 'data-code')).toBe('redirect_uri_mismatch')
      await page.goto(`${market}/auth/login`)
      expect(await page.$('#sign-in')).not.toBeNull()
    })

    test('a link on another site asks first, and nobody is signed out before the answer', async () => {
      await newVisitor()
      await signIn(news)
      await page.goto(market)
      await Promise.all([
        page.waitForNavigation(),
        page.evaluate(address => void window.location.assign(address), `${issuer}/logout?client_id=news`)
      ])
      expect(await page.$('#confirm-logout')).not.toBeNull()
      const asking = page
      page = await page.browserContext().newPage()
      await page.goto(market)
      expect(await state('#visitor')).toBe('signed-in')
      page = asking
      await page.bringToFront()
      await click('#confirm')
      expect(await page.$('#signed-out')).not.toBeNull()
      await page.goto(market)
      expect(await attribute('#signed-out-here', 'data-how')).toBe('elsewhere')
    })

    test('the API opens a list only to a token of the site to which it belongs', async () => {
      expect((await callApi('/reading-list')).status).toBe(401)
      await newVisitor()
      await signIn(news)
      const token = await tokenOf(marketClient)
      expect((await callApi('/favourites', token)).status).toBe(200)
      expect((await callApi('/reading-list', token)).status).toBe(401)
    })

    test('Ctrl-C stops it cleanly, and the next start knows the browser’s sign-on session', async () => {
      await newVisitor()
      await signIn(news)
      expect(await demo.interrupt()).toBe(0)
      demo = await startDemo(data)
      // The sites forget their logins at a stop, the sign-on session is in the database.
      await page.goto(news)
      expect(await state('#visitor')).toBe('signed-in')
    })

    /** An access token of a site, got past it: the code from the address, redeemed with the site's own secret. */
    async function tokenOf(client: {
      client_id: string
      client_secret: string
      redirect_uris: readonly string[]
    }): Promise<string> {
      const [callback = ''] = client.redirect_uris
      const verifier = 'a'.repeat(43)
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: client.client_id,
        redirect_uri: callback,
        scope: 'openid',
        code_challenge: hash('sha256', verifier, 'base64url'),
        code_challenge_method: 'S256'
      })
      const answer = await page.goto(`${issuer}/oauth/authorize?${query}`)
      const visited =
        answer
          ?.request()
          .redirectChain()
          .map(it => it.url()) ?? []
      visited.push(page.url())
      const code = new URL(visited.find(it => it.startsWith(callback)) ?? callback).searchParams.get('code')
      const tokens = await calls.fetch(`${issuer}/oauth/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${client.client_id}:${client.client_secret}`)}` },
        body: new URLSearchParams({
          grant_type: 'authorization_code',
          code: code ?? '',
          redirect_uri: callback,
          code_verifier: verifier
        })
      })
      const { access_token } = (await tokens.json()) as { access_token: string }
      return access_token
    }

    function callApi(path: string, token?: string): ReturnType<typeof calls.fetch> {
      return calls.fetch(
        api + path,
        token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }
      )
    }
  }
)

// Here, because the ports of the demo are its own: no other file can run it at the same time.
describe.skipIf(!chromium)('signing out with JavaScript', () => {
  testSignOutByScript(chromium as string, data)
  testServerStopped(chromium as string)
})
