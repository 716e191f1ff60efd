import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openSqlite } from '../../../src/storage/sqlite/sqlite.ts'
import { now, type OpenStorage, order, sessionOf, stage } from './stage.ts'

/** {@link UpkeepStore} but for the sweep. */
export function upkeepContract(open: OpenStorage): void {
  test('keys are listed with the one that signs last first; a second one of the same name changes nothing', async () => {
    const { storage } = await stage(open)
    const key = { kid: 'a', alg: 'RS256' as const, sealedJwk: 'sealed', createdAt: now, signsFrom: now }
    await storage.saveKey(key)
    await storage.saveKey({ ...key, sealedJwk: 'another' })
    const next = { ...key, kid: 'b', alg: 'ES256' as const, signsFrom: now + 10 }
    await storage.saveKey(next)
    expect(await storage.listKeys()).toEqual([next, key])
  })

  test('many who ask for one secret at once get the same', async () => {
    const { storage } = await stage(open)
    let made = 0
    const secrets = await Promise.all(
      Array.from({ length: 20 }, () => storage.findOrMakeSecret('cookie', () => `secret ${made++}`))
    )
    expect(new Set(secrets)).toEqual(new Set(['secret 0']))
    expect(await storage.findOrMakeSecret('other', () => 'another')).toBe('another')
    expect(made).toBe(1)
  })

  test('it says that it can be read and written', async () => {
    const { storage } = await stage(open)
    await expect(storage.ping()).resolves.toBeUndefined()
  })

  test('a copy of a running storage holds everything that was answered before', async () => {
    const { storage, user, client, session, grant, token } = await stage(open)
    await user('ola')
    await client('news')
    const uid = await session('ola', ['news'])
    const hash = await token(await grant('ola', 'news', { sessionUid: uid }))
    const ending = order({ sub: 'ola', sessions: { uid } })
    const file = join(emptyFolder(), 'copy.db')
    // Writes go on while the copy is made.
    const going = Promise.all(Array.from({ length: 200 }, () => storage.saveSession(sessionOf('ola'), now)))
    await storage.end(ending, now)
    await storage.backup(file)
    await going
    const copy = openSqlite(file)
    onTestFinished(() => copy.close())
    expect(await copy.findSessionRow(uid, now)).toMatchObject({ endedBy: ending.logoutId })
    expect(await copy.findReceipt(ending.logoutId)).toEqual(await storage.findReceipt(ending.logoutId))
    expect(await copy.listDeliveries()).toEqual(await storage.listDeliveries())
    expect(await copy.listAudit({ limit: 10 })).toEqual(await storage.listAudit({ limit: 10 }))
    expect(await copy.findTokenRow(hash)).toEqual(await storage.findTokenRow(hash))
    // A second copy takes the place of the first.
    await user('kari')
    await storage.backup(file)
    const second = openSqlite(file)
    onTestFinished(() => second.close())
    expect(await second.findUser('kari')).toBeDefined()
  })

  test('closing finishes what was accepted; later writes are refused, closing again is no error', async () => {
    const { storage, user } = await stage(open)
    await user('ola')
    const accepted = storage.saveSession(sessionOf('ola'), now)
    await storage.close()
    expect(await accepted).toBe('saved')
    await expect(storage.saveSession(sessionOf('ola'), now)).rejects.toMatchObject({
      code: 'storage_unavailable'
    })
    await expect(storage.close()).resolves.toBeUndefined()
  })
}

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
