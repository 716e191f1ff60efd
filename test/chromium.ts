import { accessSync, constants, statSync } from 'node:fs'

/**
 * The Chromium that browser tests start, as a path; undefined when there is none, and then they are skipped.
 * `CHROMIUM_PATH`, when set, decides alone: a path that cannot be run counts as none. Otherwise the usual places are tried in order.
 */
export function findChromium(): string | undefined {
  const asked = process.env.CHROMIUM_PATH
  return (asked ? [asked] : usualPlaces).find(canRun)
}

const usualPlaces = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
]

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
