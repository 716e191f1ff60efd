import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { findChromium } from './chromium.ts'

const skipped = 'Browser tests will be skipped.'
const whatToDo =
  'Install it (Debian: `apt-get install chromium`; macOS: `brew install --cask chromium`) or set CHROMIUM_PATH to a Chromium or Chrome.'

// Always ends with status 0: without a browser the browser tests are skipped, and everything else still runs.
console.log(browserLine())

function browserLine(): string {
  const asked = process.env.CHROMIUM_PATH
  const found = findChromium()
  if (found) return `Chromium: ${found}`
  if (asked) return `No Chromium: CHROMIUM_PATH is ${asked}, which cannot be run. ${skipped}`
  if (canInstall()) install()
  const installed = findChromium()
  return installed ? `Chromium: ${installed} (just installed)` : `No Chromium. ${whatToDo} ${skipped}`
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get')
}

function install(): void {
  console.log('No Chromium found: installing the package chromium.')
  // A fresh machine or image has no package lists, or old ones that name files which are gone: then fetch them and try again.
  if (!aptGet('install', '-y', '--no-install-recommends', 'chromium')) {
    if (aptGet('update')) aptGet('install', '-y', '--no-install-recommends', 'chromium')
  }
}

/** Runs apt-get quietly, waiting up to two minutes for another one to finish. False when it failed. */
function aptGet(...args: string[]): boolean {
  const { status } = spawnSync('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    stdio: 'inherit',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  })
  return status === 0
}
