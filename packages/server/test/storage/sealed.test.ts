import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { checkConfig } from '../../src/config/load.ts'
import { openStorage, sealerFor } from '../../src/open-storage.ts'
import { sealer } from '../../src/storage/secrets.ts'
import { issuer } from '../support/fixtures.ts'
import { openSystem } from '../support/system.ts'

const run = promisify(execFile)

test('many processes that start at once without a configured key make one, and each opens what another sealed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'utgang.db')
  const script = new URL('./seal.ts', import.meta.url).pathname
  const sealed = await Promise.all(Array.from({ length: 6 }, () => run(process.execPath, [script, file])))
  const { open } = sealerFor(checkConfig({ issuer, storage: `sqlite:${file}` }))
  expect(sealed.map(it => open(it.stdout))).toEqual(sealed.map(() => 'a word'))
  expect(readdirSync(folder)).toEqual(['utgang.db.key'])
  expect(statSync(`${file}.key`).mode & 0o077).toBe(0)
})

test('no key is made for a database that cannot be opened, and no database stays open without its key', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const at = (name: string) => openStorage(checkConfig({ issuer, storage: `sqlite:${join(folder, name)}` }))
  writeFileSync(join(folder, 'a-letter'), 'no database at all '.repeat(100))
  await expect(at('a-letter')).rejects.toMatchObject({ code: 'bad_config' })
  expect(readdirSync(folder)).toEqual(['a-letter'])
  mkdirSync(join(folder, 'utgang.db.key'))
  await expect(at('utgang.db')).rejects.toMatchObject({ code: 'EISDIR' })
  // The last connection that closes takes SQLite's files beside the database away.
  expect(readdirSync(folder)).toEqual(['a-letter', 'utgang.db', 'utgang.db.key'])
})

test('the secret behind the receipt cookie is kept sealed, and is the same at the next start', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const storage = `sqlite:${join(folder, 'utgang.db')}`
  const kept: string[] = []
  for (let start = 0; start < 2; start++) {
    const at = await openSystem({ storage })
    kept.push(await at.storage.findOrMakeSecret('receipt_cookie', () => 'was not there'))
    const { open } = sealer(at.system.config.secret_keys)
    expect(open(kept.at(-1) ?? '')).toMatch(/^[\w-]{43}$/)
    await at.close()
  }
  expect(kept[0]).toBe(kept[1])
})
