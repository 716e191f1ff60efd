import type { Browser, BrowserContext, Page } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hasChromium, startChromium } from './support/chromium.ts'
import {
  hasSession,
  logout,
  logoutByLeaving,
  ready,
  settled,
  soon,
  start,
  startPage,
  takeHeard,
  takeNames,
  three,
  untilHeard
} from './support/pages.ts'
import { openSite, type Site } from './support/site.ts'
import { openUtgang, type Utgang } from './support/utgang.ts'

let site: Site
let utgang: Utgang
let browser: Browser
let context: BrowserContext
let options: { client_id: string; server: string; redirect_uri: string }

beforeAll(async () => {
  if (!hasChromium) return
  site = await openSite()
  utgang = await openUtgang(site)
  browser = await startChromium('allowed')
  options = { client_id: 'site', server: utgang.issuer, redirect_uri: `${site.origin}/back` }
})
afterAll(async () => {
  await browser?.close()
  await utgang?.close()
  await site?.close()
})
beforeEach(async () => {
  if (!hasChromium) return
  site.starts.clear()
  site.starts.set('/back', options)
  context = await browser.createBrowserContext()
  await utgang.signIn(context)
})
afterEach(() => context?.close())

/** A tab that has asked who is signed in, and heard. */
async function tab(more: object = {}): Promise<Page> {
  const page = await startPage(context, site.origin, { ...options, ...more })
  await hasSession(page)
  await takeHeard(page)
  return page
}

describe.skipIf(!hasChromium)('other tabs', () => {
  test('hear the three once, by "tab", with the receipt', async () => {
    const [here, there] = [await tab(), await tab()]
    const { receipt } = (await logout(here)) as { receipt: string }
    await untilHeard(there, 'sessionChange')
    const out = { session: null, status: 'notConnected' }
    expect(await takeHeard(there)).toEqual([
      { name: 'logout', payload: { result: true, by: 'tab', receipt, ...out } },
      { name: 'statusChange', payload: out },
      { name: 'sessionChange', payload: out }
    ])
    // Both the message and the storage event have come by then: the second is no news.
    await settled(here, there)
    await hasSession(there)
    expect(await takeNames(there)).toEqual(['notLoggedin'])
    expect(await takeNames(here)).toEqual(three)
  })

  test.each(['BroadcastChannel', 'StorageEvent'])('hear it without %s too', async missing => {
    const there = await context.newPage()
    await there.evaluateOnNewDocument(name => {
      if (name === 'BroadcastChannel') Object.defineProperty(window, name, { value: undefined })
      else addEventListener('storage', event => event.stopImmediatePropagation(), true)
    }, missing)
    await there.goto(site.origin)
    await ready(there)
    await there.evaluate(it => void window.start(it), options)
    await hasSession(there)
    await takeHeard(there)
    await logout(await tab())
    await untilHeard(there, 'sessionChange')
    expect(await takeNames(there)).toEqual(three)
  })

  test('that have not asked yet hear it; one that knows that nobody is signed in does not', async () => {
    const asleep = await startPage(context, site.origin, options)
    const here = await tab()
    await logout(here)
    await untilHeard(asleep, 'sessionChange')
    expect(await takeNames(asleep)).toEqual(three)

    const knows = await tab()
    await logout(here)
    await hasSession(knows)
    expect(await takeNames(knows)).toEqual(['notLoggedin'])
  })

  test('of another client do not', async () => {
    const other = await tab({ client_id: 'careful' })
    const here = await tab()
    await logout(here)
    await settled(here, other)
    expect(await takeNames(other)).toEqual([])
  })

  test('lose the tokens that they held', async () => {
    const there = await tab()
    await there.evaluate(() => window.utgang.setTokens({ access_token: 'a', id_token: 'b' }))
    await logout(await tab())
    await untilHeard(there, 'sessionChange')
    const asked: string[] = []
    there.on('request', request => void asked.push(request.postData() ?? ''))
    await logout(there)
    expect(asked.join()).not.toContain('access_token')
  })

  test('ask for themselves when a closing tab could not wait for the answer', async () => {
    const [there, closing] = [await tab(), await tab()]
    await closing.evaluate(() => void window.utgang.logout({ closing: true }))
    await closing.close()
    await expect.poll(() => utgang.live(), soon).toBe(0)
    // That question may have come before the logout did; the next one has not.
    await hasSession(there, { fresh: true })
    expect((await takeNames(there)).filter(it => it !== 'sessionChange' && it !== 'notLoggedin')).toEqual([
      'logout',
      'statusChange'
    ])
  })
})

describe.skipIf(!hasChromium)('the back button', () => {
  /** Goes back to a page in the back/forward cache, which puppeteer does not notice by itself. */
  async function back(page: Page, steps = 1): Promise<void> {
    await page.evaluate(it => {
      setTimeout(() => history.go(-it))
    }, steps)
    await expect
      .poll(
        () => page.evaluate(() => (window as { cameBack?: boolean }).cameBack).catch(() => undefined),
        soon
      )
      .toBe(true)
  }

  const marked = async (page: Page): Promise<Page> => {
    await page.evaluate(() => {
      addEventListener('pageshow', event => {
        Object.assign(window, { cameBack: event.persisted })
      })
    })
    return page
  }

  test('to a page from before a logout in another tab: it hears the three', async () => {
    const page = await context.newPage()
    // Some browsers tell a page that comes back what it has missed, others do not.
    await page.evaluateOnNewDocument(() =>
      addEventListener('storage', event => event.stopImmediatePropagation(), true)
    )
    await page.goto(site.origin)
    await ready(page)
    await start(page, options)
    await hasSession(page)
    await takeHeard(page)
    await marked(page)
    await page.goto(site.otherOrigin)
    await logout(await tab())
    await back(page)
    await untilHeard(page, 'sessionChange')
    const heard = await takeHeard(page)
    expect(heard.map(it => it.name)).toEqual(three)
    expect(heard[0]?.payload).toMatchObject({ by: 'tab' })
  })

  test('to a page that has heard of the logout, and where somebody has signed in since: no news', async () => {
    const page = await marked(await tab())
    await logout(await tab())
    await untilHeard(page, 'sessionChange')
    await utgang.signIn(context)
    await hasSession(page, { fresh: true })
    await takeHeard(page)
    await page.goto(site.otherOrigin)
    await back(page)
    expect(await takeNames(page)).toEqual([])
    await logout(page)
  })

  test('to a page from before its own logout by leaving', async () => {
    const page = await marked(await tab({ client_id: 'careful' }))
    site.starts.set('/back', { ...options, client_id: 'careful' })
    await logoutByLeaving(page)
    await Promise.all([page.waitForNavigation(), page.click('#confirm')])
    await ready(page)
    await untilHeard(page, 'sessionChange')
    await back(page, 2)
    await untilHeard(page, 'sessionChange')
    expect(await takeNames(page)).toEqual(three)
  })

  test('to a page that knew nobody: it asks anew, for somebody may have signed in', async () => {
    const page = await marked(await tab())
    await logout(page)
    expect(await hasSession(page)).toMatchObject({ userStatus: 'notConnected' })
    await page.goto(site.otherOrigin)
    await utgang.signIn(context)
    await back(page)
    expect(await hasSession(page)).toMatchObject({ userStatus: 'connected' })
    await logout(page)
  })

  test('from the server’s own page, where the logout ended: it asks, and hears the three', async () => {
    const page = await marked(await tab({ client_id: 'careful', redirect_uri: undefined }))
    await logoutByLeaving(page)
    await Promise.all([page.waitForNavigation(), page.click('#confirm')])
    expect(await page.$('#signed-out')).not.toBeNull()
    await back(page, 2)
    await untilHeard(page, 'sessionChange')
    const heard = await takeHeard(page)
    expect(heard.map(it => it.name)).toEqual(three)
    expect(heard[0]?.payload).toMatchObject({ by: 'redirect', receipt: expect.any(String) })
  })

  test('from the server’s question: still signed in, and the next click asks anew', async () => {
    const page = await marked(await tab({ client_id: 'careful' }))
    await logoutByLeaving(page)
    await back(page)
    expect(await hasSession(page, { fresh: true })).toMatchObject({ userStatus: 'connected' })
    expect(await takeNames(page)).toEqual(['sessionChange'])
    await logoutByLeaving(page)
    expect(await page.$('#confirm-logout')).not.toBeNull()
  })
})
