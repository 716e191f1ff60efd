import type { Tab } from './engine.ts'
import type { OldReply, OldWindow } from './old-pages.ts'

/** Whether a tab shows a page whose address begins so, and all of it is loaded. */
export const isAt = async (tab: Tab, beginning: string): Promise<boolean> =>
  (await tab.url()).startsWith(beginning) && (await tab.evaluate(() => document.readyState === 'complete'))

/** What a page has heard so far. */
export const heard = (tab: Tab): Promise<OldWindow['heard']> =>
  tab.evaluate(() => (window as unknown as OldWindow).heard)

/** What the callback of the page's last call of `SPiD` was given; nothing while there was none. */
export const calledBack = (tab: Tab): Promise<OldWindow['calledBack']> =>
  tab.evaluate(() => (window as unknown as OldWindow).calledBack)

/** Asks by a script tag on the page. */
export const ask = (tab: Tab, path: string, about: Parameters<OldWindow['ask']>[1]): Promise<OldReply> =>
  tab.evaluate(
    async (asked: string, who: Parameters<OldWindow['ask']>[1]) =>
      (window as unknown as OldWindow).ask(asked, who),
    path,
    about
  )

/** What account-sdk-browser knows of the session, or the code of its error. */
export const schibstedSession = (tab: Tab): Promise<{ session: object } | { code: number }> =>
  tab.evaluate(() =>
    (window as unknown as OldWindow).identity.hasSession().then(
      session => ({ session }),
      error => ({ code: error.code })
    )
  )

/** What it says of the user, each thing by its own call; null for what it refuses to say. */
export const schibstedFacts = (tab: Tab): Promise<Record<string, unknown>> =>
  tab.evaluate(async () => {
    const { identity } = window as unknown as OldWindow
    return {
      isLoggedIn: await identity.isLoggedIn(),
      isConnected: await identity.isConnected(),
      userId: await identity.getUserId().catch(() => null),
      externalId: await identity.getExternalId('somebody').catch(() => null)
    }
  })

/** Loads an address in ways that are no script tag, and waits until each has come to something. */
export const loadWithoutTag = (tab: Tab, address: string): Promise<void> =>
  tab.evaluate(async (it: string) => {
    const load = (name: string, attributes: Record<string, string>): Promise<void> =>
      new Promise(done => {
        const element = document.createElement(name)
        element.onload = element.onerror = () => done()
        for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
        document.body.append(element)
      })
    const ignore = (): void => {}
    await Promise.all([
      load('img', { src: it }),
      load('iframe', { src: it }),
      load('video', { src: it }),
      load('link', { rel: 'stylesheet', href: it }),
      load('link', { rel: 'prefetch', href: it }),
      load('script', { type: 'module', src: it }),
      load('script', { crossorigin: 'use-credentials', src: it }),
      fetch(it, { credentials: 'include' }).catch(ignore),
      fetch(it, { credentials: 'include', mode: 'no-cors' }).catch(ignore),
      fetch(it, { credentials: 'include', mode: 'no-cors', method: 'POST' }).catch(ignore)
    ])
  }, address)
