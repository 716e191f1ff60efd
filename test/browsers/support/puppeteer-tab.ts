import type { Page } from 'puppeteer-core'
import { expression, type Tab } from './engine.ts'

/**
 * How many milliseconds a browser has for one command, a promise of a page included: Puppeteer says so when they are over,
 * well before the time of a test is, and the test is run once more (`vitest.config.ts`).
 */
export const protocolTimeout = 25_000

/** A tab of Chromium or Firefox. */
export function puppeteerTab(page: Page): Tab {
  page.setDefaultTimeout(20_000)
  return {
    async goto(address) {
      await page.goto(address, { waitUntil: 'load' })
    },
    // Puppeteer hears of a navigation later than the page; in the middle of one there is no page to ask.
    url: async () => String(await page.evaluate('location.href').catch(() => page.url())),
    evaluate: async (run, ...given) => JSON.parse((await page.evaluate(expression(run, given))) as string),
    async click(selector) {
      await page.waitForSelector(selector)
      await page.click(selector)
    },
    async type(selector, text) {
      await page.waitForSelector(selector)
      await page.type(selector, text)
    },
    async back() {
      // Puppeteer does not see a page come back from memory; the browser's own history does the same.
      await page.evaluate('void setTimeout(() => history.back())')
    },
    show: () => page.bringToFront(),
    close: () => page.close()
  }
}
