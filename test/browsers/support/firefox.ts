import puppeteer from 'puppeteer-core'
import type { Engine, Reach } from './engine.ts'
import { endWithUs, removeFolder, temporaryFolder } from './processes.ts'
import { protocolTimeout, puppeteerTab } from './puppeteer-tab.ts'

/**
 * After a sign-in by clicks Firefox lets third-party cookies through for a while, so that whoever tests at once sees
 * what people next month do not. All such exceptions are off.
 */
const exceptions = [
  'recently_visited',
  'redirect',
  'navigation',
  'opened_window_after_interaction',
  'window_open'
]

/** Starts Firefox with Total Cookie Protection (5, what it ships with) or with all third-party cookies blocked (1). */
export async function startFirefox(
  executablePath: string,
  cookieBehavior: 5 | 1,
  { proxyPort }: Reach
): Promise<Engine> {
  const profile = temporaryFolder('firefox')
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath,
    headless: true,
    protocolTimeout,
    userDataDir: profile,
    acceptInsecureCerts: true,
    extraPrefsFirefox: {
      'network.proxy.type': 1,
      'network.proxy.http': '127.0.0.1',
      'network.proxy.http_port': proxyPort,
      'network.proxy.ssl': '127.0.0.1',
      'network.proxy.ssl_port': proxyPort,
      'network.proxy.no_proxies_on': '',
      'network.proxy.allow_hijacking_localhost': true,
      'browser.contentblocking.features.standard': `-tp,tpPrivate,cookieBehavior${cookieBehavior},-cryptoTP,-fp`,
      'network.cookie.cookieBehavior': cookieBehavior,
      ...Object.fromEntries(exceptions.map(it => [`privacy.restrict3rdpartystorage.heuristic.${it}`, false]))
    }
  })
  const child = browser.process()
  if (child) endWithUs(child)
  return {
    version: (await browser.version()).replace('/', ' ').replace(/^f/, 'F'),
    newTab: async () => puppeteerTab(await browser.newPage()),
    async close() {
      await browser.close()
      removeFolder(profile)
    }
  }
}
