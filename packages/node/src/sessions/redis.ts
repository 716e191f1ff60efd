import { createHash, randomUUID } from 'node:crypto'
import { newListeners } from './listeners.ts'
import { type Operation, scripts } from './redis-scripts.ts'
import { beganAt, now, rememberSeconds } from './rules.ts'
import type { RpSession, RpSessionStore, RpSessionsEnded } from './store.ts'
import { newTicker } from './ticker.ts'

/** A client of the package `redis`, version 5 or later, as far as sessions need it. */
export interface RedisClient {
  sendCommand(args: string[], options?: { abortSignal?: AbortSignal }): Promise<unknown>
  duplicate(): RedisSubscriber
}

/** A second connection, on which the server says that something has ended. */
export interface RedisSubscriber {
  on(event: 'error', listener: () => void): unknown
  connect(): Promise<unknown>
  subscribe(channel: string, listener: () => void): Promise<unknown>
  destroy(): void
}

/** Options of `redisSessions`. */
export interface RedisSessionsOptions {
  /** A connected client of the package `redis`. It is duplicated once, to listen. */
  client: RedisClient
  /** What the names of all keys begin with. In a cluster they belong in one slot: `{utgang-rp}:`. Default `utgang-rp:`. */
  prefix?: string
}

type By = RpSessionsEnded['by']

/** How long a command may take, in milliseconds. The client would wait for a lost server for ever. */
const timeoutMs = 5000

/**
 * RP sessions in Redis or Valkey, 6.2 or later, which all processes on all machines share. How much of it survives the server's end
 * is up to its `appendfsync`; and it must not evict keys, or people are signed out at random.
 * Every method rejects with what the client throws, or when there is no answer in five seconds.
 */
export function redisSessions({ client, prefix = 'utgang-rp:' }: RedisSessionsOptions): RpSessionStore {
  const listeners = newListeners()
  const us = randomUUID()
  const log = `${prefix}ended`
  let lastEnd: string | undefined
  const subscriber = client.duplicate()
  let isSubscribed = false
  const ticker = newTicker(async () => {
    subscribe()
    await readEnds()
    await sweep()
  })
  // It comes back by itself; meanwhile, the ticker looks.
  subscriber.on('error', () => {})
  const connection = subscriber.connect()
  connection.catch(() => {})
  ticker.wake()

  /** Tried again when the connection was lost before there was an answer. */
  function subscribe(): void {
    if (isSubscribed) return
    isSubscribed = true
    connection
      .then(() => subscriber.subscribe(log, ticker.wake))
      .catch(() => {
        isSubscribed = false
      })
  }

  async function send(...args: string[]): Promise<unknown> {
    const late = new AbortController()
    const { promise, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      reject(new Error(`Redis has not answered for ${timeoutMs / 1000} seconds`))
      // Takes it out of the client's queue: what the caller was told has failed must not be done later.
      late.abort()
    }, timeoutMs)
    try {
      return await Promise.race([client.sendCommand(args, { abortSignal: late.signal }), promise])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Runs a script: whatever it does, it does at once and wholly. */
  const script = (operation: Operation, ...args: Array<string | number>): Promise<unknown> =>
    send('EVAL', scripts[operation], '1', log, prefix, us, String(now()), ...args.map(String))

  /** Everything begins here, so that whatever a caller reads was read after the place from which ends are told. */
  async function ready(): Promise<void> {
    if (lastEnd !== undefined) return
    const [last] = (await send('XREVRANGE', log, '+', '-', 'COUNT', '1')) as LogEntry[]
    lastEnd ??= last?.[0] ?? '0-0'
  }

  async function readEnds(): Promise<void> {
    await ready()
    for (const [id, fields] of (await send('XRANGE', log, `(${lastEnd}`, '+')) as LogEntry[]) {
      lastEnd = id
      const { origin, keys, by } = Object.fromEntries(pairs(fields))
      if (origin !== us && keys) listeners.tell({ keys: JSON.parse(keys), by: by as By })
    }
  }

  function ended(keys: unknown, by: By): string[] {
    listeners.tell({ keys: keys as string[], by })
    return keys as string[]
  }

  async function sweep(): Promise<void> {
    ended(await script('sweep'), 'expired')
  }

  return {
    async create(key, session) {
      await ready()
      const { iss, sid, sub, expiresAt } = session
      const names = [key, nameOf(iss, sid), nameOf(iss, sub)]
      return (await script('create', ...names, JSON.stringify(session), beganAt(session), expiresAt)) === 1
    },
    async find(key) {
      await ready()
      const found = await send('HMGET', `${prefix}session:${key}`, 'session', 'expires')
      const [session, expires] = found as [string | null, string | null]
      return session !== null && Number(expires) > now() ? (JSON.parse(session) as RpSession) : undefined
    },
    replace: async (key, session) =>
      (await script('replace', key, JSON.stringify(session), session.expiresAt)) === 1,
    end: async (key, by) => ended(await script('end', by, key), by).length === 1,
    endBySid: async (iss, sid, by) =>
      ended(await script('endBySid', by, nameOf(iss, sid), by === 'front_channel' ? 0 : rememberSeconds), by),
    endBySub: async (iss, sub, endedAt, by) =>
      ended(await script('endBySub', by, nameOf(iss, sub), endedAt, rememberSeconds), by),
    async takeJti(iss, jti, expiresAt) {
      const seconds = String(Math.max(1, expiresAt - now()))
      return (await send('SET', `${prefix}jti:${nameOf(iss, jti)}`, '1', 'NX', 'EX', seconds)) === 'OK'
    },
    async returnJti(iss, jti) {
      await send('DEL', `${prefix}jti:${nameOf(iss, jti)}`)
    },
    onEnded: listeners.add,
    async close() {
      listeners.clear()
      subscriber.destroy()
      await ticker.close()
    }
  }
}

type LogEntry = [id: string, fields: string[]]

const pairs = (list: string[]): Array<[string, string]> =>
  list.flatMap((name, at) => (at % 2 === 0 ? [[name, list[at + 1] ?? ''] as [string, string]] : []))

/** A name of one length for whatever an issuer may send. */
const nameOf = (iss: string, id: string): string =>
  createHash('sha256')
    .update(JSON.stringify([iss, id]))
    .digest('base64url')
