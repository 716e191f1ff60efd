import { type ChromiumOptions, launchChromium } from '../../launch-chromium.ts'
import type { Engine, Reach } from './engine.ts'
import { puppeteerTab } from './puppeteer-tab.ts'

/** Starts Chromium on the network of the tests. */
export async function startChromium(
  executablePath: string,
  thirdPartyCookies: ChromiumOptions['thirdPartyCookies'],
  { proxyPort, keyHash }: Reach
): Promise<Engine> {
  const browser = await launchChromium(executablePath, {
    thirdPartyCookies,
    args: [
      '--disable-quic',
      `--ignore-certificate-errors-spki-list=${keyHash}`,
      `--proxy-server=http://127.0.0.1:${proxyPort}`,
      '--proxy-bypass-list=<-loopback>'
    ]
  })
  return {
    version: (await browser.version()).replace(/^\w+\//, 'Chromium '),
    newTab: async () => puppeteerTab(await browser.newPage()),
    close: () => browser.close()
  }
}
