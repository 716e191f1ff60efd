import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { openSqlite } from '../../src/storage/sqlite/sqlite.ts'
import { now } from './contract/stage.ts'

test('SSF-17: a user whom nobody knows costs a stream the commit of a known one, the second time too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-test-'))
  const file = join(folder, 'subjects.db')
  const storage = await openSqlite(file)
  const watcher = new DatabaseSync(file, { readOnly: true })
  onTestFinished(async () => {
    watcher.close()
    await storage.close()
    rmSync(folder, { recursive: true, force: true })
  })
  await storage.addStream(
    {
      id: 's-watch',
      clientId: 'watch',
      method: 'poll',
      endpointUrl: null,
      sealedHeader: null,
      eventsRequested: null,
      hearsEnds: true,
      description: null
    },
    now
  )
  // Moves when another connection has committed something (SQLite, PRAGMA data_version).
  const version = () => watcher.prepare('PRAGMA data_version').get()?.data_version
  for (const wanted of [false, false, true, true])
    for (const sub of ['ola', undefined]) {
      const before = version()
      await storage.setStreamSubject('s-watch', sub, wanted)
      expect([sub, wanted, version() !== before]).toEqual([sub, wanted, true])
    }
  expect(watcher.prepare('SELECT * FROM stream_removals').all()).toEqual([])
})
