import type { BrowserContext, Page } from 'puppeteer-core'
import { freePort } from '../../packages/browser/test/support/listen.ts'
import { fillIn } from '../../packages/browser/test/support/utgang.ts'
import { openSystem, type TestSystem } from '../../packages/server/test/support/system.ts'
import { until } from '../browsers/support/world.ts'

/** The identity server as applications on this machine reach it. */
export interface PeerWorld extends TestSystem {
  issuer: string
}

/** Starts it with these clients. */
export async function openPeerWorld(clients: readonly object[]): Promise<PeerWorld> {
  const port = await freePort()
  const issuer = `http://id.localhost:${port}`
  const at = await openSystem({
    config: {
      issuer,
      listen: { host: '127.0.0.1', port },
      clients,
      users: [
        {
          sub: 'u-ola',
          email: 'ola@example.test',
          name: 'Ola Nordmann',
          password: 'correct horse battery staple'
        }
      ],
      allow_private_addresses: true
    }
  })
  return { ...at, issuer }
}

/** Opens a page that asks for a sign-in, signs in, and is back there. */
export async function signInAt(context: BrowserContext, address: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(address)
  await fillIn(page)
  const { origin } = new URL(address)
  if (new URL(page.url()).origin !== origin)
    throw new Error(
      `not back at ${origin}, but at ${page.url()}: ${await page.evaluate(() => document.body.textContent)}`
    )
  return page
}

/** Signs the browser out at the server's own page, as somebody does who was at no site at all. */
export async function signOutAt(context: BrowserContext, issuer: string): Promise<void> {
  const page = await context.newPage()
  await page.goto(`${issuer}/logout`)
  await page.waitForSelector('#confirm')
  await page.click('#confirm')
  // The page with the frames, if there is one, comes in between and is not to be cut short.
  await until(() => page.evaluate(() => document.querySelector('#signed-out') !== null))
  await page.close()
}
