import type { Engine, Tab } from './engine.ts'
import type { Site } from './site.ts'
import type { Heard, TestWindow } from './site-page.ts'
import { giveTheCredentials, until } from './world.ts'

/** Opens a page with the SDK in a new tab, and waits until it has started. */
export async function openPage(engine: Pick<Engine, 'newTab'>, address: string): Promise<Tab> {
  const tab = await engine.newTab()
  await tab.goto(address)
  await started(tab)
  return tab
}

/** Waits until the page that a tab shows has started its SDK. */
export const started = (tab: Tab): Promise<void> => until(() => hasStarted(tab))

const hasStarted = (tab: Tab): Promise<boolean> =>
  tab.evaluate(() => document.title === 'A page' && document.body.dataset.ready !== undefined)

/** Signs in through a site's backend, by clicks where a password is asked for; ends on this page of the site. */
export async function signInAt(tab: Tab, site: Site, address: string): Promise<void> {
  const path = address.slice(site.origin.length)
  await tab.goto(`${site.origin}/auth/login?return_to=${encodeURIComponent(path)}`)
  await giveTheCredentials(tab, () => hasStarted(tab))
  await started(tab)
}

/** Signs in by the page's own `login()`, so that it holds tokens; ends on this page. */
export async function signInInPage(tab: Tab, address: string): Promise<void> {
  await tab.goto(address)
  await started(tab)
  await tab.evaluate(() => void (window as unknown as TestWindow).sdk.login())
  const holdsTokens = async (): Promise<boolean> =>
    (await hasStarted(tab)) &&
    (await tab.evaluate(() => Boolean((window as unknown as TestWindow).tokens?.id_token)))
  await giveTheCredentials(tab, holdsTokens)
  await until(holdsTokens)
}

/** Asks a page's SDK who is signed in, the server in any case. */
export const statusAt = (tab: Tab): Promise<string> =>
  tab.evaluate(
    async () => (await (window as unknown as TestWindow).sdk.hasSession({ fresh: true })).userStatus
  )

/** Calls `logout()` in a page; what comes of it is {@link outcomeAt}, or the page is left. */
export const callLogout = (tab: Tab, options: object = {}): Promise<void> =>
  tab.evaluate((given: object) => {
    const page = window as unknown as TestWindow
    page.outcome = undefined
    page.sdk.logout(given).then(
      outcome => {
        page.outcome = outcome
      },
      error => {
        page.outcome = { failed: error.code }
      }
    )
  }, options)

/**
 * Calls `logout()` in a page that leaves for it, and waits for the page that it comes back to.
 * @param meanwhile what is done on the way
 */
export async function logoutByLeaving(tab: Tab, meanwhile: () => Promise<void>): Promise<void> {
  await tab.evaluate(() => {
    document.body.dataset.left = ''
  })
  await callLogout(tab)
  await meanwhile()
  const isBack = (): Promise<boolean> => tab.evaluate(() => document.body.dataset.left === undefined)
  await until(async () => (await isBack()) && (await hasStarted(tab)))
}

/** What the last `logout()` of a page came to; undefined while it is under way. */
export const outcomeAt = (tab: Tab): Promise<TestWindow['outcome'] | null> =>
  tab.evaluate(() => (window as unknown as TestWindow).outcome ?? null)

/** What a page has heard so far. */
export const heardBy = (tab: Tab): Promise<Heard[]> =>
  tab.evaluate(() => (window as unknown as TestWindow).heard)

/** Whom a page says to be signed in; empty for nobody. */
export const whoAt = (tab: Tab): Promise<string> =>
  tab.evaluate(() => document.querySelector('#who')?.textContent ?? '')
