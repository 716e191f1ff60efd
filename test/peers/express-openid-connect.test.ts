import { createServer, type Server } from 'node:http'
import express from 'express'
import { auth, requiresAuth } from 'express-openid-connect'
import type { Browser, BrowserContext } from 'puppeteer-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hasChromium, startChromium } from '../../packages/browser/test/support/chromium.ts'
import { freePort } from '../../packages/browser/test/support/listen.ts'
import { outgoingFetch } from '../../packages/server/src/web/outgoing.ts'
import { until } from '../browsers/support/world.ts'
import { openPeerWorld, type PeerWorld, signInAt, signOutAt } from './world.ts'

/* A site on express-openid-connect, which knows nothing of us: it signs in, and its own store hears of logouts. */

const clientID = 'express'
const clientSecret = 'a secret of the Express site, long enough'

let world: PeerWorld
let server: Server
let origin: string
let browser: Browser
let context: BrowserContext

beforeAll(async () => {
  if (!hasChromium) return
  const port = await freePort()
  origin = `http://express.localhost:${port}`
  world = await openPeerWorld([
    {
      client_id: clientID,
      client_secret: clientSecret,
      redirect_uris: [`${origin}/callback`],
      post_logout_redirect_uris: [origin],
      backchannel_logout_uri: `${origin}/backchannel-logout`,
      token_endpoint_auth_method: 'client_secret_post'
    }
  ])
  server = createServer(site(world.issuer))
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  browser = await startChromium('allowed')
})
afterAll(async () => {
  await browser?.close()
  server?.closeAllConnections()
  server?.close()
  await world?.close()
})
beforeEach(async () => {
  if (browser) context = await browser.createBrowserContext()
})

describe.skipIf(!hasChromium)('express-openid-connect', () => {
  test('signs in, and is told by back-channel of a logout that began elsewhere', async () => {
    const page = await signInAt(context, `${origin}/private`)
    expect(await page.evaluate(() => document.body.textContent)).toContain('u-ola')
    await signOutAt(context, world.issuer)
    await until(async () => (await world.storage.listDeliveries())[0]?.state === 'delivered')
    await page.goto(`${origin}/private`)
    expect(page.url().startsWith(`${world.issuer}/sign-in`)).toBe(true)
  })

  test('signs out by its own button: the sign-on session ends with it, and the person comes back', async () => {
    const page = await signInAt(context, `${origin}/private`)
    await page.goto(`${origin}/logout`)
    expect(page.url()).toBe(`${origin}/`)
    await page.goto(`${origin}/private`)
    expect(page.url().startsWith(`${world.issuer}/sign-in`)).toBe(true)
  })
})

function site(issuerBaseURL: string): express.Express {
  const app = express()
  const told = new Map<string, unknown>()
  app.use(
    auth({
      issuerBaseURL,
      baseURL: origin,
      clientID,
      clientSecret,
      secret: 'of the cookies of this test alone',
      authRequired: false,
      idpLogout: true,
      authorizationParams: { response_type: 'code', scope: 'openid profile' },
      customFetch: outgoingFetch({ allow_private_addresses: true }) as unknown as typeof fetch,
      backchannelLogout: {
        store: {
          get: (key, done) => done(null, told.get(key) as never),
          set(key, value, done) {
            told.set(key, value)
            done?.(null)
          },
          destroy(key, done) {
            told.delete(key)
            done?.(null)
          }
        }
      }
    })
  )
  app.get('/', (_request, response) => void response.send('Home'))
  app.get('/private', requiresAuth(), (request, response) => void response.send(request.oidc.user?.sub))
  return app
}
