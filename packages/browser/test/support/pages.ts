import type { BrowserContext, Page } from 'puppeteer-core'
import type * as Sdk from '../../src/index.ts'
import type { Events, InitOptions, LoggedOut, LogoutOptions, Session, Utgang } from '../../src/index.ts'

/** One event that a page heard. */
export interface Heard {
  name: keyof Events
  payload: Record<string, unknown>
}

declare global {
  // What the usual page of a test has; see site.ts.
  interface Window {
    sdk: typeof Sdk
    start(options: object): Utgang
    utgang: Utgang
    heard: Heard[]
    isReady: boolean
  }
}

/** Opens a tab, and waits until the page has started. */
export async function openPage(context: BrowserContext, address: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(address)
  await ready(page)
  return page
}

/** Waits until the usual page has started. */
export const ready = async (page: Page): Promise<void> =>
  void (await page.waitForFunction(() => window.isReady))

/** Opens a tab and starts the SDK in it. */
export async function startPage(
  context: BrowserContext,
  address: string,
  options: Partial<InitOptions>
): Promise<Page> {
  const page = await openPage(context, address)
  await start(page, options)
  return page
}

/** Starts the SDK in a page. */
export const start = (page: Page, options: Partial<InitOptions>): Promise<void> =>
  page.evaluate(it => void window.start(it), options)

/** Outcome of a call: what it resolved to, or the code of the error. */
export type Outcome<T> = T | { failed: string | undefined }

/** Calls `hasSession()` in a page. */
export const hasSession = (page: Page, options: { fresh?: boolean } = {}): Promise<Outcome<Session>> =>
  page.evaluate(
    it => window.utgang.hasSession(it).catch(error => ({ failed: error.code as string | undefined })),
    options
  )

/** Calls `logout()` in a page that stays. */
export const logout = (page: Page, options: LogoutOptions = {}): Promise<Outcome<LoggedOut>> =>
  page.evaluate(
    it => window.utgang.logout(it).catch(error => ({ failed: error.code as string | undefined })),
    options
  )

/** Calls `logout()` and waits until another page is there. */
export async function logoutByLeaving(page: Page): Promise<void> {
  await Promise.all([
    page.waitForNavigation(),
    page.evaluate(() => {
      void window.utgang.logout()
    })
  ])
}

/** Everything that a page has heard; what was heard is forgotten then. */
export const takeHeard = (page: Page): Promise<Heard[]> => page.evaluate(() => window.heard.splice(0))

/** The names of it. */
export const takeNames = async (page: Page): Promise<string[]> => (await takeHeard(page)).map(it => it.name)

/** Waits until a page has heard of an event. */
export const untilHeard = async (page: Page, name: keyof Events): Promise<void> =>
  void (await page.waitForFunction(it => window.heard.some(heard => heard.name === it), {}, name))

/** The three events of a logout. */
export const three = ['logout', 'statusChange', 'sessionChange']

/** How long a test waits for what has to become so, in milliseconds. */
export const soon = { timeout: 10_000 }

/** Waits until what one tab has told the others has reached another tab, by every way. */
export async function settled(from: Page, to: Page): Promise<void> {
  await to.evaluate(() => {
    const byStorage = new Promise(resolve =>
      addEventListener('storage', event => event.key === 'fence' && resolve(undefined))
    )
    const channel = new BroadcastChannel('utgang:site')
    const byChannel = new Promise(resolve => {
      channel.onmessage = event => event.data === 7 && resolve(undefined)
    })
    Object.assign(window, { arrived: Promise.all([byStorage, byChannel]).then(() => channel.close()) })
  })
  await from.evaluate(() => {
    localStorage.setItem('fence', String(Math.random()))
    new BroadcastChannel('utgang:site').postMessage(7)
  })
  await to.evaluate(() => (window as { arrived?: Promise<void> }).arrived)
}
