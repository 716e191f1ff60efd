import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import puppeteer, { type Browser } from 'puppeteer-core'
import { findChromium } from '../../../../test/chromium.ts'

/** Whether there is a Chromium here; without one the tests that need it are skipped. */
export const hasChromium = findChromium() !== undefined

/** Starts a Chromium with a profile of its own, which keeps third-party cookies back or not. */
export async function startChromium(thirdPartyCookies: 'allowed' | 'blocked'): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'utgang-sdk-'))
  mkdirSync(join(profile, 'Default'))
  // Chromium's packages differ in what they do by default, so it is said in any case.
  const isBlocked = thirdPartyCookies === 'blocked'
  const preferences = {
    profile: { cookie_controls_mode: isBlocked ? 1 : 0, block_third_party_cookies: isBlocked }
  }
  writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify(preferences))
  const browser = await puppeteer.launch({
    browser: 'chrome',
    executablePath: findChromium(),
    headless: true,
    userDataDir: profile,
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync'
    ]
  })
  const child = browser.process()
  const kill = (): void => {
    child?.kill('SIGKILL')
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
  process.once('exit', kill)
  child?.once('exit', () => {
    process.off('exit', kill)
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  })
  return browser
}
