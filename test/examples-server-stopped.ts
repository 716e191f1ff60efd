import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { addresses, market as marketClient, news as newsClient } from '../examples/src/clients.ts'
import { type Examples, startExamples } from '../examples/src/index.ts'
import { createSystem, type System } from '../packages/server/src/app.ts'
import { checkConfig } from '../packages/server/src/config/load.ts'
import { exampleVisitor } from './examples-visitor.ts'
import { launchChromium } from './launch-chromium.ts'

const { news, market, signIn: issuer } = addresses

/** What people see who sign out with JavaScript while the sign-in server is stopped, or will not do as a backend asks. */
export function testServerStopped(chromium: string): void {
  describe('when the sign-in server does not help', () => {
    const data = mkdtempSync(join(tmpdir(), 'utgang-stopped-'))
    let browser: Browser
    let server: System
    let sites: Examples
    let page: Page
    const { signIn, openMenu, text, attribute, state } = exampleVisitor(() => page)

    beforeAll(async () => {
      browser = await launchChromium(chromium, { thirdPartyCookies: 'blocked' })
      server = await startServer()
      sites = await startExamples({ issuer })
    })
    afterAll(async () => {
      await Promise.all([browser?.close(), sites?.close()])
      await server?.close()
      rmSync(data, { recursive: true, force: true })
    })
    beforeEach(async () => {
      page = await (await browser.createBrowserContext()).newPage()
    })
    afterEach(() => page.browserContext().close())

    test.each([news, market])(
      '%s: stopped, it says so and nobody is signed out; started again, the next click does it',
      async site => {
        await signIn(site)
        await page.waitForSelector('#with-javascript:not([hidden])')
        await openMenu()
        await server.close()
        try {
          const answered = page.waitForResponse(it => it.url() === `${site}/auth/logout`)
          await page.click('#sign-out-script', { count: 2 })
          await page.waitForSelector('#with-javascript [role=alert]:not(:empty)')
          await page.waitForSelector('#sign-out-script:not([aria-busy])')
          expect(
            (await text('#with-javascript [role=alert]')).match(/You are still signed in/g)
          ).toHaveLength(1)
          expect(await state('#visitor')).toBe('signed-in')
          expect(await page.$('#heard')).toBeNull()
          const answer = await answered
          expect(answer.status()).toBe(502)
          expect(await answer.json()).toMatchObject({ error: 'sign_in_server_unreachable' })
          // The site's login is as it was.
          expect(await page.evaluate(async () => (await fetch('/auth/session')).json())).toMatchObject({
            status: 'connected'
          })
        } finally {
          server = await startServer()
        }
        await page.click('#sign-out-script')
        await page.waitForSelector('main:has(#heard) #receipt')
        expect(await attribute('#heard', 'data-by')).toBe('backend')
        expect(await state('#visitor')).toBe('signed-out')
      }
    )

    test.each([news, market])('%s: stopped, a stranger reads its front page all the same', async site => {
      await server.close()
      try {
        const answer = await page.goto(`${site}/`)
        expect(answer?.status()).toBe(200)
        expect(page.url()).toBe(`${site}/`)
        expect(await state('#visitor')).toBe('signed-out')
      } finally {
        server = await startServer()
      }
    })

    test('a backend that may not end sessions: the page leaves for the server, and the site ends its own login after', async () => {
      await server.close()
      server = await startServer({ may_end_sessions: false })
      await signIn(market)
      await page.waitForSelector('#with-javascript:not([hidden])')
      await openMenu()
      await page.click('#sign-out-script')
      await page.waitForSelector('main:has(#heard) #receipt')
      expect(await attribute('#heard', 'data-by')).toBe('redirect')
      expect(await state('#visitor')).toBe('signed-out')
      expect(await page.evaluate(async () => (await fetch('/auth/session')).json())).toMatchObject({
        status: 'notConnected'
      })
    })

    async function startServer(ofMarket: Record<string, unknown> = {}): Promise<System> {
      const config = checkConfig({
        issuer,
        listen: { host: '127.0.0.1', port: 4000 },
        storage: `sqlite:${data}/server.db`,
        clients: [newsClient, { ...marketClient, ...ofMarket }],
        users: [
          {
            sub: 'demo-user',
            email: 'demo@utgang.test',
            name: 'Demo Person',
            password: 'correct horse battery staple'
          }
        ],
        allow_private_addresses: true,
        log_level: 'warn'
      })
      const system = await createSystem(config)
      await system.listen()
      return system
    }
  })
}
