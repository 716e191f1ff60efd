import { globSync } from 'node:fs'
import { findChromium } from './chromium.ts'
import { runnable } from './runnable.ts'

/** The parts of WebKitGTK that tests need, as paths. */
export interface WebKitPaths {
  driver: string
  /** WebKitGTK's own small browser, which the driver starts. */
  browser: string
  /** A screen that nobody sees. */
  xvfb: string
}

/** A browser that tests start, the packages of Debian that hold it, and what to do elsewhere. */
export interface Wanted {
  name: string
  packages: readonly string[]
  /** Environment variable that names another one. */
  variable?: string
  /** The path of it; undefined when there is none. */
  found(): string | undefined
  /** What to do where there are no packages of Debian. */
  elsewhere: string
}

/** The browsers that the tests drive. The tests of one that is not there are skipped, and `npm test` says so at its end. */
export const wanted: readonly Wanted[] = [
  {
    name: 'Chromium',
    packages: ['chromium'],
    variable: 'CHROMIUM_PATH',
    found: findChromium,
    elsewhere:
      'install it (macOS: `brew install --cask chromium`) or set CHROMIUM_PATH to a Chromium or Chrome'
  },
  {
    name: 'Firefox',
    packages: ['firefox-esr'],
    variable: 'FIREFOX_PATH',
    found: findFirefox,
    elsewhere: 'install it (macOS: `brew install --cask firefox`) or set FIREFOX_PATH to a Firefox'
  },
  {
    name: 'WebKit',
    packages: ['webkit2gtk-driver', 'xvfb'],
    found: () => findWebKit()?.browser,
    elsewhere: 'on Linux install WebKitWebDriver, the MiniBrowser of WebKitGTK 4.1, and Xvfb'
  }
]

/** The Firefox that tests start, in the same way; `FIREFOX_PATH` names another. */
export function findFirefox(): string | undefined {
  return runnable(
    process.env.FIREFOX_PATH || [
      '/usr/bin/firefox-esr',
      '/usr/bin/firefox',
      '/Applications/Firefox.app/Contents/MacOS/firefox'
    ]
  )
}

/** WebKit, when all of its parts are there. */
export function findWebKit(): WebKitPaths | undefined {
  const driver = runnable('/usr/bin/WebKitWebDriver')
  const browser = runnable(globSync('/usr/{lib,libexec}{,/*}/webkit2gtk-4.1/MiniBrowser'))
  const xvfb = runnable('/usr/bin/Xvfb')
  return driver && browser && xvfb ? { driver, browser, xvfb } : undefined
}
