import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { openSqlite } from '../../src/storage/sqlite/sqlite.ts'
import { openSystem } from '../support/system.ts'
import { type PreparedLogin, prepareLogin } from './prepared-login.ts'

const many = 30

test('a stop waits for the logouts that are under way: each gets its whole answer and is on disk; a later one is refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'stop.db')
  const gate = Promise.withResolvers<void>()
  const allThere = Promise.withResolvers<void>()
  let waiting = 0
  const steps: string[] = []
  const at = await openSystem({
    storage: `sqlite:${file}`,
    wrapStorage: storage => ({
      ...storage,
      async end(order, now) {
        if (++waiting === many) allThere.resolve()
        await gate.promise
        return storage.end(order, now)
      },
      close() {
        steps.push('the storage is closed')
        return storage.close()
      }
    })
  })
  const prepare = () => prepareLogin(at.storage, systemClock.now())
  const logins = await Promise.all(Array.from({ length: many }, prepare))
  const late = await prepare()
  const logOut = ({ cookie }: PreparedLogin) =>
    at.ask('/logout?client_id=news', { headers: { cookie: `__Host-utgang=${cookie}` } })

  const answers = Promise.all(logins.map(logOut))
  await allThere.promise
  const closed = at.close()
  // Over a new connection, over one that is still open, or over one that was closed as idle.
  const refused = await logOut(late).then(
    answer => answer.status,
    (error: NodeJS.ErrnoException) => error.code
  )
  expect([503, 'ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET']).toContain(refused)
  steps.push('the logouts go on')
  gate.resolve()
  for (const answer of await answers) {
    expect(answer.status).toBe(303)
    expect(answer.headers['utgang-receipt']).toBeTruthy()
  }
  await closed
  expect(steps).toEqual(['the logouts go on', 'the storage is closed'])
  const reopened = openSqlite(file)
  onTestFinished(() => reopened.close())
  for (const { uid } of logins) expect(await reopened.findSession(uid, systemClock.now())).toBeUndefined()
  expect(await reopened.findSession(late.uid, systemClock.now())).toBeDefined()
})
