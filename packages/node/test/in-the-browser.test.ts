import { readFileSync } from 'node:fs'
import type { Browser, BrowserContext, Page } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { hasChromium, startChromium } from '../../browser/test/support/chromium.ts'
import { soon, takeHeard, three } from '../../browser/test/support/pages.ts'
import { fillIn } from '../../browser/test/support/utgang.ts'
import { nodeAuth } from '../src/http.ts'
import { type Auth, createAuth, memorySessions } from '../src/index.ts'
import { openIssuer, registration, secretOf, type TestIssuer } from './support/issuer.ts'
import { openSite, type Site } from './support/sites.ts'

let issuer: TestIssuer
let auth: Auth
let site: Site
let origin: string
let browser: Browser
let context: BrowserContext

beforeAll(async () => {
  if (!hasChromium) return
  site = await openSite()
  origin = `http://site.localhost:${site.port}`
  issuer = await openIssuer([registration('site', origin)])
  auth = createAuth({
    issuer: issuer.issuer,
    client_id: 'site',
    client_secret: secretOf('site'),
    origin,
    allow_http: true,
    sessions: memorySessions()
  })
  const handle = nodeAuth(auth)
  const sdk = readFileSync(new URL(import.meta.resolve('@utgang/browser')))
  site.use(async (req, res) => {
    if (await handle(req, res)) return
    if (req.url === '/sdk.js') return void res.setHeader('content-type', 'text/javascript').end(sdk)
    if (req.url === '/favicon.ico') return void res.writeHead(404).end()
    res.setHeader('content-type', 'text/html').end(page(req.rpSession?.sub))
  })
  browser = await startChromium('blocked')
  context = await browser.createBrowserContext()
})
afterAll(async () => {
  await browser?.close()
  await auth?.close()
  await site?.close()
  await issuer?.close()
})

/** What the application's pages are: the SDK with the kit as its backend, and a watch. */
const page = (sub: string | undefined): string => `<!doctype html>
<title>${sub ? 'Signed in' : 'A stranger'}</title>
<script type="module">
  import { init } from '/sdk.js'
  window.heard = []
  window.utgang = init({ client_id: 'site', server: '${issuer.issuer}', backend: '/auth', watch: true })
  for (const name of ['login', 'logout', 'statusChange', 'sessionChange', 'error'])
    utgang.on(name, payload => heard.push({ name, payload: { ...payload } }))
  await utgang.hasSession()
  window.isReady = true
</script>`

async function tab(): Promise<Page> {
  const it = await context.newPage()
  await it.goto(origin)
  await it.waitForFunction(() => window.isReady)
  return it
}

/** By the application's own sign-in, with the issuer's page. */
async function signIn(): Promise<void> {
  const it = await context.newPage()
  await it.goto(`${origin}/auth/login`)
  if (!it.url().startsWith(origin)) await fillIn(it)
  await it.waitForFunction(() => window.isReady)
  expect(await it.title()).toBe('Signed in')
  await it.close()
}

async function hears(it: Page): Promise<unknown[]> {
  const names = (): Promise<string[]> => it.evaluate(() => window.heard.map(({ name }) => name))
  await vi.waitFor(async () => expect(await names()).toContain('sessionChange'), soon)
  const heard = await takeHeard(it)
  expect(heard.map(({ name }) => name)).toEqual(three)
  return heard.map(({ payload }) => payload.by).filter(by => by !== undefined)
}

describe.skipIf(!hasChromium)('the SDK on the kit, third-party cookies blocked', () => {
  test('a logout in one tab: confirmed, and heard in the other; the next page knows a stranger', async () => {
    await signIn()
    const [other, one] = [await tab(), await tab()]
    for (const it of [one, other]) expect((await takeHeard(it)).map(({ name }) => name)).toContain('login')
    expect(await one.evaluate(() => window.utgang.logout())).toEqual({
      ended: true,
      by: 'backend',
      receipt: expect.any(String)
    })
    expect(await hears(one)).toEqual(['backend'])
    expect(['tab', 'elsewhere']).toContain((await hears(other))[0])
    expect(await issuer.live()).toBe(0)
    await one.reload()
    expect(await one.title()).toBe('A stranger')
    await Promise.all([one.close(), other.close()])
  })

  test('a logout elsewhere reaches the page, without a question of its own', async () => {
    await signIn()
    const it = await tab()
    await takeHeard(it)
    const asked: string[] = []
    it.on('request', request => void asked.push(new URL(request.url()).pathname))
    await issuer.endAllOf('u-ola')
    expect(await hears(it)).toEqual(['elsewhere'])
    expect(asked.filter(path => path === '/auth/session')).toEqual([])
    await it.close()
  })
})
