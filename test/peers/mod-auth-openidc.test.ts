import type { Browser, BrowserContext, Page } from 'puppeteer-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hasChromium, startChromium } from '../../packages/browser/test/support/chromium.ts'
import { freePort } from '../../packages/browser/test/support/listen.ts'
import { until } from '../browsers/support/world.ts'
import { type Apache, hasApache, redirectUriAt, startApache } from './apache.ts'
import { openPeerWorld, type PeerWorld, signInAt, signOutAt } from './world.ts'

/* Apache's OpenID Connect module as an application: an RP in C, written by others, told of logouts in three ways. */

const ways = {
  back: { backchannel_logout_uri: 'logout=backchannel' },
  front: { frontchannel_logout_uri: 'logout=get' },
  none: {}
}
const secret = 'a secret of Apache, long enough'

let world: PeerWorld
let browser: Browser
let context: BrowserContext
const apaches = new Map<string, Apache>()

beforeAll(async () => {
  if (!hasApache || !hasChromium) return
  const ports = new Map<string, number>()
  for (const way of Object.keys(ways)) ports.set(way, await freePort())
  world = await openPeerWorld(
    Object.entries(ways).map(([way, tellings]) => {
      const redirectUri = redirectUriAt(ports.get(way) ?? 0)
      const addresses = Object.entries(tellings).map(([key, query]) => [key, `${redirectUri}?${query}`])
      return {
        client_id: way,
        client_secret: secret,
        redirect_uris: [redirectUri],
        post_logout_redirect_uris: [new URL('/protected/watching.html', redirectUri).href],
        ...Object.fromEntries(addresses)
      }
    })
  )
  for (const [clientId, port] of ports)
    apaches.set(clientId, await startApache({ port, issuer: world.issuer, clientId, secret }))
  browser = await startChromium('allowed')
})
afterAll(async () => {
  await browser?.close()
  for (const apache of apaches.values()) await apache.close()
  await world?.close()
})
beforeEach(async () => {
  if (browser) context = await browser.createBrowserContext()
})

describe.skipIf(!hasApache || !hasChromium)('mod_auth_openidc', () => {
  test('signs in, and is told by back-channel of a logout that began elsewhere', async () => {
    const page = await signInAtApache('back')
    await signOutAt(context, world.issuer)
    await until(async () => (await world.storage.listDeliveries())[0]?.state === 'delivered')
    await asksAgain('back', page)
  })

  test('is told by front-channel, in a frame of the page after the logout', async () => {
    const page = await signInAtApache('front')
    await signOutAt(context, world.issuer)
    await asksAgain('front', page)
    expect(apaches.get('front')?.log()).toMatch(/logout=get&iss=.*&sid=/)
  })

  test('a page that watches stays while the session lives, and leaves by itself once it has ended', async () => {
    const page = await signInAtApache('none')
    const heard: string[] = []
    page.on('console', message => void heard.push(message.text()))
    await page.goto(watching())
    await until(async () => heard.filter(it => it.includes('receiveMessage: unchanged')).length >= 3)
    expect(page.url()).toBe(watching())
    await signOutAt(context, world.issuer)
    // By the server's end_session_endpoint, back to itself, and there somebody has to sign in.
    await until(async () => page.url().startsWith(`${world.issuer}/sign-in`))
    const answers = heard.flatMap(it => /^receiveMessage: (\S+)/.exec(it)?.[1] ?? [])
    expect([...new Set(answers)]).toEqual(['unchanged', 'changed'])
    expect(answers.at(-1)).toBe('changed')
    await asksAgain('none', page)
  })
})

const watching = (): string => `${originOf('none')}/protected/watching.html`
const originOf = (way: string): string => apaches.get(way)?.origin ?? ''

async function signInAtApache(way: string, path = ''): Promise<Page> {
  const page = await signInAt(context, `${originOf(way)}/protected/${path}`)
  await page.waitForSelector('#in')
  return page
}

/** Nobody is signed in there any more. */
async function asksAgain(way: string, page: Page): Promise<void> {
  await page.goto(`${originOf(way)}/protected/`)
  expect(page.url().startsWith(`${world.issuer}/sign-in`)).toBe(true)
}
