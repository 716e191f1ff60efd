import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import puppeteer, { type Browser } from 'puppeteer-core'

/** `npm start`'s code in a process of its own. */
export interface Demo {
  /** Everything that it has printed. */
  output(): string
  /** Ends it as Ctrl-C does, and gives back its exit code. Once more is no error. */
  interrupt(): Promise<number | null>
}

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Starts the demo and waits until it says "ready".
 * @throws with everything that it printed when it ends before
 */
export async function startDemo(dataFolder: string): Promise<Demo> {
  const { child, output } = spawnDemo(dataFolder)
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', () => /^ready$/m.test(output()) && resolve())
    child.once('exit', code => reject(new Error(`the demo ended with ${code}:\n${output()}`)))
  })
  return {
    output,
    interrupt: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
      const ended = once(child, 'exit')
      child.kill('SIGINT')
      const [code] = (await ended) as [number | null]
      return code
    }
  }
}

/** Starts a demo that is expected to give up, and waits for its end. */
export async function failingDemo(dataFolder: string): Promise<{ code: number | null; output: string }> {
  const { child, output } = spawnDemo(dataFolder)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output: output() }
}

function spawnDemo(dataFolder: string): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, ['packages/server/src/main.ts', 'demo', '--data', dataFolder], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe']
  })
  killWithUs(child)
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => (text += chunk))
  return { child, output: () => text }
}

/** Starts one Chromium, with third-party cookies as Chrome ships them or blocked, as Debian's Chromium does. */
export async function startBrowser(
  executablePath: string,
  thirdPartyCookies: 'allowed' | 'blocked' = 'blocked'
): Promise<Browser> {
  const blocked = thirdPartyCookies === 'blocked'
  const profile = mkdtempSync(join(tmpdir(), 'utgang-examples-'))
  mkdirSync(join(profile, 'Default'))
  writeFileSync(
    join(profile, 'Default', 'Preferences'),
    JSON.stringify({
      profile: { cookie_controls_mode: blocked ? 1 : 0, block_third_party_cookies: blocked }
    })
  )
  const browser = await puppeteer.launch({
    browser: 'chrome',
    executablePath,
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
  if (child) killWithUs(child)
  child?.once('exit', () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }))
  return browser
}

/** Whatever happens to the tests, no process of theirs stays behind. */
function killWithUs(child: ChildProcess): void {
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
}
