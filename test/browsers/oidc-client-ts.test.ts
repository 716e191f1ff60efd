import { fileURLToPath } from 'node:url'
import type { UserManager, UserManagerSettings } from 'oidc-client-ts'
import { rolldown } from 'rolldown'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { settings } from './support/browsers.ts'
import type { Engine, Reach, Tab } from './support/engine.ts'
import type { Host } from './support/network.ts'
import { giveTheCredentials, issuer, openWorld, until, type World } from './support/world.ts'

const spa = 'https://spa.test'

/** What the page holds. */
interface SpaWindow {
  manager: UserManager
  sub: string | null
  heard: string[]
  /** What the server's frame answered. */
  polls: string[]
}

let world: World
beforeAll(async () => {
  const bundle = await bundled()
  world = await openWorld({
    strangers: { 'spa.test': host(bundle) },
    moreClients: [{ client_id: 'spa', redirect_uris: [`${spa}/app`, `${spa}/silent`], sdk: true }]
  })
})
afterAll(() => world?.close())

const read = (tab: Tab): Promise<Omit<SpaWindow, 'manager'>> =>
  tab.evaluate(() => {
    const { sub, heard, polls } = window as unknown as SpaWindow
    return { sub: sub ?? null, heard, polls }
  })

const isSignedIn = async (tab: Tab): Promise<boolean> =>
  (await tab.url()).startsWith(`${spa}/app`) && (await read(tab)).sub === 'u-ola'

const chromium = settings.filter(it => it.engine === 'Chromium')
describe.each(chromium)('oidc-client-ts in $engine, $policy', ({ start, sendsCookie }) => {
  describe.skipIf(!start)('with monitorSession', () => {
    let engine: Engine
    let tab: Tab
    beforeEach(async () => {
      engine = await (start as (reach: Reach) => Promise<Engine>)(world)
      tab = await engine.newTab()
      await tab.goto(`${spa}/app`)
      await tab.evaluate(() => void (window as unknown as SpaWindow).manager.signinRedirect())
      await giveTheCredentials(tab)
      await until(() => isSignedIn(tab))
    })
    afterEach(() => engine?.close())

    const logoutElsewhere = async (): Promise<void> => {
      const second = await engine.newTab()
      await second.goto(`${issuer}/logout?client_id=spa`)
      await until(() => second.evaluate(() => document.querySelector('#signed-out') !== null))
      await second.close()
      await tab.show()
    }

    test.runIf(sendsCookie)(
      'SM-02, SM-06, SM-07: nothing is heard while the person is signed in, a logout in another tab is',
      async () => {
        await until(async () => (await read(tab)).polls.length >= 20)
        expect(await read(tab)).toMatchObject({ heard: ['userLoaded'] })
        expect(new Set((await read(tab)).polls)).toEqual(new Set(['unchanged']))
        await logoutElsewhere()
        await until(async () => (await read(tab)).heard.length >= 2)
        // Twice, where two questions were under way when the first "changed" came.
        expect(new Set((await read(tab)).heard)).toEqual(new Set(['userLoaded', 'userSignedOut']))
        expect((await read(tab)).polls.at(-1)).toBe('changed')
      }
    )

    test.skipIf(sendsCookie)(
      'SM-13: a kept back cookie stops the asking; nobody is signed out by mistake, and no request is made',
      async () => {
        await until(async () => (await read(tab)).polls.length >= 1)
        await logoutElsewhere()
        await tab.goto(`${spa}/app`)
        await until(async () => (await read(tab)).polls.length >= 1)
        const { sub, heard, polls } = await read(tab)
        expect({ sub, heard, polls: new Set(polls) }).toEqual({
          sub: 'u-ola',
          heard: [],
          polls: new Set(['error'])
        })
      }
    )
  })
})

/** The library as a site would bundle it: one script with the global `oidc`. */
async function bundled(): Promise<string> {
  const bundle = await rolldown({
    input: fileURLToPath(import.meta.resolve('oidc-client-ts')),
    platform: 'browser',
    logLevel: 'silent'
  })
  const { output } = await bundle.generate({ format: 'iife', name: 'oidc' })
  await bundle.close()
  return output[0].code
}

/** `/app`, the page; `/silent`, where its hidden frames come back to. */
function host(bundle: string): Host {
  const settings: UserManagerSettings = {
    authority: issuer,
    client_id: 'spa',
    redirect_uri: `${spa}/app`,
    silent_redirect_uri: `${spa}/silent`,
    scope: 'openid profile',
    monitorSession: true,
    checkSessionIntervalInSeconds: 0.05
  }
  const page = (run: string): string =>
    `<!DOCTYPE html><title>SPA</title><body><script src="/oidc.js"></script><script>
      const settings = Object.assign(${JSON.stringify(settings)}, { userStore: new oidc.WebStorageStateStore({ store: localStorage }) })
      ${run}</script>`
  const app = `
    const heard = window.heard = [], polls = window.polls = []
    addEventListener('message', ({ origin, data }) => origin === settings.authority && polls.push(data))
    const manager = window.manager = new oidc.UserManager(settings)
    for (const event of ['UserLoaded', 'UserUnloaded', 'UserSignedOut', 'UserSignedIn', 'UserSessionChanged'])
      manager.events['add' + event](() => heard.push('u' + event.slice(1)))
    ;(async () => {
      if (location.search.includes('code=')) {
        await manager.signinCallback()
        history.replaceState(null, '', '/app')
      }
      window.sub = (await manager.getUser())?.profile.sub
    })()`
  const silent = 'new oidc.UserManager({ ...settings, monitorSession: false }).signinSilentCallback()'
  return ({ url = '/' }, response) => {
    const { pathname } = new URL(url, spa)
    if (pathname === '/oidc.js') return void response.setHeader('content-type', 'text/javascript').end(bundle)
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(page(pathname === '/silent' ? silent : app))
  }
}
