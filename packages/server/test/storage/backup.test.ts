import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { backupOf } from '../../src/storage/sqlite/backup.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { now, order, person, sessionOf } from './contract/stage.ts'
import { newFile, open, raw } from './one-file.ts'

test('a copy of a running storage holds everything that was answered before, and can be read by its owner alone', async () => {
  const { file, storage } = await withOla()
  const session = sessionOf('ola')
  await storage.saveSession(session, now)
  // Writes go on while the copy is made.
  const going = Promise.all(Array.from({ length: 200 }, () => storage.saveSession(sessionOf('ola'), now)))
  const ending = order({ sub: 'ola', sessions: { uid: session.uid } })
  await storage.end(ending, now)
  await backupOf(file, `${file}.copy`)
  await going
  expect(statSync(`${file}.copy`).mode & 0o077).toBe(0)
  const copy = open(`${file}.copy`)
  expect(await copy.findSessionRow(session.uid, now)).toMatchObject({ endedBy: ending.logoutId })
  expect(await copy.findReceipt(ending.logoutId)).toEqual(await storage.findReceipt(ending.logoutId))
  expect(await copy.listAudit({ limit: 10 })).toEqual(await storage.listAudit({ limit: 10 }))
})

test('a second copy takes the place of the first', async () => {
  const { file, storage } = await withOla()
  await backupOf(file, `${file}.copy`)
  await storage.addUser(person('kari'), now)
  await backupOf(file, `${file}.copy`)
  expect(await open(`${file}.copy`).findUser('kari')).toBeDefined()
})

test('a copy is that of one moment: no write makes it begin anew', async () => {
  const { file, storage } = await withOla()
  // More than SQLite copies in one step.
  const detail = { pad: 'x'.repeat(1000) }
  for (let group = 0; group < 4; group++)
    await Promise.all(Array.from({ length: 500 }, () => storage.writeAudit({ event: 'before', detail }, now)))
  const copying = backupOf(file, `${file}.copy`)
  const other = raw(file)
  other.exec("INSERT INTO audit (at, event) VALUES (1, 'late')")
  await copying
  const events = raw(`${file}.copy`).prepare('SELECT DISTINCT event FROM audit').all()
  expect(events).toEqual([{ event: 'before' }])
})

test('a database of an older version is copied as it is', async () => {
  const file = newFile()
  const old = raw(file)
  old.exec('CREATE TABLE migrations (name TEXT PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT')
  await backupOf(file, `${file}.copy`)
  for (const name of [file, `${file}.copy`])
    expect(raw(name).prepare('SELECT name FROM sqlite_schema WHERE type = ?').all('table')).toEqual([
      { name: 'migrations' }
    ])
})

test('a copy never takes the place of the database itself, under any of its names', async () => {
  const { file, storage } = await withOla()
  const link = `${file}.link`
  symlinkSync(file, link)
  for (const path of [file, link])
    await expect(backupOf(file, path)).rejects.toMatchObject({ code: 'bad_config' })
  await storage.close()
  expect(await open(file).findUser('ola')).toBeDefined()
})

test('a copy that cannot be made is said in plain words, leaves the earlier one and nothing of itself', async () => {
  const { file } = await withOla()
  const copy = `${file}.copy`
  await backupOf(file, copy)
  const before = readFileSync(copy)
  const folder = `${file}.folder`
  mkdirSync(folder)
  for (const path of [join(copy, 'inside'), folder, ''])
    await expect(backupOf(file, path)).rejects.toMatchObject({
      code: 'bad_config',
      message: expect.stringMatching(/^backup: .*cannot be written \(.+Name a file/)
    })
  expect(readFileSync(copy)).toEqual(before)
  for (const path of [folder, '']) expect(existsSync(`${path}.part`)).toBe(false)
})

test('of a database that is not there no copy is made, and no database', async () => {
  const file = newFile()
  await expect(backupOf(file, `${file}.copy`)).rejects.toMatchObject({ code: 'bad_config' })
  for (const path of [file, `${file}.copy`]) expect(existsSync(path)).toBe(false)
})

/** A storage on a file, which knows one user. */
async function withOla(): Promise<{ file: string; storage: Storage }> {
  const file = newFile()
  const storage = open(file)
  await storage.addUser(person('ola'), now)
  return { file, storage }
}
