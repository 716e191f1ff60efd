import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { openSqlite } from '../../src/storage/sqlite/sqlite.ts'
import { storageContract } from './contract/contract.ts'

const folder = mkdtempSync(join(tmpdir(), 'utgang-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let opened = 0

storageContract('SQLite in a file', async () => openSqlite(join(folder, `${opened++}.db`)))
