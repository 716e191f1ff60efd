import { accessSync, constants, globSync } from 'node:fs'
import { findChromium } from '../../chromium.ts'
import { startChromium } from './chromium.ts'
import type { Engine, Reach } from './engine.ts'
import { startFirefox } from './firefox.ts'
import { startWebKit } from './webkit.ts'

/** A browser under one policy for cookies, as people have it. */
export interface Setting {
  engine: 'Chromium' | 'Firefox' | 'WebKit'
  /** For people to read. */
  policy: string
  /** Whether pages of another site send the identity server's `SameSite=None` cookie. */
  sendsCookie: boolean
  /** `undefined` where this browser is not installed. */
  start: ((reach: Reach) => Promise<Engine>) | undefined
}

const firefox = runnable('/usr/bin/firefox-esr', '/usr/bin/firefox')
const webKit = findWebKit()
const chromium = findChromium()

/** Every setting that is tested. */
export const settings: readonly Setting[] = [
  {
    engine: 'Chromium',
    policy: 'third-party cookies allowed',
    sendsCookie: true,
    start: chromium ? reach => startChromium(chromium, 'allowed', reach) : undefined
  },
  {
    engine: 'Chromium',
    policy: 'third-party cookies blocked',
    sendsCookie: false,
    start: chromium ? reach => startChromium(chromium, 'blocked', reach) : undefined
  },
  {
    engine: 'Firefox',
    policy: 'Total Cookie Protection (default)',
    sendsCookie: false,
    start: firefox ? reach => startFirefox(firefox, 5, reach) : undefined
  },
  {
    engine: 'Firefox',
    policy: 'third-party cookies blocked',
    sendsCookie: false,
    start: firefox ? reach => startFirefox(firefox, 1, reach) : undefined
  },
  {
    engine: 'WebKit',
    policy: 'default of WebKitGTK',
    sendsCookie: true,
    start: webKit ? reach => startWebKit(webKit, 'default', reach) : undefined
  },
  {
    engine: 'WebKit',
    policy: 'Intelligent Tracking Prevention',
    sendsCookie: false,
    start: webKit ? reach => startWebKit(webKit, 'itp', reach) : undefined
  }
]

function findWebKit(): { driver: string; browser: string; xvfb: string } | undefined {
  const driver = runnable('/usr/bin/WebKitWebDriver')
  const browser = runnable(...globSync('/usr/lib/*/webkit2gtk-4.1/MiniBrowser'))
  const xvfb = runnable('/usr/bin/Xvfb')
  return driver && browser && xvfb ? { driver, browser, xvfb } : undefined
}

function runnable(...paths: string[]): string | undefined {
  return paths.find(path => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
