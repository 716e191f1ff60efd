import { runnable } from './runnable.ts'

/**
 * The Chromium or Chrome that tests start, as a path; undefined when there is none, and then they are skipped.
 * `CHROMIUM_PATH`, when set, decides alone: a path that cannot be run counts as none.
 */
export function findChromium(): string | undefined {
  return runnable(
    process.env.CHROMIUM_PATH || [
      '/usr/bin/chromium',
      '/usr/bin/chromium-browser',
      '/usr/bin/google-chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
    ]
  )
}
