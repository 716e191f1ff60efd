import type { Browser, BrowserContext } from 'puppeteer-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hasChromium, startChromium } from '../../packages/browser/test/support/chromium.ts'
import { freePort } from '../../packages/browser/test/support/listen.ts'
import { until } from '../browsers/support/world.ts'
import { type Apache, hasApache, redirectUriAt, startApache } from './apache.ts'
import { openPeerWorld, type PeerWorld, signInAt, signOutAt } from './world.ts'

/* Apache's OpenID Connect module as an application: an RP in C, written by others, told of logouts. */

const secret = 'a secret of Apache, long enough'

let world: PeerWorld
let apache: Apache
let browser: Browser
let context: BrowserContext

beforeAll(async () => {
  if (!hasApache || !hasChromium) return
  const port = await freePort()
  world = await openPeerWorld([
    {
      client_id: 'apache',
      client_secret: secret,
      redirect_uris: [redirectUriAt(port)],
      backchannel_logout_uri: `${redirectUriAt(port)}?logout=backchannel`
    }
  ])
  apache = await startApache({ port, issuer: world.issuer, clientId: 'apache', secret })
  browser = await startChromium('allowed')
})
afterAll(async () => {
  await browser?.close()
  await apache?.close()
  await world?.close()
})
beforeEach(async () => {
  if (browser) context = await browser.createBrowserContext()
})

describe.skipIf(!hasApache || !hasChromium)('mod_auth_openidc', () => {
  test('signs in, and is told by back-channel of a logout that began elsewhere', async () => {
    const page = await signInAt(context, `${apache.origin}/protected/`)
    await page.waitForSelector('#in')
    await signOutAt(context, world.issuer)
    await until(async () => (await world.storage.listDeliveries())[0]?.state === 'delivered')
    await page.goto(`${apache.origin}/protected/`)
    expect(page.url().startsWith(`${world.issuer}/sign-in`)).toBe(true)
  })
})
