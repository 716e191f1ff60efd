import { findChromium } from './chromium.ts'
import { findFirefox, findWebKit } from './find-browsers.ts'
import { findApache, findPostgres, findRedis } from './find-programs.ts'

/** A program that tests start, the packages of Debian that hold it, and what to do elsewhere. */
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

/** What the tests start beside Node. The tests of one that is not there are skipped, and `npm test` says so at its end. */
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
  },
  {
    name: 'PostgreSQL',
    packages: ['postgresql'],
    found: () => findPostgres()?.postgres,
    elsewhere: 'install PostgreSQL 15 or later (macOS: `brew install postgresql@17`)'
  },
  {
    name: 'Redis',
    packages: ['redis-server'],
    found: findRedis,
    elsewhere: 'install Redis 7 or later (macOS: `brew install redis`)'
  },
  {
    name: 'Apache with mod_auth_openidc',
    packages: ['apache2-bin', 'libapache2-mod-auth-openidc'],
    found: () => findApache()?.apache,
    elsewhere: 'install Apache 2.4 and its mod_auth_openidc'
  }
]
