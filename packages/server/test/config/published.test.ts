import { expect, test } from 'vitest'
import { checkConfig } from '../../src/config/load.ts'
import { isPublished } from '../../src/config/published.ts'

test('what the demo uses starts no server for strangers', async () => {
  const { demoClients } = await import('utgang-examples')
  const own = { secret_keys: ['a key of thirty-two bytes or more, for tests'], allow_private_addresses: true }
  const secrets = demoClients.flatMap(({ client_secret }) => client_secret ?? [])
  expect(secrets.length).toBeGreaterThan(0)
  expect(secrets.filter(secret => !isPublished(secret))).toEqual([])
  expect(() => checkConfig({ issuer: 'https://id.example', clients: demoClients, ...own })).toThrow(
    /client_secret: is "\*{6}"; is published with Utgang/
  )
  expect(checkConfig({ issuer: 'http://id.localhost:4000', clients: demoClients }).clients).toHaveLength(
    demoClients.length
  )
})

test.each([
  ['correct horse battery staple', true],
  ['REPLACE-ME with the output of: openssl rand -hex 32', true],
  ['changeme changeme changeme', true],
  ['demo-only-secret', true],
  ['democracy-9f8c1d0e', false],
  ['b6c1b0b7f3a94d43b2b1d1f7c2a8e9d0', false]
])('%s is published: %s', (secret, known) => {
  expect(isPublished(secret)).toBe(known)
})
