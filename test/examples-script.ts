import type { Browser, BrowserContext, HTTPRequest, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { addresses } from '../examples/src/clients.ts'
import { outgoing } from '../examples/src/outgoing.ts'
import { type Demo, startDemo } from './examples-demo.ts'
import { exampleVisitor } from './examples-visitor.ts'
import { launchChromium } from './launch-chromium.ts'

const { news, market, signIn: issuer } = addresses

/** The three events of a logout, in the order in which SPiD documents them. */
const three = ['SPiD.logout', 'SPiD.statusChange', 'SPiD.sessionChange']

/** The first way out, at both sites. */
export function testSignOutByScript(chromium: string, data: string): void {
  describe('in the demo', () => {
    let demo: Demo
    beforeAll(async () => {
      demo = await startDemo(data)
    })
    afterAll(() => demo?.interrupt())

    // No call that a page makes here needs one.
    describe('third-party cookies blocked', () => {
      let browser: Browser
      let context: BrowserContext
      let page: Page
      let complaints: string[]
      let sent: HTTPRequest[]
      const { signIn, openMenu, click, text, attribute, state, verdict } = exampleVisitor(() => page)

      beforeAll(async () => {
        browser = await launchChromium(chromium, { thirdPartyCookies: 'blocked' })
      })
      afterAll(() => browser?.close())
      beforeEach(async () => {
        context = await browser.createBrowserContext()
        complaints = []
        sent = []
        page = await newTab()
      })
      afterEach(async () => {
        await context.close()
        expect(complaints).toEqual([])
      })

      const sites = [news, market]

      test.each(sites)(
        '%s: by its backend, with the three events, the receipt, and no login left',
        async site => {
          await signIn(site)
          const before = await context.cookies()
          await signOut()
          expect(await heard()).toEqual({ by: 'backend', events: three })
          expect(page.url()).toBe(`${site}/signed-out`)
          expect(await text('main h1')).toBe('You are signed out')
          expect(await state('#visitor')).toBe('signed-out')
          expect(await attribute('#receipt', 'data-cause')).toBe('end_session_api')
          expect(await text('#receipt-session')).toBe('Ended, in this browser.')
          expect(await attribute('#receipt-own', 'data-state')).toBe('delivered')
          // The marketplace's tokens are bound to the session, the newspaper's are not.
          const token = site === market ? 'dead' : 'alive'
          expect(await verdict()).toEqual({ token, api: token, session: 'dead' })

          // The site's own login is gone too, not only its cookie.
          await context.setCookie(...before.filter(it => it.domain === new URL(site).hostname))
          await page.goto(`${site}/signed-out`)
          expect(await state('#visitor')).toBe('signed-out')
          await page.goto(`${site}/auth/login`)
          expect(await page.$('#sign-in')).not.toBeNull()
        }
      )

      test.each(sites)('%s: another tab hears at once, and shows nothing personal any more', async site => {
        await signIn(site)
        const first = page
        page = await newTab()
        await page.goto(site)
        expect(await state('#visitor')).toBe('signed-in')
        const other = page
        page = first
        await page.bringToFront()
        await signOut()
        page = other
        await page.waitForSelector('#visitor[data-state="signed-out"]')
        expect(page.url()).toBe(`${site}/`)
        // By the other tab or by the backend, whichever is first.
        expect(await heard()).toEqual({ by: expect.stringMatching(/^(tab|elsewhere)$/), events: three })
        expect(await page.$('#reading-list, #favourites')).toBeNull()
      })

      test.each(sites)('%s: a double click is one logout, and its events come once', async site => {
        await signIn(site)
        await openMenu()
        await page.click('#sign-out-script', { count: 2 })
        await page.waitForSelector('main:has(#heard) #receipt')
        const posts = sent.filter(it => /\/(sdk|auth)\/logout/.test(it.url()) && it.method() === 'POST')
        expect(posts).toHaveLength(1)
        expect(await heard()).toEqual({ by: 'backend', events: three })
        await page.reload({ waitUntil: 'networkidle0' })
        expect(await attribute('#receipt', 'data-receipt')).not.toBeNull()
        expect(await page.$('#heard')).toBeNull()
      })

      test.each(sites)('%s: the back button shows no signed-in page', async site => {
        await signIn(site)
        await page.goto(site + (site === news ? '/article/lighthouse' : '/listing/bicycle'))
        expect(await state('#visitor')).toBe('signed-in')
        await page.goto(site)
        await signOut()
        for (let visited = 0; visited < 2; visited += 1) {
          await page.evaluate('void setTimeout(() => history.back())')
          await page.waitForFunction(
            'location.pathname !== "/signed-out" && document.querySelector("#visitor")?.dataset.state === "signed-out"'
          )
        }
        expect(await page.$('#phone, #reading-list')).toBeNull()
      })

      test.each([
        [news, market],
        [market, news]
      ])(
        'who leaves at %s is signed out in the open tab of %s, which nobody has touched',
        async (here, there) => {
          await signIn(there)
          const other = page
          await heardStream()
          page = await newTab()
          await signIn(here, 'no password')
          await signOut()
          page = other
          await page.waitForSelector('#heard[data-by="elsewhere"]')
          expect((await heard()).events).toEqual(three)
          expect(await state('#visitor')).toBe('signed-out')
          expect(await statusAt(there)).toBe('notConnected')
          await page.goto(there)
          expect(page.url()).toBe(`${there}/signed-out`)
          expect(await attribute('#signed-out-here', 'data-how')).toBe('elsewhere')
        }
      )

      test.each([news, market])('%s: without JavaScript there is no such button', async site => {
        await page.setJavaScriptEnabled(false)
        await signIn(site)
        await openMenu()
        expect(await page.$eval('#sign-out-script', it => it.checkVisibility())).toBe(false)
        await click('#sign-out-everywhere')
        expect(await state('#visitor')).toBe('signed-out')
      })

      async function newTab(): Promise<Page> {
        const tab = await context.newPage()
        tab.on('request', request => sent.push(request))
        tab.on('pageerror', error => complaints.push(String(error)))
        tab.on('console', message => message.type() === 'error' && complaints.push(message.text()))
        return tab
      }

      async function signOut(): Promise<void> {
        await page.waitForSelector('#with-javascript:not([hidden])')
        await openMenu()
        await page.click('#sign-out-script')
        await page.waitForSelector('main:has(#heard) #receipt')
      }

      /** Waits until the page listens to its backend. */
      async function heardStream(): Promise<void> {
        const { origin } = new URL(page.url())
        const isStream = (address: string): boolean => address === `${origin}/auth/events`
        if (!sent.some(it => isStream(it.url()) && it.response()))
          await page.waitForResponse(it => isStream(it.url()))
      }

      /** The log of the events, once it stands in the page that shows them. */
      async function heard(): Promise<{ by: string | null; events: string[] }> {
        await page.waitForSelector('#heard')
        return {
          by: await attribute('#heard', 'data-by'),
          events: await page.$$eval('#heard li', lines => lines.map(it => it.dataset.event ?? ''))
        }
      }

      /** What the site's backend says of this browser. */
      function statusAt(site: string): Promise<string> {
        return page.evaluate(
          async address => ((await (await fetch(address)).json()) as { status: string }).status,
          `${site}/auth/session`
        )
      }
    })

    describe('the backend for the SDK', () => {
      const calls = outgoing()
      afterAll(() => calls.close())
      const json = { 'content-type': 'application/json' }

      test.each([
        ['of a page of its own', { origin: news, ...json }, 200],
        ['and marked so', { origin: news, 'sec-fetch-site': 'same-origin', ...json }, 200],
        ['of another site', { origin: market, ...json }, 403],
        ['of a page that hides where it is from', { origin: 'null', ...json }, 403],
        ['of nobody knows whom', json, 403],
        ['marked cross-site', { origin: news, 'sec-fetch-site': 'cross-site', ...json }, 403],
        ['marked same-site', { origin: news, 'sec-fetch-site': 'same-site', ...json }, 403],
        ['of a form of text', { origin: news, 'content-type': 'text/plain' }, 415]
      ])('takes a POST %s: %s, %i', async (_of, headers, status) => {
        const answer = await calls.fetch(`${news}/auth/logout`, {
          method: 'POST',
          headers: { ...headers },
          body: '{}'
        })
        expect(answer.status).toBe(status)
      })

      test('ends nothing where nobody is signed in', async () => {
        const answer = await calls.fetch(`${market}/auth/logout`, {
          method: 'POST',
          headers: { origin: market, ...json },
          body: '{}'
        })
        expect(answer.headers.get('cache-control')).toBe('no-store')
        expect(await answer.json()).toEqual({ ended: false })
        expect(await (await calls.fetch(`${market}/auth/session`)).json()).toMatchObject({
          status: 'notConnected'
        })
      })

      test('signs in, and goes back only to a path of its own site', async () => {
        const browser = await launchChromium(chromium, { thirdPartyCookies: 'blocked' })
        try {
          const page = await browser.newPage()
          const { enterPassword } = exampleVisitor(() => page)
          await page.goto(`${news}/auth/login?return_to=${encodeURIComponent('/article/lighthouse?a=b#c')}`)
          await enterPassword()
          expect(page.url()).toBe(`${news}/article/lighthouse?a=b#c`)
          const session = await page.evaluate(async () => (await fetch('/auth/session')).json())
          expect(session).toEqual({
            status: 'connected',
            user_id: 'demo-user',
            display_name: 'Demo Person',
            sid: expect.any(String),
            expires_at: expect.any(Number),
            cache_seconds: 0,
            server_time: expect.any(Number)
          })
          for (const elsewhere of [
            market,
            '//market.localhost:4002/',
            '/.//market.localhost:4002',
            '/\\market.localhost:4002',
            'x',
            issuer
          ]) {
            await page.goto(`${news}/auth/login?return_to=${encodeURIComponent(elsewhere)}`)
            expect(page.url(), elsewhere).toBe(`${news}/`)
          }
        } finally {
          await browser.close()
        }
      })
    })
  })
}
