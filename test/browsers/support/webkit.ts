import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import type { WebKitPaths } from '../../find-browsers.ts'
import { type Engine, expression, type Reach, type Tab } from './engine.ts'
import { endAll, endWithUs, removeFolder, temporaryFolder, treeOf } from './processes.ts'
import { newWebDriver, type WebDriver } from './webdriver.ts'

/** Starts WebKitGTK's own browser, with its usual cookie policy or with Intelligent Tracking Prevention. */
export async function startWebKit(
  { driver, browser, xvfb }: WebKitPaths,
  policy: 'default' | 'itp',
  { proxyPort }: Reach
): Promise<Engine> {
  const home = temporaryFolder('webkit')
  const screen = await startScreen(xvfb)
  const port = await freePort()
  const child = spawn(driver, [`--port=${port}`], {
    env: { ...process.env, ...environment(home), DISPLAY: screen.display },
    stdio: 'ignore'
  })
  endWithUs(child)

  async function close(session?: WebDriver): Promise<void> {
    const running = treeOf(child.pid ?? 0)
    await session?.command('DELETE', '').catch(() => {})
    child.kill('SIGTERM')
    await endAll(running)
    screen.process.kill('SIGTERM')
    await endAll([screen.process.pid ?? 0])
    removeFolder(home)
  }

  try {
    const address = `http://127.0.0.1:${port}`
    await answers(address, child)
    const session = await newWebDriver(address, {
      acceptInsecureCerts: true,
      'webkitgtk:browserOptions': {
        binary: browser,
        args: [
          '--automation',
          `--proxy=http://127.0.0.1:${proxyPort}`,
          ...(policy === 'itp' ? ['--enable-itp'] : [])
        ]
      }
    })
    const [first = ''] = await session.command<string[]>('GET', '/window/handles')
    return {
      version: `WebKitGTK ${session.capabilities.browserVersion}`,
      async newTab() {
        // The first one stays empty: with its last tab the browser goes, and without a tab at hand it opens none.
        await session.command('POST', '/window', { handle: first })
        const { handle } = await session.command<{ handle: string }>('POST', '/window/new', { type: 'tab' })
        return webKitTab(session, handle)
      },
      close: () => close(session)
    }
  } catch (error) {
    await close()
    throw error
  }
}

function webKitTab(session: WebDriver, handle: string): Tab {
  const here = (): Promise<unknown> => session.command('POST', '/window', { handle })
  return {
    async goto(address) {
      await here()
      await session.command('POST', '/url', { url: address })
    },
    async url() {
      await here()
      return session.command('GET', '/url')
    },
    async evaluate(run, ...given) {
      await here()
      const script = `const done = arguments[0]; Promise.resolve().then(() => ${expression(run, given)})
        .then(value => done({ value }), error => done({ error: String(error) }))`
      const outcome = await session.command<{ value?: string; error?: string }>('POST', '/execute/async', {
        script,
        args: []
      })
      if (outcome.error !== undefined) throw new Error(outcome.error)
      return JSON.parse(outcome.value ?? 'null')
    },
    async click(selector) {
      await here()
      await session.command('POST', `/element/${await session.element(selector)}/click`)
    },
    async type(selector, text) {
      await here()
      await session.command('POST', `/element/${await session.element(selector)}/value`, { text })
    },
    async back() {
      await here()
      await session.command('POST', '/back')
    },
    show: async () => void (await here()),
    async close() {
      await here()
      await session.command('DELETE', '/window')
    }
  }
}

function environment(home: string): Record<string, string> {
  return {
    GDK_BACKEND: 'x11',
    NO_AT_BRIDGE: '1',
    LIBGL_ALWAYS_SOFTWARE: '1',
    GIO_USE_VFS: 'local',
    GSETTINGS_BACKEND: 'memory',
    HOME: home,
    XDG_RUNTIME_DIR: home,
    XDG_CACHE_HOME: join(home, 'cache'),
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CONFIG_HOME: join(home, 'config')
  }
}

/** A screen that nobody sees; it finds a free number itself and writes it to its third pipe. */
async function startScreen(xvfb: string): Promise<{ process: ChildProcess; display: string }> {
  const child = spawn(
    xvfb,
    ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp', '-noreset'],
    {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe']
    }
  )
  endWithUs(child)
  const [number] = await Promise.race([
    once(child.stdio[3] as Readable, 'data'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`Xvfb ended with ${code}`)))
  ])
  return { process: child, display: `:${String(number).trim()}` }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function answers(address: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200 && child.exitCode === null; tries++) {
    try {
      await fetch(`${address}/status`)
      return
    } catch {
      await wait(25)
    }
  }
  throw new Error('the driver of WebKit does not answer')
}
