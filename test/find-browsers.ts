import { globSync } from 'node:fs'
import { runnable } from './runnable.ts'

/** The parts of WebKitGTK that tests need, as paths. */
export interface WebKitPaths {
  driver: string
  /** WebKitGTK's own small browser, which the driver starts. */
  browser: string
  /** A screen that nobody sees. */
  xvfb: string
}

/** The Firefox that tests start; `FIREFOX_PATH` names another. */
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
