import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import { clientsIn } from './clients/client.ts'
import { saveConfiguredClients } from './clients/configured.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config/schema.ts'
import type { DoorParts } from './doors/door.ts'
import { openDoors } from './doors/routes.ts'
import { type Heart, logoutHeart } from './logout/end.ts'
import { type Expiry, endOverSessions } from './logout/expiry.ts'
import { type JobRunner, runJobs } from './logout/jobs.ts'
import { type Outbox, startOutbox } from './notify/outbox.ts'
import { senders } from './notify/senders.ts'
import { limitStreams } from './notify/stream-limits.ts'
import { type Op, openOp } from './oidc/op.ts'
import { openStorage } from './open-storage.ts'
import { sdkNames } from './sessions/sdk-handle.ts'
import { newSecret, type Sealer } from './storage/secrets.ts'
import type { Storage } from './storage/storage.ts'
import { ensureSigningKeys } from './tokens/signing-keys.ts'
import { addConfiguredUsers } from './users/users.ts'
import { newLimits } from './web/limits.ts'
import { systemLog } from './web/logging.ts'
import { outgoingFetch, wayOut } from './web/outgoing.ts'
import { receiptCookies } from './web/receipt-cookie.ts'
import type { WebServer } from './web/server.ts'
import { newSignal, type Signal } from './web/signal.ts'

/** A running system. */
export interface System {
  config: Config
  storage: Storage
  heart: Heart
  jobs: JobRunner
  expiry: Expiry
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
  log?: Logger
  /** Wraps the storage, for tests that make it slow or make it fail. */
  wrapStorage?: (storage: Storage) => Storage
}

/** How often keys made elsewhere are looked for and what expired is swept, in milliseconds. */
const upkeepEveryMs = 10_000

/**
 * Builds a system out of a checked config: storage, heart, OpenID Provider, web server, workers. When that fails,
 * nothing of it is left open.
 * @throws UtgangError `bad_config`
 */
export async function createSystem(config: Config, options: SystemOptions = {}): Promise<System> {
  const { log = systemLog(config.log_level), wrapStorage = it => it } = options
  const opened = await openStorage(config)
  const storage = wrapStorage(opened.storage)
  const jobs = runJobs(storage, systemClock, error =>
    log.error({ err: error }, 'a logout job failed; it is tried again')
  )
  try {
    return await assemble({ config, log, storage, sealer: opened.sealer, jobs })
  } catch (error) {
    await jobs.stop()
    await storage.close()
    throw error
  }
}

interface Foundation {
  config: Config
  log: Logger
  storage: Storage
  sealer: Sealer
  jobs: JobRunner
}

async function assemble({ config, log, storage, sealer, jobs }: Foundation): Promise<System> {
  const clock = systemClock
  let outbox: Outbox | undefined
  const queued = newSignal()
  const events: Signal = {
    ...queued,
    tell() {
      outbox?.wake()
      queued.tell()
    }
  }
  const heart = logoutHeart(storage, clock, order => {
    jobs.wake(order)
    if (order.tell !== 'nobody') events.tell()
  })
  await prepare({ config, storage, sealer, log }, heart, clock)
  const clients = clientsIn(storage)
  const limits = newLimits(clock.now)
  const names = sdkNames(await sealedSecret(storage, sealer, 'sdk_names'))
  const base = { config, clock, storage, clients, heart, sealer, log, limits, sdkNames: names }
  const op = await openOp(base)
  const { keys } = op
  const sending = startOutbox({
    storage,
    clock,
    senders: senders({
      clock,
      keys,
      sealer,
      streams: storage,
      issuer: config.issuer,
      out: wayOut(config, { connections: 32 })
    }),
    failed: error => log.error({ err: error }, 'deliveries could not be taken or written down; tried again')
  })
  outbox = sending
  let stopping = false
  const parts: DoorParts = {
    ...base,
    authentication: {
      issuer: config.issuer,
      storage,
      clients,
      now: clock.now,
      fetch: outgoingFetch(config),
      wrongSecrets: limits.wrongSecrets
    },
    receiptCookie: receiptCookies(await sealedSecret(storage, sealer, 'receipt_cookie'), clock.now),
    keys,
    events,
    firstAttempts: receiptId => sending.firstAttempts(receiptId, config.logout_wait_ms)
  }
  const web = openDoors(parts, { op, isStopping: () => stopping })

  const upkeep = setInterval(() => {
    op.refreshKeys().catch((error: unknown) => log.error({ err: error }, 'signing keys could not be read'))
    storage
      .sweep(clock.now(), config.retention_days * 86_400)
      .catch((error: unknown) => log.error({ err: error }, 'sweeping failed'))
    limitStreams(storage, clock.now())
      .then(full => {
        for (const stream of full) log.warn({ stream }, 'a stream owed too many events; it is disabled')
      })
      .catch((error: unknown) => log.error({ err: error }, 'streams could not be kept bounded'))
  }, upkeepEveryMs).unref()

  const expiry = endOverSessions({ storage, heart, clock }, error =>
    log.error({ err: error }, 'sessions whose time is up could not be ended; tried again')
  )

  let closed: Promise<void> | undefined
  async function close(): Promise<void> {
    stopping = true
    clearInterval(upkeep)
    await web.close()
    await expiry.stop()
    await sending.stop()
    await jobs.stop()
    await storage.close()
  }

  return {
    config,
    storage,
    heart,
    jobs,
    expiry,
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
async function sealedSecret(storage: Storage, sealer: Sealer, name: string): Promise<string> {
  return sealer.open(await storage.findOrMakeSecret(name, () => sealer.seal(newSecret())))
}

/** Brings the storage in line with the config: keys, clients (those gone are ended), users. */
async function prepare(
  { config, storage, sealer, log }: Omit<Foundation, 'jobs'>,
  heart: Heart,
  clock: Clock
): Promise<void> {
  await ensureSigningKeys(storage, sealer, clock.now())
  const { gone } = await saveConfiguredClients(storage, config.clients, sealer, clock.now())
  for (const clientId of gone) await heart.end({ name: 'client_disabled', clientId })
  // A stranger's sign-up must not keep the server from starting.
  for (const { sub } of await addConfiguredUsers(storage, config.users, clock.now()))
    log.warn({ sub }, 'a user of the config was not added: another account has their address')
}
