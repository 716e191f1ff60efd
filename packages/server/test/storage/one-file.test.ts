import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openSqlite } from '../../src/storage/sqlite/sqlite.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { application, grantOf, now, order, person, sessionOf, sidOf, tokenOf } from './contract/stage.ts'
import { newFile, open, raw } from './one-file.ts'

test('what one process was answered, another sees at once', async () => {
  const file = newFile()
  const [here, there] = [open(file), open(file)]
  await here.addUser(person('ola'), now)
  await there.saveClient(application('news', 'told'), now)
  const session = sessionOf('ola')
  await here.saveSession(session, now)
  expect(await there.findSessionByCookie(session.cookieHash, now)).toBeDefined()
  const grant = grantOf('ola', 'news', { sessionUid: session.uid })
  await there.openGrant(grant, now)
  const token = tokenOf(grant.id)
  await here.saveToken(token, now)
  expect(await there.findToken(token.hash, now)).toBeDefined()
  const ending = order({ sub: 'ola', sessions: { uid: session.uid } })
  await there.end(ending, now)
  expect(await here.findSession(session.uid, now)).toBeUndefined()
  expect(await here.findToken(token.hash, now)).toBeUndefined()
  expect(await here.end({ ...ending, logoutId: 'again' }, now)).toEqual({
    state: 'already_ended',
    receiptId: ending.logoutId
  })
})

test('a client that another process changes or disables is seen as it is', async () => {
  const file = newFile()
  const [here, there] = [open(file), open(file)]
  await here.saveClient(application('news', 'told'), now)
  expect(await there.findClient('news')).toMatchObject({ metadata: { client_name: 'news' } })
  await here.saveClient({ ...application('news', 'told'), metadata: { client_name: 'changed' } }, now)
  expect(await there.findClient('news')).toMatchObject({ metadata: { client_name: 'changed' } })
  await here.end(
    order({ clientId: 'news', disableClient: true, epoch: { client: 'news' }, tell: 'job' }),
    now
  )
  expect(await there.findClient('news')).toBeUndefined()
})

test('of two processes, one consumes, one claims, one opens, one ends, and jobs are shared without a double', async () => {
  const file = newFile()
  const both = [open(file), open(file)]
  const [here] = both as [Storage, Storage]
  await here.addUser(person('ola'), now)
  await here.saveClient(application('news', 'told'), now)
  const uids: string[] = []
  for (let index = 0; index < 20; index++) {
    const session = sessionOf('ola')
    uids.push(session.uid)
    await here.saveSession(session, now)
    await here.joinSession(
      { sessionUid: session.uid, clientId: 'news', sid: sidOf(session.uid, 'news') },
      now
    )
  }
  const [uid = ''] = uids
  const opened = await Promise.all(
    both.map(it => it.openGrant(grantOf('ola', 'news', { sessionUid: uid }), now))
  )
  expect(new Set(opened.map(it => (it === 'ended' ? it : it.id))).size).toBe(1)
  const token = tokenOf(opened[0] === undefined || opened[0] === 'ended' ? null : opened[0].id)
  await here.saveToken(token, now)
  const consumed = await Promise.all(both.map(it => it.consumeToken(token.hash, 0, now)))
  expect(consumed.toSorted()).toEqual(['consumed', 'used'])
  const claimed = await Promise.all(both.map(it => it.claimOnce('replay', 'jti', now + 9)))
  expect(claimed.toSorted()).toEqual([false, true])
  const secrets = await Promise.all(
    both.map((it, index) => it.findOrMakeSecret('cookie', () => `made by ${index}`))
  )
  expect(new Set(secrets).size).toBe(1)
  const ended = await Promise.all(both.map(it => it.end(order({ sub: 'ola', sessions: { uid } }), now)))
  expect(ended.map(it => it.state).toSorted()).toEqual(['already_ended', 'ended'])
  expect(new Set(ended.map(it => it.receiptId)).size).toBe(1)
  await here.end(order({ epoch: { user: 'ola' }, tell: 'job' }), now)
  const work = async (it: Storage) => {
    while ((await it.runJob(1, now)) === 'worked');
  }
  await Promise.all(both.map(work))
  const sids = (await here.listDeliveries()).map(it => it.sid)
  expect(sids.toSorted()).toEqual(uids.map(it => sidOf(it, 'news')).toSorted())
})

test('many processes that start at once on a new file bring it up to date once, and none fails', async () => {
  const file = newFile()
  const script = new URL('./open-and-write.ts', import.meta.url).pathname
  const started = Array.from({ length: 6 }, (_, index) => {
    const child = spawn(process.execPath, [script, file, `user-${index}`], {
      stdio: ['ignore', 'ignore', 'pipe']
    })
    let complaint = ''
    child.stderr.on('data', chunk => {
      complaint += chunk
    })
    return once(child, 'exit').then(([code]) => `${code} ${complaint}`)
  })
  expect(await Promise.all(started)).toEqual(started.map(() => '0 '))
  const storage = open(file)
  expect(await storage.listUsers(100)).toHaveLength(6)
  const db = raw(file)
  const names = db
    .prepare('SELECT name FROM migrations')
    .all()
    .map(row => row.name)
  expect(names).toEqual(
    readdirSync(new URL('../../src/storage/sqlite/migrations/', import.meta.url)).toSorted()
  )
})

test('a database of a newer version is refused and left as it is', async () => {
  const file = newFile()
  await open(file).close()
  const db = raw(file)
  db.exec(
    "INSERT INTO migrations VALUES ('999_from_the_future.sql', 1); DELETE FROM migrations WHERE name LIKE '001%'"
  )
  const before = db.prepare('SELECT name FROM migrations').all()
  expect(() => openSqlite(file)).toThrowError(
    expect.objectContaining({ code: 'bad_config', message: expect.stringContaining('999_from_the_future') })
  )
  expect(db.prepare('SELECT name FROM migrations').all()).toEqual(before)
})

test.each([
  ['is no database', (file: string) => writeFileSync(file, 'something else '.repeat(200))],
  ['lies in a folder that is not there', undefined]
])('a file that %s is a mistake in the configuration', (_, make) => {
  const file = make ? newFile() : join(newFile(), 'deeper.db')
  make?.(file)
  expect(() => openSqlite(file)).toThrowError(
    expect.objectContaining({ code: 'bad_config', message: expect.stringContaining(file) })
  )
})

test('the database can be read by its owner alone', async () => {
  const file = newFile()
  const storage = open(file)
  await storage.addUser(person('ola'), now)
  for (const name of [file, `${file}-wal`, `${file}-shm`]) expect(statSync(name).mode & 0o077).toBe(0)
})

test('the write-ahead log starts anew also while one write follows the other without a pause', async () => {
  const file = newFile()
  const storage = open(file)
  await storage.addUser(person('ola'), now)
  const log = `${file}-wal`
  const fullLog = 64 * 1024 * 1024
  const starts: number[] = []
  // Far more than it takes: without starting anew, this is a log of a gigabyte.
  for (let group = 0; group < 1500 && new Set(starts).size < 2; group++) {
    await Promise.all(Array.from({ length: 64 }, () => storage.saveSession(sessionOf('ola'), now)))
    if (statSync(log).size > fullLog) starts.push(startsOf(log))
  }
  expect(new Set(starts).size).toBe(2)
})

test('a logout goes with its deliveries once none of them is pending', async () => {
  const file = newFile()
  const storage = open(file)
  await storage.addUser(person('ola'), now)
  for (const id of ['news', 'market']) await storage.saveClient(application(id, 'told'), now)
  const session = sessionOf('ola')
  await storage.saveSession(session, now)
  for (const clientId of ['news', 'market'])
    await storage.joinSession({ sessionUid: session.uid, clientId, sid: sidOf(session.uid, clientId) }, now)
  const ending = order({ sub: 'ola', sessions: { uid: session.uid } })
  await storage.end(ending, now)
  const db = raw(file)
  const settle = db.prepare("UPDATE deliveries SET state = 'delivered' WHERE client_id = ?")
  settle.run('news')
  await storage.sweep(now + 100, 50)
  expect((await storage.listDeliveries()).map(it => it.clientId)).toEqual(['market'])
  expect(await storage.findReceipt(ending.logoutId)).toBeDefined()
  settle.run('market')
  await storage.sweep(now + 100, 50)
  expect(await storage.listDeliveries()).toEqual([])
  expect(await storage.findReceipt(ending.logoutId)).toBeUndefined()
})

/** How often a write-ahead log has started anew: its header counts it (https://sqlite.org/fileformat2.html#walformat). */
function startsOf(log: string): number {
  const header = Buffer.alloc(16)
  const file = openSync(log, 'r')
  readSync(file, header)
  closeSync(file)
  return header.readUInt32BE(12)
}
