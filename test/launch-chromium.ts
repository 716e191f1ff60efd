import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import puppeteer, { type Browser } from 'puppeteer-core'
import { endWithUs, removeFolder, temporaryFolder } from './browsers/support/processes.ts'
import { protocolTimeout } from './browsers/support/puppeteer-tab.ts'

/** What people's browsers differ in. */
export interface ChromiumOptions {
  /** As Chrome ships them, or blocked, as a person can choose. */
  thirdPartyCookies: 'allowed' | 'blocked'
  /** More of its command line. */
  args?: readonly string[]
}

/** Starts a Chromium with a profile of its own. Whatever happens to the tests, neither stays behind. */
export async function launchChromium(
  executablePath: string,
  { thirdPartyCookies, args = [] }: ChromiumOptions
): Promise<Browser> {
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
    protocolTimeout,
    userDataDir: profile,
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...args
    ]
  })
  const child = browser.process()
  if (child) endWithUs(child)
  child?.once('exit', () => removeFolder(profile))
  return browser
}
