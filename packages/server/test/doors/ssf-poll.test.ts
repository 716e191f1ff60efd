import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ask } from '../support/browser.ts'
import { issuer } from '../support/fixtures.ts'
import { signIn } from '../support/sign-in.ts'
import type { TestSystem } from '../support/system.ts'
import { checkSets, receiverAt, type SsfReceiver, ssfClients, ssfSystem } from './ssf-kit.ts'

/** Ends so many sessions at `market`. */
async function endSessions(at: TestSystem, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const browser = at.browser()
    await signIn(at, browser, 'market')
    await browser.go('/logout?client_id=market')
  }
}

async function polled(): Promise<{ at: TestSystem; market: SsfReceiver; id: string }> {
  const at = await ssfSystem()
  const market = await receiverAt(at, 'market')
  return { at, market, id: await market.open() }
}

test('POLL-01 POLL-02: events come as many as asked for, oldest first, and it is said that there are more', async () => {
  const { at, market, id } = await polled()
  await endSessions(at, 3)
  const two = await market.fetch(id, { maxEvents: 2 })
  expect(Object.keys(two.sets)).toHaveLength(2)
  expect(two.moreAvailable).toBe(true)
  for (const [jti, set] of Object.entries(two.sets))
    expect((await checkSets(at, { sets: { [jti]: set } }, 'market'))[0]?.claims.jti).toBe(jti)
  const all = await market.fetch(id)
  expect(Object.keys(all.sets).slice(0, 2)).toEqual(Object.keys(two.sets))
  expect(all).not.toHaveProperty('moreAvailable')
  const answer = await market.manage('POST', `/ssf/poll/${id}`, { returnImmediately: true })
  expect(answer.headers['content-type']).toMatch(/^application\/json/)
})

test('POLL-01 POLL-02: a poll that only acknowledges gets nothing', async () => {
  const { at, market, id } = await polled()
  await endSessions(at, 2)
  const [first = ''] = Object.keys((await market.fetch(id)).sets)
  expect(await market.fetch(id, { maxEvents: 0, ack: [first], returnImmediately: undefined })).toEqual({
    sets: {}
  })
  expect(Object.keys((await market.fetch(id)).sets)).toHaveLength(1)
})

test('POLL-01 POLL-04: what is not acknowledged is given again as it was; what is, or is refused, never', async () => {
  const { at, market, id } = await polled()
  await endSessions(at, 3)
  const first = await market.fetch(id)
  expect(await market.fetch(id)).toEqual(first)
  const [taken = '', bad = '', open = ''] = Object.keys(first.sets)
  const setErrs = { [bad]: { err: 'invalid_key', description: 'cannot read it' }, unknown: { err: 'x' } }
  const next = await market.fetch(id, { ack: [taken, 'unknown'], setErrs })
  expect(next.sets).toEqual({ [open]: first.sets[open] })
  // Acknowledging again changes nothing.
  expect(await market.fetch(id, { ack: [taken, bad] })).toEqual(next)
  expect(await at.storage.findDelivery(taken)).toMatchObject({ state: 'delivered', attempts: 1 })
  expect(await at.storage.findDelivery(bad)).toMatchObject({ state: 'refused' })
  expect(await at.storage.listAttempts(bad)).toMatchObject([{ problem: 'invalid_key: cannot read it' }])
})

test('POLL-01: of every event of the longest answer it can be said in a sentence why it could not be taken', async () => {
  const { market, id } = await polled()
  const description =
    'The signature does not fit any of the keys that are published at the address of jwks_uri.'
  const failed = Array.from({ length: 500 }, (_, n) => [
    String(n).padStart(32, '0'),
    { err: 'invalid_key', description }
  ])
  expect(await market.fetch(id, { setErrs: Object.fromEntries(failed) })).toEqual({ sets: {} })
})

test('POLL-04: nobody acknowledges for another receiver', async () => {
  const { at, market, id } = await polled()
  const news = await receiverAt(at, 'news')
  const other = await news.open()
  await endSessions(at, 1)
  const jtis = Object.keys((await market.fetch(id)).sets)
  await news.fetch(other, { ack: jtis })
  expect(Object.keys((await market.fetch(id)).sets)).toEqual(jtis)
})

test('POLL-03: a poll is held open until there is something', async () => {
  const { at, market, id } = await polled()
  const browser = at.browser()
  await signIn(at, browser, 'market')
  let answered = false
  const open = market.fetch(id, { returnImmediately: false }).finally(() => {
    answered = true
  })
  await browser.visit('/')
  expect(answered).toBe(false)
  await browser.go('/logout?client_id=market')
  expect(Object.keys((await open).sets)).toHaveLength(1)
})

test('POLL-03: a second poll lets the first go', async () => {
  const { at, market, id } = await polled()
  const first = market.fetch(id, { returnImmediately: false })
  const second = market.fetch(id, { returnImmediately: false })
  expect(await Promise.race([first, second])).toEqual({ sets: {} })
  await endSessions(at, 1)
  const both = await Promise.all([first, second])
  expect(both.map(it => Object.keys(it.sets).length).sort()).toEqual([0, 1])
})

// Shorter than a poll is held open by itself.
test('POLL-03: a server that stops lets an open poll go', { timeout: 15_000 }, async () => {
  const { at, market, id } = await polled()
  const open = market.fetch(id, { returnImmediately: false })
  await market.fetch(id, { maxEvents: 0 })
  const closed = at.close()
  expect(await open).toEqual({ sets: {} })
  await closed
})

test.each<[string, unknown]>([
  ['a negative number', { maxEvents: -1 }],
  ['acks that are no list', { ack: 'abc' }],
  ['errors without a code', { setErrs: { abc: {} } }],
  ['returnImmediately as text', { returnImmediately: 'yes' }]
])('POLL-01: a poll with %s is refused', async (_what, body) => {
  const { market, id } = await polled()
  expect((await market.manage('POST', `/ssf/poll/${id}`, body)).status).toBe(400)
})

test('POLL-01: every member may be missing', async () => {
  const { at, market, id } = await polled()
  await endSessions(at, 1)
  const answer = await market.manage('POST', `/ssf/poll/${id}`, {})
  expect(Object.keys(answer.json<{ sets: object }>().sets)).toHaveLength(1)
})

test('POLL-04: a server that is killed between poll and acknowledgement gives the same events again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const storage = `sqlite:${join(folder, 'events.db')}`
  const before = await ssfSystem({ storage })
  const id = await (await receiverAt(before, 'market')).open()
  for (const email of ['ola@example.test', 'kari@example.test'])
    await signIn(before, before.browser(), 'market', { email })
  await before.close()

  const file = join(folder, 'config.json')
  const listen = { host: '127.0.0.1', port: 0 }
  const secret_keys = before.system.config.secret_keys
  writeFileSync(file, JSON.stringify({ issuer, listen, storage, secret_keys, clients: ssfClients() }))
  const child = fork(new URL('../faults/storm-server.ts', import.meta.url), [file], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc']
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [{ port }] = await once(child, 'message')
  for (const endUser of ['u-ola', 'u-kari']) {
    child.send({ endUser })
    await once(child, 'message')
  }
  const polling = await receiverAt({ ask: (path, it) => ask(`http://127.0.0.1:${port}`, path, it) }, 'market')
  const { sets } = await polling.fetch(id)
  expect(Object.keys(sets)).toHaveLength(2)
  child.kill('SIGKILL')
  await once(child, 'exit')

  const at = await ssfSystem({ storage })
  expect((await (await receiverAt(at, 'market')).fetch(id)).sets).toEqual(sets)
})
