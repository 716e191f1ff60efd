import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import { type Auth, createAuth, memorySessions } from '@utgang/node'
import { nodeAuth } from '@utgang/node/http'
import { fetch as undiciFetch } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort, type Listening, listen } from '../../packages/browser/test/support/listen.ts'
import { type Setting, settings } from './support/browsers.ts'
import type { Tab } from './support/engine.ts'
import { passOnTo } from './support/network.ts'
import { giveTheCredentials, issuer, openWorld, until, type World } from './support/world.ts'

/** Two sites on the kit, on sites of their own for the browser. Each is `/`, with the SDK, and the kit's addresses. */
const origins = { radio: 'https://radio.test', shop: 'https://shop.example' }
const secretOf = (site: string): string => `${site}-secret-of-the-browser-tests`

/** A request that reached a site, or when its page heard something; in milliseconds of this machine's clock. */
interface Noted {
  what: string
  at: number
}

interface TestPage {
  utgang: { logout(): Promise<{ by: string }> }
  heard: { what: string; by?: string; at: number }[]
  isReady?: boolean
}

interface KitSite {
  origin: string
  auth: Auth
  asked: Noted[]
  /** Where the server reaches it, past the names of the browsers. */
  backend: Listening
  close(): Promise<void>
}

const sdk = readFileSync(fileURLToPath(import.meta.resolve('@utgang/browser')))

const page = (clientId: string, name: string): string => `<!doctype html>
<title>${name}</title>
<script type="module">
  import { init } from '/sdk.js'
  // Somebody looks at the page when it is opened; WebKit counts every page as hidden on a screen that is none.
  if (document.hidden) Object.defineProperty(document, 'hidden', { value: false })
  window.heard = []
  const utgang = init({ client_id: '${clientId}', server: '${issuer}', backend: '/auth', watch: true })
  for (const what of ['logout', 'statusChange', 'sessionChange'])
    utgang.on(what, ({ by }) => heard.push({ what, by, at: Date.now() }))
  window.utgang = utgang
  await utgang.hasSession()
  // Signed in is no news here.
  heard.length = 0
  window.isReady = true
</script>`

async function openKitSite(clientId: keyof typeof origins, port: number, at: () => string): Promise<KitSite> {
  const origin = origins[clientId]
  const sessions = memorySessions()
  const auth = createAuth({
    issuer,
    client_id: clientId,
    client_secret: secretOf(clientId),
    origin,
    sessions,
    fetch: (address, init) =>
      undiciFetch(String(address).replace(issuer, at()), init as never) as unknown as Promise<Response>
  })
  const handle = nodeAuth(auth)
  const asked: Noted[] = []

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    asked.push({ what: `${request.method} ${request.url?.split('?')[0]}`, at: Date.now() })
    if (await handle(request, response)) return
    if (request.url === '/sdk.js') return void response.setHeader('content-type', 'text/javascript').end(sdk)
    response.setHeader('cache-control', 'no-store').setHeader('content-type', 'text/html')
    response.end(page(clientId, request.rpSession ? 'Signed in' : 'A stranger'))
  }

  const backend = await listen((request, response) => {
    serve(request, response).catch(() => response.destroy())
  }, port)
  return {
    origin,
    auth,
    asked,
    backend,
    async close() {
      await auth.close()
      await sessions.close()
      await backend.close()
    }
  }
}

let world: World
let sites: Record<keyof typeof origins, KitSite>
beforeAll(async () => {
  const names = Object.keys(origins) as Array<keyof typeof origins>
  const ports = { radio: await freePort(), shop: await freePort() }
  const opened = await Promise.all(names.map(name => openKitSite(name, ports[name], () => world.at.origin)))
  const [radio, shop] = opened as [KitSite, KitSite]
  sites = { radio, shop }
  world = await openWorld({
    strangers: Object.fromEntries(
      opened.map(({ origin, backend }) => [new URL(origin).hostname, passOnTo(() => backend.port)])
    ),
    moreClients: names.map(name => ({
      client_id: name,
      client_secret: secretOf(name),
      redirect_uris: [`${origins[name]}/auth/callback`],
      backchannel_logout_uri: `http://backend.localhost:${ports[name]}/auth/backchannel-logout`,
      scope: 'openid profile',
      sdk: true
    })),
    config: { allow_private_addresses: true }
  })
})
afterAll(async () => {
  await world?.close()
  for (const site of Object.values(sites ?? {})) await site.close()
})

const isReady = async (tab: Tab): Promise<boolean> =>
  tab.evaluate(() => document.title === 'Signed in' && (window as unknown as TestPage).isReady === true)

/** Signs in at a site, with a password where that is asked for. */
async function signIn(tab: Tab, { origin }: KitSite): Promise<void> {
  await tab.goto(`${origin}/auth/login`)
  await giveTheCredentials(tab, () => isReady(tab))
  await until(() => isReady(tab))
}

const heardBy = (tab: Tab): Promise<TestPage['heard']> =>
  tab.evaluate(() => (window as unknown as TestPage).heard)

describe.each(settings.filter(it => !it.sendsCookie))('$engine, $policy', ({ engine, policy, start }) => {
  test('a logout at one site reaches the open page of another by the event stream: nobody asked', {
    timeout: 180_000,
    skip: !start
  }, async () => {
    const browser = await (start as NonNullable<Setting['start']>)(world)
    const { radio, shop } = sites
    try {
      shop.asked.length = 0
      const there = await browser.newTab()
      await signIn(there, shop)
      await until(async () => shop.asked.some(it => it.what === 'GET /auth/events'))
      const here = await browser.newTab()
      await signIn(here, radio)
      const begun = await here.evaluate(() => {
        const at = Date.now()
        void (window as unknown as TestPage).utgang.logout()
        return at
      })
      await until(async () => (await heardBy(here)).length === 3)
      expect((await heardBy(here))[0]).toMatchObject({ what: 'logout', by: 'backend' })

      await until(async () => (await heardBy(there)).length === 3)
      const heard = await heardBy(there)
      expect(heard.map(({ what }) => what)).toEqual(['logout', 'statusChange', 'sessionChange'])
      expect(heard[0]?.by).toBe('elsewhere')
      const at = heard[0]?.at ?? 0
      const asked = shop.asked.filter(it => it.at >= begun && it.at <= at).map(it => it.what)
      expect(asked).toEqual(['POST /auth/backchannel-logout'])
      console.info(`${engine}, ${policy}: the other site’s page heard after ${at - begun} ms`)
    } finally {
      await browser.close()
    }
  })
})
