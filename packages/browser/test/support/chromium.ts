import type { Browser } from 'puppeteer-core'
import { findChromium } from '../../../../test/chromium.ts'
import { type ChromiumOptions, launchChromium } from '../../../../test/launch-chromium.ts'

const path = findChromium()

/** Whether there is a Chromium here; without one the tests that need it are skipped. */
export const hasChromium = path !== undefined

/** Starts a Chromium with a profile of its own, which keeps third-party cookies back or not. */
export const startChromium = (thirdPartyCookies: ChromiumOptions['thirdPartyCookies']): Promise<Browser> =>
  launchChromium(path ?? '', { thirdPartyCookies })
