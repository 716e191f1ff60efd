import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { ok, receiver } from '../notify/receiver.ts'
import { settled, signOutAt, systemThatTells } from '../notify/telling.ts'
import { signIn } from '../support/sign-in.ts'

let database: string
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  database = join(folder, 'locked.db')
})

/** Another process takes the database for itself, until the returned call. */
async function lock(file: string): Promise<() => Promise<void>> {
  const script = `const db = new (require('node:sqlite').DatabaseSync)(process.argv[1])
    db.exec('BEGIN IMMEDIATE')
    process.stdout.write('locked')
    process.stdin.on('end', () => process.exit()).resume()`
  const child = spawn(process.execPath, ['-e', script, file], { stdio: ['pipe', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return async () => {
    child.stdin.end()
    await gone
  }
}

test('what an attempt came to is written down once the database is free, and it is not sent again', async () => {
  let unlock: (() => Promise<void>) | undefined
  const app = await receiver(async response => {
    unlock = await lock(database)
    ok(response)
  })
  const at = await systemThatTells(app.address, {}, { logout_wait_ms: 0 }, { storage: `sqlite:${database}` })
  const { sid, receiptId } = await signOutAt(at)
  const refusals = () => at.logs.filter(it => it.includes('database is locked')).length
  await expect.poll(refusals, { timeout: 20_000 }).toBeGreaterThan(0)
  expect(await at.storage.listDeliveries(receiptId)).toMatchObject([{ state: 'pending', attempts: 0 }])
  await unlock?.()
  await settled(at, receiptId, 'delivered', 1)
  expect(app.received.map(it => it.claims.sid)).toEqual([sid])
})

test('a logout that the database does not take is refused, and nobody is told of it', async () => {
  const app = await receiver()
  const at = await systemThatTells(app.address, {}, {}, { storage: `sqlite:${database}` })
  const browser = at.browser()
  const { sid } = await signIn(at, browser, 'market')
  const unlock = await lock(database)
  expect((await browser.go('/logout?client_id=market')).status).toBe(503)
  await unlock()
  expect(await at.storage.listDeliveries()).toEqual([])
  expect(await at.sessionOf(browser)).toBeDefined()
  const answer = await browser.go('/logout?client_id=market')
  await settled(at, String(answer.headers['utgang-receipt']), 'delivered')
  expect(app.received.map(it => it.claims.sid)).toEqual([sid])
})
