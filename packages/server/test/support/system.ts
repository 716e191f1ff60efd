import { onTestFinished, vi } from 'vitest'
import { createSystem, type System } from '../../src/app.ts'
import { systemClock } from '../../src/clock.ts'
import { checkConfig } from '../../src/config/load.ts'
import type { Session } from '../../src/storage/records.ts'
import { hashSecret } from '../../src/storage/secrets.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { systemLog } from '../../src/web/logging.ts'
import { type Answer, type Asking, ask, type Browser, newBrowser } from './browser.ts'
import { clients, issuer, users } from './fixtures.ts'

/** A whole running system, reached over real HTTP. */
export interface TestSystem {
  system: System
  storage: Storage
  /** Where it really listens; `issuer` is what it calls itself. */
  origin: string
  /** Every log line so far, at the most talkative level. */
  logs: string[]
  /** Asks as a program does. */
  ask(path: string, asking?: Asking): Promise<Answer>
  browser(): Browser
  /** The live OP session of a browser. */
  sessionOf(browser: Browser): Promise<Session | undefined>
  close(): Promise<void>
}

/** What a test may want otherwise. */
export interface TestOptions {
  /** Config keys that replace the usual ones. */
  config?: Record<string, unknown>
  /** `sqlite:` and a path; in memory by default. */
  storage?: string
  wrapStorage?: (storage: Storage) => Storage
}

/** Starts a system for one test; it is closed when the test is done. Outside a test use {@link openSystem}. */
export async function startSystem(options: TestOptions = {}): Promise<TestSystem> {
  const started = await openSystem(options)
  onTestFinished(() => started.close())
  return started
}

/** Starts a system that the caller closes. */
export async function openSystem(options: TestOptions = {}): Promise<TestSystem> {
  const logs: string[] = []
  const config = checkConfig({
    issuer,
    listen: { host: '127.0.0.1', port: 0 },
    storage: options.storage ?? 'sqlite::memory:',
    secret_keys: ['a key of thirty-two bytes or more, for tests'],
    clients,
    users,
    log_level: 'trace',
    ...options.config
  })
  const log = systemLog('trace', { write: line => void logs.push(line) })
  const system = await createSystem(config, { log, wrapStorage: options.wrapStorage })
  const origin = `http://127.0.0.1:${await system.listen()}`
  return {
    system,
    storage: system.storage,
    origin,
    logs,
    ask: (path, asking) => ask(origin, path, asking),
    browser: () => newBrowser(origin),
    sessionOf: async browser => {
      const cookie = browser.cookie('__Host-utgang')
      return cookie === undefined
        ? undefined
        : system.storage.findSessionByCookie(hashSecret(cookie), systemClock.now())
    },
    close: () => system.close()
  }
}

/** Moves the time of the whole process forward, oidc-provider's included; the test's end sets it right again. */
export function advance(seconds: number): void {
  if (!vi.isFakeTimers()) {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() })
    onTestFinished(() => void vi.useRealTimers())
  }
  vi.setSystemTime(Date.now() + seconds * 1000)
}
