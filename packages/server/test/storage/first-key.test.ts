import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { sealerFor } from '../../src/app.ts'
import { checkConfig } from '../../src/config/load.ts'
import { issuer } from '../support/fixtures.ts'

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
