import { findChromium } from '../../chromium.ts'
import { findFirefox, findWebKit } from '../../find-browsers.ts'
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

const firefox = findFirefox()
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
