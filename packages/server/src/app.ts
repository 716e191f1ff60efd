import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { clientsIn } from './clients/client.ts'
import { saveConfiguredClients } from './clients/configured.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config/schema.ts'
import type { DoorParts } from './doors/door.ts'
import { openDoors } from './doors/routes.ts'
import { type Heart, logoutHeart } from './logout/end.ts'
import { type JobRunner, runJobs } from './logout/jobs.ts'
import { type Op, openOp } from './oidc/op.ts'
import { newSecret, type Sealer, sealer } from './storage/secrets.ts'
import { openSqlite } from './storage/sqlite/sqlite.ts'
import type { Storage } from './storage/storage.ts'
import { ensureSigningKeys } from './tokens/signing-keys.ts'
import { addConfiguredUsers } from './users/users.ts'
import { systemLog } from './web/logging.ts'
import { outgoingFetch } from './web/outgoing.ts'
import { receiptCookies } from './web/receipt-cookie.ts'
import type { WebServer } from './web/server.ts'
import { loginThrottle, rateLimit } from './web/throttle.ts'

/** A running system. */
export interface System {
  config: Config
  storage: Storage
  heart: Heart
  jobs: JobRunner
  op: Op
  web: WebServer
  log: Logger
  /** Starts to listen. Returns the port, which matters when the config says 0. */
  listen(): Promise<number>
  /** Finishes what was accepted, then stops and closes everything. Once more is no error. */
  close(): Promise<void>
}

/** What a system may be given instead of the usual. */
export interface SystemOptions {
  clock?: Clock
  log?: Logger
  /** Wraps the storage, for tests that make it slow or make it fail. */
  wrapStorage?: (storage: Storage) => Storage
}

/** How often keys made elsewhere are looked for and what expired is swept, in milliseconds. */
const upkeepEveryMs = 10_000

/** The storage that a config names, brought up to date. */
export function openStorage(config: Config): Storage {
  return openSqlite(config.storage.replace(/^sqlite:/, ''))
}

/** The sealer of a config. A loopback server without `secret_keys` makes a key of its own, kept beside its database. */
export function sealerFor(config: Config): Sealer {
  if (config.secret_keys.length > 0) return sealer(config.secret_keys)
  const path = config.storage.replace(/^sqlite:/, '')
  if (path === ':memory:') return sealer([newSecret()])
  const file = `${path}.key`
  if (!existsSync(file)) makeKeyOnce(file)
  return sealer([readFileSync(file, 'utf8').trim()])
}

/** Of several processes that start at once the first makes the key, and none reads one that is half written. */
function makeKeyOnce(file: string): void {
  const whole = `${file}.${process.pid}`
  writeFileSync(whole, randomBytes(32).toString('base64url'), { mode: 0o600 })
  try {
    linkSync(whole, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(whole)
  }
}

/**
 * Builds a system out of a checked config: storage, heart, OpenID Provider, web server, workers.
 * @throws UtgangError `bad_config`
 */
export async function createSystem(config: Config, options: SystemOptions = {}): Promise<System> {
  const { clock = systemClock, log = systemLog(config.log_level), wrapStorage = it => it } = options
  const sealing = sealerFor(config)
  const storage = wrapStorage(openStorage(config))
  const jobs = runJobs(storage, clock, error =>
    log.error({ err: error }, 'a logout job failed; it is tried again')
  )
  const heart = logoutHeart(storage, clock, jobs.wake)
  await prepare(config, storage, heart, sealing, clock)
  const throttle = loginThrottle(clock.now)
  const op = await openOp({ config, clock, storage, heart, sealer: sealing, log }, throttle)
  const clients = clientsIn(storage)
  let stopping = false
  const parts: DoorParts = {
    config,
    clock,
    storage,
    heart,
    clients,
    log,
    authentication: { issuer: config.issuer, storage, clients, now: clock.now, fetch: outgoingFetch(config) },
    receiptCookie: receiptCookies(await sealedSecret(storage, sealing, 'receipt_cookie'), clock.now),
    limits: { tokenGuesses: rateLimit(600), keptPosts: rateLimit(120) },
    keys: op.keys
  }
  const web = openDoors(parts, {
    steps: { config, clock, storage, heart, sealer: sealing, log, keys: op.keys, op, throttle },
    isStopping: () => stopping
  })

  const upkeep = setInterval(() => {
    op.refreshKeys().catch((error: unknown) => log.error({ err: error }, 'signing keys could not be read'))
    storage
      .sweep(clock.now(), config.retention_days * 86_400)
      .catch((error: unknown) => log.error({ err: error }, 'sweeping failed'))
  }, upkeepEveryMs).unref()

  let closed: Promise<void> | undefined
  async function close(): Promise<void> {
    stopping = true
    clearInterval(upkeep)
    await web.close()
    await jobs.stop()
    await storage.close()
  }

  return {
    config,
    storage,
    heart,
    jobs,
    op,
    web,
    log,
    async listen() {
      await web.listen({ host: config.listen.host, port: config.listen.port })
      return (web.server.address() as AddressInfo).port
    },
    close: () => (closed ??= close())
  }
}

/** A secret of this system, the same in every process; kept sealed. */
async function sealedSecret(storage: Storage, sealing: Sealer, name: string): Promise<string> {
  return sealing.open(await storage.findOrMakeSecret(name, () => sealing.seal(newSecret())))
}

/** Brings the storage in line with the config: keys, clients (those gone are ended), users. */
async function prepare(
  config: Config,
  storage: Storage,
  heart: Heart,
  sealing: Sealer,
  clock: Clock
): Promise<void> {
  await ensureSigningKeys(storage, sealing, clock.now())
  const { gone } = await saveConfiguredClients(storage, config.clients, sealing, clock.now())
  for (const clientId of gone) await heart.end({ name: 'client_disabled', clientId })
  await addConfiguredUsers(storage, config.users, clock.now())
}
