import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { saveConfiguredClients } from '../../packages/server/src/clients/configured.ts'
import { systemClock as clock } from '../../packages/server/src/clock.ts'
import { checkConfig } from '../../packages/server/src/config/load.ts'
import { logoutHeart } from '../../packages/server/src/logout/end.ts'
import { startOutbox } from '../../packages/server/src/notify/outbox.ts'
import { senders } from '../../packages/server/src/notify/senders.ts'
import { openStorage } from '../../packages/server/src/open-storage.ts'
import { hashSecret } from '../../packages/server/src/storage/secrets.ts'
import { logoutToken } from '../../packages/server/src/tokens/logout-token.ts'
import { ensureSigningKeys, readSigningKeys } from '../../packages/server/src/tokens/signing-keys.ts'
import { wayOut } from '../../packages/server/src/web/outgoing.ts'
import { people, site } from '../site.ts'
import type { Delivered } from './protocol.ts'
import { serveSubject } from './serve.ts'
import { signInAt } from './utgang-logins.ts'

/** The worker that tells applications, by itself: real logouts first, then their deliveries as fast as it can. */
const folder = mkdtempSync(join(tmpdir(), 'utgang-bench-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

/** Applications of each algorithm. */
const applications = 50
/** RPs of each session. */
const rpsEach = 10
const tokensForSigning = 4000
const [applicationsPort] = process.argv.slice(2)

const idsFor = (alg: string): string[] =>
  Array.from({ length: applications }, (_, index) => `${alg.toLowerCase()}-${index}`)

const config = checkConfig({
  issuer: 'https://id.example.test',
  listen: { host: '127.0.0.1', port: 0 },
  storage: `sqlite:${join(folder, 'outbox.db')}`,
  secret_keys: ['only for measuring, thirty-two characters and more'],
  allow_private_addresses: true,
  clients: [
    {
      client_id: site.clientId,
      client_secret: site.secret,
      redirect_uris: [site.callback],
      tokens_end_with_session: true
    },
    ...['ES256', 'RS256'].flatMap(alg =>
      idsFor(alg).map((client_id, index) => ({
        client_id,
        client_secret: `${client_id} has a secret of its own`,
        redirect_uris: [`https://${client_id}.example.test/callback`],
        backchannel_logout_uri: `http://127.0.1.${1 + index}:${applicationsPort}/answers`,
        id_token_signed_response_alg: alg
      }))
    )
  ]
})
const { storage, sealer } = await openStorage(config)
await saveConfiguredClients(storage, config.clients, sealer, clock.now())
await ensureSigningKeys(storage, sealer, clock.now())
const keys = await readSigningKeys(storage, sealer, clock.now(), 3600)
for (let index = 0; index < people; index++) {
  const [sub, passwordHash] = [`person-${index}`, '$argon2id$nobody-signs-in-by-password-here']
  await storage.addUser(
    { sub, email: `${sub}@example.test`, name: sub, passwordHash, claims: {} },
    clock.now()
  )
}
const heart = logoutHeart(storage, clock, () => {})

serveSubject(0, {
  signIn: async () => [],
  living: async () => ({ sessions: 0, tokens: 0 }),
  deliver,
  close: () => storage.close()
})

async function deliver(alg: string, logouts: number): Promise<Delivered> {
  await owe(alg, logouts)
  const signMicros = await costOf(() => signSome(alg), tokensForSigning)
  const began = performance.now()
  const cpuMicros = await costOf(() => deliverAll(logouts * rpsEach), logouts * rpsEach)
  const [left] = await storage.recentDeliveries('pending', 1)
  if (left) throw new Error(`the delivery ${left.id} is still pending`)
  return { perSecond: (logouts * rpsEach * 1000) / (performance.now() - began), cpuMicros, signMicros }
}

/** Signs people in at ten applications each, and out again. */
async function owe(alg: string, logouts: number): Promise<void> {
  const ids = idsFor(alg)
  for (let from = 0; from < applications; from += rpsEach) {
    const count = (logouts * rpsEach) / applications
    const logins = await signInAt(storage, config, count, ids.slice(from, from + rpsEach))
    await Promise.all(
      logins.map(async ({ cookie }) => {
        const session = await storage.findSessionByCookie(hashSecret(cookie), clock.now())
        await heart.end({ name: 'redirect', sub: session?.sub, sessionUid: session?.uid })
      })
    )
  }
}

async function signSome(alg: string): Promise<void> {
  const claims = {
    issuer: config.issuer,
    clientId: site.clientId,
    sub: 'person-1',
    sid: 'a-sid-as-long-as-a-real-one'
  }
  let left = tokensForSigning
  const one = async (): Promise<void> => {
    while (left-- > 0) await logoutToken(claims, alg, keys, clock.now())
  }
  await Promise.all(Array.from({ length: 64 }, one))
}

async function deliverAll(owed: number): Promise<void> {
  const out = wayOut(config, { connections: 32 })
  let delivered = 0
  const outbox = startOutbox({
    storage: {
      ...storage,
      async recordAttempt(attempt, now) {
        await storage.recordAttempt(attempt, now)
        if (attempt.state === 'delivered') delivered++
      }
    },
    clock,
    senders: senders({ streams: storage, sealer, clock, issuer: config.issuer, keys: () => keys, out }),
    failed(error) {
      throw error
    }
  })
  while (delivered < owed) await pause(5)
  await outbox.stop()
  await out.dispatcher.close()
}

/** Processor time of each of so many, in microseconds. */
async function costOf(work: () => Promise<void>, count: number): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}
