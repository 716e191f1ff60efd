import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { users } from '../support/fixtures.ts'
import { openSystem, startSystem } from '../support/system.ts'

test('a user of the config whose address somebody signed up with keeps no server from starting', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const storage = `sqlite:${join(folder, 'a.db')}`
  const before = await openSystem({ storage })
  const stranger = { sub: 'u_stranger', email: 'Boss@corp.example', name: 'X', passwordHash: 'x', claims: {} }
  await before.storage.addUser(stranger, 1)
  await before.close()

  const boss = { sub: 'u-boss', email: 'boss@corp.example', password: 'a fine long password' }
  const last = { sub: 'u-last', email: 'last@corp.example', password: 'a fine long password' }
  const at = await startSystem({ storage, config: { users: [...users, boss, last] } })
  expect(await at.storage.findUser('u-boss')).toBeUndefined()
  expect(await at.storage.findUser('u-last')).toMatchObject({ email: 'last@corp.example' })
  const warnings = at.logs.map(line => JSON.parse(line)).filter(it => it.level === 40)
  expect(warnings).toEqual([
    expect.objectContaining({ sub: 'u-boss', msg: expect.stringMatching(/address/) })
  ])
})
