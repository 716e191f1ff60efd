import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Page } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findChromium } from '../chromium.ts'
import { launchChromium } from '../launch-chromium.ts'
import { type Setting, settings } from './support/browsers.ts'
import type { Tab } from './support/engine.ts'
import { puppeteerTab } from './support/puppeteer-tab.ts'
import { issuer, openWorld, signInForCode, until, type World } from './support/world.ts'

/** Applications that only their frames can tell; the last one never answers there, and the one before forbids being framed. */
const [radio, paper, strict, slow] = [
  'https://radio.test',
  'https://paper.example',
  'https://strict.test',
  'https://slow.test'
]
const names: Record<string, string> = { radio, paper, strict, slow }

/** What came to a frame's address. */
interface Hit {
  host: string
  cookie: boolean
  iss: string | null
  sid: string | null
  site: string | undefined
  referer: string | undefined
}

let world: World
let hits: Hit[] = []
beforeAll(async () => {
  world = await openWorld({
    strangers: Object.fromEntries(Object.values(names).map(origin => [new URL(origin).hostname, serve])),
    moreClients: Object.entries(names).map(([clientId, origin]) => ({
      client_id: clientId,
      client_name: `The ${clientId} site`,
      redirect_uris: [`${origin}/`],
      frontchannel_logout_uri: `${origin}/out?kept=1`
    }))
  })
})
afterAll(() => world.close())

/** `/out` is the frame; every other address is a page that signs its visitor in by a cookie that frames may carry. */
function serve(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', radio)
  const { host = '', cookie = '', referer, 'sec-fetch-site': site } = request.headers
  response
    .setHeader('cache-control', 'no-store')
    .setHeader('content-type', 'text/html')
    .setHeader(
      'content-security-policy',
      host === 'strict.test' ? "frame-ancestors 'none'" : `frame-ancestors ${issuer}`
    )
  if (pathname !== '/out') {
    response.setHeader('set-cookie', 'rp=1; Path=/; Secure; HttpOnly; SameSite=None')
    return void response.end('<!doctype html><title>A site</title><body>here')
  }
  const [iss, sid] = [searchParams.get('iss'), searchParams.get('sid')]
  hits.push({ host, cookie: cookie.includes('rp=1'), iss, sid, site: site as string | undefined, referer })
  if (host !== 'slow.test') response.end('<!doctype html><title>Out</title>')
}

/** Signs Ola in at these sites, one after the other, in one browser. */
async function signInAt(tab: Tab, ...clientIds: string[]): Promise<void> {
  for (const clientId of clientIds) await signInForCode(tab, clientId, `${names[clientId]}/`)
}

/** Goes from a site's page to a logout that comes back to it. */
async function leaveFor(tab: Tab, clientId: string): Promise<void> {
  await tab.goto(`${names[clientId]}/somewhere`)
  await tab.evaluate((address: string) => {
    // The page may be gone before this function has answered.
    setTimeout(() => location.assign(address))
  }, logoutOf(clientId))
}

const logoutOf = (clientId: string): string =>
  `${issuer}/logout?client_id=${clientId}&redirect_uri=${encodeURIComponent(`${names[clientId]}/`)}`

const isBackAt = async (tab: Tab, clientId: string): Promise<boolean> =>
  (await tab.url()) === `${names[clientId]}/`

const hostsHit = (): string[] => hits.map(it => it.host).toSorted()

/** The newest receipt's state of each application. */
async function states(): Promise<Record<string, number>> {
  const [newest] = await world.at.storage.listAudit({ limit: 1, event: 'logout' })
  const answer = await world.at.ask(`/logout/receipts/${newest?.logoutId}`)
  return answer.json<{ applications: Record<string, number> }>().applications
}

describe.each(settings)('$engine, $policy', ({ engine, start, sendsCookie }) => {
  test('FCL-06, FCL-07, FCL-08: every application of the session is asked, and the browser is back', {
    timeout: 180_000,
    skip: !start
  }, async () => {
    hits = []
    const browser = await (start as NonNullable<Setting['start']>)(world)
    try {
      const tab = await browser.newTab()
      await signInAt(tab, 'radio', 'paper', 'strict')
      await leaveFor(tab, 'radio')
      await until(() => isBackAt(tab, 'radio'))
      expect(hostsHit()).toEqual(['paper.example', 'radio.test', 'strict.test'])
      for (const it of hits) {
        expect(it).toMatchObject({ iss: issuer, referer: undefined })
        expect(it.sid).toMatch(/^[\w-]{43}$/)
        // WebKitGTK has no Fetch Metadata for frames in every version.
        if (engine !== 'WebKit') expect(it.site).toBe('cross-site')
      }
      // Why nobody can say more than "asked": where such cookies are kept back the application does not see whom it is about.
      expect(hits.map(it => it.cookie)).toEqual(hits.map(() => sendsCookie))
      expect(await states()).toEqual({ requested: 3 })
    } finally {
      await browser.close()
    }
  })
})

const chromium = findChromium()

describe.skipIf(!chromium)('in one Chromium', () => {
  /** A tab of a browser of its own, with the page behind it. */
  async function inTab(run: (tab: Tab, page: Page) => Promise<void>): Promise<void> {
    hits = []
    const browser = await launchChromium(chromium ?? '', {
      thirdPartyCookies: 'blocked',
      args: [
        '--disable-quic',
        `--ignore-certificate-errors-spki-list=${world.keyHash}`,
        `--proxy-server=http://127.0.0.1:${world.proxyPort}`,
        '--proxy-bypass-list=<-loopback>'
      ]
    })
    try {
      const page = await browser.newPage()
      await run(puppeteerTab(page), page)
    } finally {
      await browser.close()
    }
  }

  test('FCL-07: an application that never answers holds nobody up for longer than the page says', {
    timeout: 60_000
  }, async () => {
    await inTab(async tab => {
      await signInAt(tab, 'radio', 'slow')
      await leaveFor(tab, 'radio')
      await until(() => isBackAt(tab, 'radio'))
      expect(hostsHit()).toEqual(['radio.test', 'slow.test'])
    })
  })

  test('FCL-07: it goes on as soon as all have loaded, without waiting for a time', {
    timeout: 60_000
  }, async () => {
    await inTab(async (tab, page) => {
      await page.evaluateOnNewDocument(() => {
        const { setTimeout } = window
        // A page that waits for seconds waits for ever.
        Object.assign(window, {
          setTimeout: (run: () => void, ms = 0) => (ms < 1000 ? setTimeout(run, ms) : 0)
        })
      })
      await signInAt(tab, 'radio', 'paper', 'strict')
      await leaveFor(tab, 'radio')
      await until(() => isBackAt(tab, 'radio'))
      expect(hostsHit()).toEqual(['paper.example', 'radio.test', 'strict.test'])
    })
  })

  test('FCL-07: without JavaScript the browser goes on by itself', { timeout: 60_000 }, async () => {
    await inTab(async (tab, page) => {
      await signInAt(tab, 'radio', 'paper')
      await page.goto(`${radio}/somewhere`)
      await page.setJavaScriptEnabled(false)
      const arrived = page.waitForResponse(it => it.url() === `${radio}/`, { timeout: 30_000 })
      // Opened as by typing, which counts as the person's own wish.
      await page.goto(logoutOf('radio'))
      await arrived
      expect(hostsHit()).toEqual(['paper.example', 'radio.test'])
    })
  })

  test('FCL-07: without JavaScript the link leads on, too', { timeout: 60_000 }, async () => {
    await inTab(async (tab, page) => {
      await signInAt(tab, 'radio')
      await page.setJavaScriptEnabled(false)
      await page.goto(logoutOf('radio'))
      expect(page.url()).toContain(`${issuer}/logout/front-channel?page=`)
      const arrived = page.waitForResponse(it => it.url() === `${radio}/`)
      await page.click('#continue')
      await arrived
    })
  })

  test('FCL-09: the page breaks nothing of its own policy, and the frames load', {
    timeout: 60_000
  }, async () => {
    await inTab(async (tab, page) => {
      const said: string[] = []
      page.on('console', it => said.push(it.text()))
      page.on('pageerror', error => said.push(String(error)))
      const loaded = new Map<string, number>()
      page.on('response', it => loaded.set(new URL(it.url()).host + new URL(it.url()).pathname, it.status()))
      await signInAt(tab, 'radio', 'paper')
      await leaveFor(tab, 'radio')
      await until(() => isBackAt(tab, 'radio'))
      expect(said.filter(it => /polic|refused|blocked|error/i.test(it))).toEqual([])
      expect(loaded.get('radio.test/out')).toBe(200)
      expect(loaded.get('paper.example/out')).toBe(200)
      expect(loaded.get('id.utgang.test/js/front-channel.js')).toBe(200)
    })
  })

  test('the back button leads to where the person was, not to the frames again', {
    timeout: 60_000
  }, async () => {
    await inTab(async tab => {
      await signInAt(tab, 'radio', 'paper')
      await leaveFor(tab, 'radio')
      await until(() => isBackAt(tab, 'radio'))
      const before = hits.length
      await tab.back()
      await until(async () => (await tab.url()) === `${radio}/somewhere`)
      expect(hits.length).toBe(before)
    })
  })
})
