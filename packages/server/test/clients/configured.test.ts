import { expect, onTestFinished, test } from 'vitest'
import { saveConfiguredClients } from '../../src/clients/configured.ts'
import { checkConfig } from '../../src/config/load.ts'
import { sealer } from '../../src/storage/secrets.ts'
import { openSqlite } from '../../src/storage/sqlite/sqlite.ts'

const [oldKey, newKey] = [
  'the first key, of thirty-two bytes or more',
  'the next key, of thirty-two bytes or more'
]

/** What several starts with one database make of one client. */
function openStarts() {
  const storage = openSqlite(':memory:')
  onTestFinished(() => storage.close())
  return async (sign_secret: string, keys: string[]) => {
    const { clients } = checkConfig({
      issuer: 'http://localhost',
      clients: [{ client_id: 'a', redirect_uris: ['https://a.example/cb'], sign_secret }]
    })
    await saveConfiguredClients(storage, clients, sealer(keys), 1)
    const row = await storage.findClient('a')
    return { version: row?.version, sealed: String(row?.metadata.sign_secret_sealed) }
  }
}

test('a start with the same signing secret leaves the client as it is, under rotated keys too', async () => {
  const start = openStarts()
  const first = await start('a signing secret', [oldKey])
  expect(await start('a signing secret', [oldKey])).toEqual(first)
  expect(await start('a signing secret', [newKey, oldKey])).toEqual(first)
})

test('another signing secret, or one whose key is gone, is sealed anew', async () => {
  const start = openStarts()
  const first = await start('a signing secret', [oldKey])
  const changed = await start('another signing secret', [oldKey])
  expect(changed.version).not.toBe(first.version)
  expect(sealer([oldKey]).open(changed.sealed)).toBe('another signing secret')
  const rekeyed = await start('another signing secret', [newKey])
  expect(sealer([newKey]).open(rekeyed.sealed)).toBe('another signing secret')
})
