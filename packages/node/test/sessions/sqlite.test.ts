import { statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/browsers/support/processes.ts'
import { sqliteSessions } from '../../src/sessions/sqlite.ts'
import { iss, session, sessionsContract } from './contract.ts'
import { otherProcess } from './other-process.ts'

const folder = temporaryFolder('sessions')
let files = 0
const newFile = (): string => `${folder}/${++files}.db`

describe('sessions in SQLite', () => sessionsContract('sqlite', () => `${folder}/sessions.db`))

describe('a file of sessions', () => {
  const toClose: Array<() => unknown> = []
  afterEach(async () => {
    for (const close of toClose.splice(0)) await close()
  })

  function open(path: string) {
    const store = sqliteSessions({ path })
    toClose.push(store.close)
    return store
  }

  test('nothing that was answered is lost with a process that is killed', async () => {
    const path = newFile()
    const { store, kill } = await otherProcess('sqlite', path)
    const kept: string[] = []
    const writing = (async () => {
      for (let n = 0; ; n++) {
        await store.create(`key-${n}`, session({ sid: `sid-${n}` }))
        if (n % 3 === 0) await store.endBySid(iss, `sid-${n}`, 'back_channel')
        else kept.push(`key-${n}`)
      }
    })()
    await expect
      .poll(() => kept.length, { timeout: 20_000, message: 'sessions before the kill' })
      .toBeGreaterThan(40)
    await kill()
    await expect(writing).rejects.toThrow('the process has ended')
    const after = open(path)
    for (const key of kept) expect(await after.find(key), key).toBeDefined()
    expect(await after.find('key-0')).toBeUndefined()
    expect(await after.create('late', session({ sid: 'sid-0' }))).toBe(false)
  })

  test('processes that start together make one file, and hear each other', async () => {
    const path = newFile()
    const processes = await Promise.all(Array.from({ length: 4 }, () => otherProcess('sqlite', path)))
    toClose.push(...processes.map(it => it.kill))
    const heard = processes.map(({ store }) => {
      const { promise, resolve } = Promise.withResolvers<unknown>()
      store.onEnded(resolve)
      return promise
    })
    await processes[0]?.store.create('a', session())
    await processes[1]?.store.endBySid(iss, 'sid-1', 'back_channel')
    const end = { keys: ['a'], by: 'back_channel' }
    expect(await Promise.all(heard)).toEqual([end, end, end, end])
  })

  test('nobody else on this machine may read it', async () => {
    const path = newFile()
    await open(path).create('a', session())
    for (const file of [path, `${path}-wal`, `${path}-shm`])
      expect(statSync(file).mode & 0o777, file).toBe(0o600)
  })

  test('another program’s file is refused, and stays as it was', () => {
    const path = newFile()
    const theirs = new DatabaseSync(path)
    theirs.exec('create table sessions (id integer); pragma user_version = 1')
    theirs.close()
    expect(() => sqliteSessions({ path })).toThrow(`${path}: this is a database, but not one of sessions`)
    const text = newFile()
    writeFileSync(text, 'Dear diary, today nobody signed out. '.repeat(100))
    expect(() => sqliteSessions({ path: text })).toThrow(`${text}: file is not a database`)
  })

  test('a later version’s file is refused', () => {
    const path = newFile()
    open(path)
    const later = new DatabaseSync(path)
    later.exec('pragma user_version = 2')
    later.close()
    expect(() => sqliteSessions({ path })).toThrow('these sessions are of a later version (2)')
  })

  test('a file that another process keeps locked: refused, nothing is half done, and the next time it works', async () => {
    const path = newFile()
    const store = open(path)
    await store.create('a', session())
    const other = new DatabaseSync(path)
    other.exec('begin immediate')
    await expect(store.endBySid(iss, 'sid-1', 'back_channel')).rejects.toThrow('database is locked')
    await expect(store.takeJti(iss, 'jti', 2 ** 32)).rejects.toThrow('database is locked')
    expect(await store.find('a')).toBeDefined()
    other.exec('rollback')
    other.close()
    expect(await store.takeJti(iss, 'jti', 2 ** 32)).toBe(true)
    expect(await store.endBySid(iss, 'sid-1', 'back_channel')).toEqual(['a'])
  })

  test('a closed store refuses', async () => {
    const store = sqliteSessions({ path: newFile() })
    await store.close()
    await expect(store.find('a')).rejects.toThrow('database is not open')
  })
})
