import type { Browser, BrowserContext, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hasChromium, startChromium } from './support/chromium.ts'
import { hasSession, settled, soon, startPage, takeHeard, takeNames, three } from './support/pages.ts'
import { openSite, type Site } from './support/site.ts'
import { type Behaviour, connected, ended, openStandIn, type StandIn } from './support/stand-in.ts'

let site: Site
let server: StandIn
let browser: Browser
let context: BrowserContext
/** Lets the server answer the logout. */
let release: (answer: Behaviour) => void

beforeAll(async () => {
  if (!hasChromium) return
  site = await openSite()
  server = await openStandIn()
  browser = await startChromium('allowed')
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
  await site?.close()
})
beforeEach(async () => {
  if (!hasChromium) return
  context = await browser.createBrowserContext()
  const held = new Promise<Behaviour>(resolve => {
    release = resolve
  })
  server.answers.set('/sdk/session', connected())
  server.answers.set('/sdk/logout', () => held)
  server.answers.set('/js/utgang.js', {})
  server.asked.length = 0
})
afterEach(() => context?.close())

declare global {
  interface Window {
    cameBack: boolean
    outcome: Promise<unknown>
  }
}

/** A page that somebody left by a link, before its logout was answered. */
async function gone(): Promise<Page> {
  const page = await signedIn()
  await page.evaluate(() => {
    addEventListener('pageshow', event => Object.assign(window, { cameBack: event.persisted }))
    window.outcome = window.utgang.logout().catch(error => error.code)
  })
  await expect.poll(() => server.asked, soon).toContain('POST /sdk/logout')
  await page.goto(`${site.origin}/elsewhere`)
  return page
}

async function signedIn(): Promise<Page> {
  // Ample: only what the server says is to count.
  const page = await startPage(context, site.origin, {
    client_id: 'site',
    server: server.origin,
    timeout: 60_000
  })
  await hasSession(page)
  await takeHeard(page)
  return page
}

/** Goes back to a page in the back/forward cache, which puppeteer does not notice by itself. */
async function back(page: Page): Promise<void> {
  await page.evaluate(() => void setTimeout(() => history.back()))
  await expect.poll(() => page.evaluate(() => window.cameBack).catch(() => undefined), soon).toBe(true)
}

describe.skipIf(!hasChromium)('a page that went while its logout was under way, and comes back', () => {
  test('does not leave for another one when that failed: somebody may have signed in since', async () => {
    const page = await gone()
    await back(page)
    release({ status: 500 })
    expect(await page.evaluate(() => window.outcome)).toBe('server_error')
    expect(await takeNames(page)).toEqual(['error'])
    expect(page.url()).toBe(`${site.origin}/`)
    expect(server.asked).not.toContain('GET /logout')
  })

  test('hears that it was done, and has the other tabs ask for themselves', async () => {
    const page = await gone()
    const other = await signedIn()
    await back(page)
    release(ended)
    expect(await page.evaluate(() => window.outcome)).toMatchObject({ by: 'cookie' })
    expect(await takeNames(page)).toEqual(three)
    await settled(page, other)
    await hasSession(other, { fresh: true })
    expect(await takeNames(other)).toEqual(['sessionChange'])
  })
})
