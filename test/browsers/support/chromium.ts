import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import puppeteer from 'puppeteer-core'
import type { Engine, Reach } from './engine.ts'
import { endWithUs, removeFolder, temporaryFolder } from './processes.ts'
import { puppeteerTab } from './puppeteer-tab.ts'

/** Starts Chromium, with third-party cookies as Chrome ships them or blocked as a person can choose. */
export async function startChromium(
  executablePath: string,
  thirdPartyCookies: 'allowed' | 'blocked',
  { proxyPort, keyHash }: Reach
): Promise<Engine> {
  const profile = temporaryFolder('chromium')
  mkdirSync(join(profile, 'Default'))
  const blocked = thirdPartyCookies === 'blocked'
  // Debian's Chromium blocks by default, others do not: said either way.
  const preferences = {
    profile: { cookie_controls_mode: blocked ? 1 : 0, block_third_party_cookies: blocked }
  }
  writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify(preferences))
  const browser = await puppeteer.launch({
    browser: 'chrome',
    executablePath,
    headless: true,
    userDataDir: profile,
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--ignore-certificate-errors-spki-list=${keyHash}`,
      `--proxy-server=http://127.0.0.1:${proxyPort}`,
      '--proxy-bypass-list=<-loopback>'
    ]
  })
  const child = browser.process()
  if (child) endWithUs(child)
  return {
    version: (await browser.version()).replace(/^\w+\//, 'Chromium '),
    newTab: async () => puppeteerTab(await browser.newPage()),
    async close() {
      await browser.close()
      removeFolder(profile)
    }
  }
}
