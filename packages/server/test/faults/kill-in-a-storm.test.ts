import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { openSqlite } from '../../src/storage/sqlite/sqlite.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { clients, issuer, users } from '../support/fixtures.ts'
import { type PreparedLogin, prepareLogin } from './prepared-login.ts'
import { checkStorm, logoutsOf, type StormLogout, seeded, storm } from './storm.ts'
import { type StormChild, startStormChild } from './storm-child.ts'

/** How often the server is killed, and how many logouts each of its lives begins with. */
const [kills, perLife] = [8, 700]

// Printed with every failure; UTGANG_TEST_SEED repeats the same choices.
const seed = Number(process.env.UTGANG_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
const random = seeded(seed)
const about = `UTGANG_TEST_SEED=${seed}`

const folder = mkdtempSync(join(tmpdir(), 'utgang-test-'))
const database = join(folder, 'storm.db')
const configFile = join(folder, 'utgang.json')
let storage: Storage
const children = new Set<StormChild>()

beforeAll(async () => {
  const config = {
    issuer,
    listen: { host: '127.0.0.1', port: 0 },
    storage: `sqlite:${database}`,
    secret_keys: ['a key of thirty-two bytes or more, for tests'],
    clients,
    users,
    log_level: 'error'
  }
  writeFileSync(configFile, JSON.stringify(config))
  // The first start writes the clients that the logins refer to.
  await (await start()).kill('SIGTERM')
  storage = openSqlite(database)
})

afterAll(async () => {
  for (const child of children) await child.kill('SIGKILL')
  await storage.close()
  rmSync(folder, { recursive: true, force: true })
})

test('a server that is killed again and again forgets no logout that it answered, and leaves none half done', {
  timeout: 180_000
}, async () => {
  const all: StormLogout[] = []
  let open: StormLogout[] = []
  let child = await start()
  for (let life = 1; life <= kills; life++) {
    const logouts = [...open, ...logoutsOf(await logins(perLife), random)]
    all.push(...logouts.slice(open.length))
    const strikeAfter = 1 + Math.floor(random() * (logouts.length - 100))
    const dead = Promise.withResolvers<void>()
    await storm(child, logouts, strikeAfter, () => {
      // Somewhere within the next commits, not always right behind an answer.
      setTimeout(() => child.kill('SIGKILL').then(() => dead.resolve()), random() * 4)
    })
    await dead.promise
    children.delete(child)
    // What the dead process left is finished by the next.
    child = await start()
    open = await checkStorm(storage, logouts, `${about}, life ${life}`)
    expect(logouts.filter(it => it.receiptId !== undefined).length).toBeGreaterThanOrEqual(strikeAfter)
  }
  // Whoever got no answer asks again, and then everything is done, once.
  await storm(child, open, open.length, () => {})
  expect(await child.kill('SIGTERM')).toBe(0)
  children.delete(child)
  child = await start()
  expect(await checkStorm(storage, all, `${about}, at the end`)).toEqual([])
  expect(all).toHaveLength(kills * perLife)
  await child.kill('SIGTERM')
  children.delete(child)
})

test('a server that is told to stop in a storm leaves nothing half done, and did nothing for those who got no answer', {
  timeout: 180_000
}, async () => {
  const child = await start()
  const logouts = logoutsOf(await logins(500), random)
  const stopped = Promise.withResolvers<number | null>()
  await storm(child, logouts, 100 + Math.floor(random() * 200), () => {
    child.kill('SIGTERM').then(stopped.resolve, stopped.reject)
  })
  expect(await stopped.promise, about).toBe(0)
  children.delete(child)
  // What a stop leaves of whole-user logouts is carried on by the next start.
  const next = await start()
  const undone = await checkStorm(storage, logouts, about)
  // Nothing was done behind the back of those who got no answer.
  const silent = logouts.filter(it => it.receiptId === undefined)
  expect(undone, about).toEqual(silent.filter(it => it.way !== 'whole_user' || undone.includes(it)))
  expect(logouts.length - silent.length).toBeGreaterThanOrEqual(100)
  expect(new Set(silent.map(it => it.refused).filter(it => it !== undefined))).toSatisfy(
    (statuses: Set<number>) => [...statuses].every(status => status === 503)
  )
  await next.kill('SIGTERM')
  children.delete(next)
})

async function start(): Promise<StormChild> {
  const child = await startStormChild(configFile)
  children.add(child)
  return child
}

const logins = (count: number): Promise<PreparedLogin[]> =>
  Promise.all(Array.from({ length: count }, () => prepareLogin(storage, systemClock.now())))
