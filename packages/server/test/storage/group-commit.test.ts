import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { UtgangError } from '../../src/errors.ts'
import { groupCommit } from '../../src/storage/sqlite/group-commit.ts'

test('writes that arrive together share one commit; those of the next turn get another', async () => {
  const { write, add, commits } = open()
  const before = commits()
  expect(await Promise.all(Array.from({ length: 100 }, (_, id) => write(() => add(id))))).toHaveLength(100)
  expect(commits() - before).toBe(1)
  await write(() => add(1000))
  await write(() => add(1001))
  expect(commits() - before).toBe(3)
})

test('a group waits for the disk when one of it must', async () => {
  const { write, writeLoosely, sync } = open()
  expect(await Promise.all([writeLoosely(sync), writeLoosely(sync)])).toEqual(['NORMAL', 'NORMAL'])
  expect(await Promise.all([writeLoosely(sync), write(sync)])).toEqual(['FULL', 'FULL'])
  expect(await writeLoosely(sync)).toBe('NORMAL')
  expect(await Promise.all([write(sync), writeLoosely(sync)])).toEqual(['FULL', 'FULL'])
  expect(await write(sync)).toBe('FULL')
})

test('a very large group is cut, so that reads get their turn', async () => {
  const { write, add, commits, ids } = open()
  const before = commits()
  await Promise.all(Array.from({ length: 1025 }, (_, id) => write(() => add(id))))
  expect(commits() - before).toBe(3)
  expect(ids()).toHaveLength(1025)
})

test('an answer leaves only once its change is there for everybody', async () => {
  const { write, add, file } = open()
  const other = new DatabaseSync(file)
  onTestFinished(() => other.close())
  const see = other.prepare('SELECT 1 FROM things WHERE id = ?')
  const seen = Array.from({ length: 50 }, (_, id) =>
    write(() => add(id)).then(() => see.get(id) !== undefined)
  )
  expect(new Set(await Promise.all(seen))).toEqual(new Set([true]))
})

test('nothing is written before the turn is over', async () => {
  const { write, add, ids } = open()
  const written = write(() => add(1))
  await Promise.resolve()
  expect(ids()).toEqual([])
  await written
  expect(ids()).toEqual([1])
})

test('a write that fails half way is undone alone, and its caller alone hears of it', async () => {
  const { write, add, ids } = open()
  const half = () => {
    add(10)
    return add(1)
  }
  const outcomes = await Promise.allSettled([
    write(() => add(1)),
    write(half),
    write(() => {
      add(11)
      throw new UtgangError('duplicate_user')
    }),
    write(() => add(2))
  ])
  expect(outcomes.map(it => (it.status === 'fulfilled' ? 'done' : it.reason.code))).toEqual([
    'done',
    'storage_unavailable',
    'duplicate_user',
    'done'
  ])
  expect(ids()).toEqual([1, 2])
})

test('a commit that fails is heard by everybody, keeps nothing, and the next one works', async () => {
  const { db, write, add, ids } = open()
  // Judged at the commit alone.
  db.exec(`CREATE TABLE owners (id INTEGER PRIMARY KEY);
    CREATE TABLE owned (owner INTEGER REFERENCES owners (id) DEFERRABLE INITIALLY DEFERRED)`)
  const outcomes = await Promise.allSettled([
    write(() => add(1)),
    write(() => db.exec('INSERT INTO owned VALUES (404)')),
    write(() => add(2))
  ])
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'storage_unavailable' } })
  }
  expect(ids()).toEqual([])
  await write(() => add(3))
  expect(ids()).toEqual([3])
})

test('while another process holds the writer, writes are refused and not lost', async () => {
  const { file, write, add, ids } = open()
  const other = new DatabaseSync(file)
  onTestFinished(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  await expect(write(() => add(1))).rejects.toMatchObject({ code: 'storage_unavailable' })
  other.exec('ROLLBACK')
  await write(() => add(2))
  expect(ids()).toEqual([2])
})

test('a write after the close is refused', async () => {
  const { db, write, add } = open()
  db.close()
  await expect(write(() => add(1))).rejects.toMatchObject({ code: 'storage_unavailable' })
})

function open() {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-test-'))
  const file = join(folder, 'group.db')
  const db = new DatabaseSync(file)
  onTestFinished(() => {
    if (db.isOpen) db.close()
    rmSync(folder, { recursive: true, force: true })
  })
  db.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; PRAGMA foreign_keys = ON')
  db.exec('CREATE TABLE things (id INTEGER PRIMARY KEY)')
  const insert = db.prepare('INSERT INTO things VALUES (?)')
  const all = db.prepare('SELECT id FROM things ORDER BY id')
  return {
    file,
    db,
    ...groupCommit(db),
    add: (id: number) => insert.run(id),
    ids: () => all.all().map(row => row.id),
    sync: () => (db.prepare('PRAGMA synchronous').get()?.synchronous === 2 ? 'FULL' : 'NORMAL'),
    commits: () => commitsIn(`${file}-wal`)
  }
}

/** Counts the frames of a write-ahead log that end a commit (https://sqlite.org/fileformat2.html#the_write_ahead_log). */
function commitsIn(log: string): number {
  const bytes = readFileSync(log)
  const frame = 24 + bytes.readUInt32BE(8)
  let commits = 0
  for (let at = 32; at + frame <= bytes.length; at += frame) {
    if (bytes.readUInt32BE(at + 4) !== 0) commits++
  }
  return commits
}
