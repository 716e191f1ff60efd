import { createPrivateKey } from 'node:crypto'
import { decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose'
import { expect, test } from 'vitest'
import { effects } from '../../src/logout/causes.ts'
import { initiatorOf } from '../../src/logout/initiators.ts'
import type { OwedEvent } from '../../src/storage/stream-store.ts'
import { eventToken } from '../../src/tokens/event-token.ts'
import { logoutToken } from '../../src/tokens/logout-token.ts'
import type { SigningKeys } from '../../src/tokens/signing-keys.ts'
import { claimsOf } from '../support/sign-in.ts'

const now = 1_800_000_000
const issuer = 'https://id.example'
const keys = await keysFor('RS256')

const owed: OwedEvent = {
  id: 'an-event',
  logoutId: 'a-logout',
  clientId: 'market',
  streamId: 'a-stream',
  sub: 'u-ola',
  sid: 'a-sid',
  createdAt: now,
  cause: 'admin_session',
  event: null
}

test('X-01: a Logout Token has exp and is no security event; a security event has neither sub nor exp and is no Logout Token', async () => {
  const claims = { issuer, clientId: 'market', sub: 'u-ola', sid: 'a-sid' }
  const logout = await logoutToken(claims, 'RS256', keys, now)
  const event = await eventToken(owed, issuer, keys)
  expect([logout, event].map(it => decodeProtectedHeader(it).typ)).toEqual(['logout+jwt', 'secevent+jwt'])
  expect(claimsOf(logout)).toMatchObject({ exp: expect.any(Number), sub: 'u-ola', sid: 'a-sid' })
  expect(claimsOf(logout)).not.toHaveProperty('sub_id')
  for (const name of ['exp', 'sub', 'sid', 'nonce', 'nbf']) expect(claimsOf(event)).not.toHaveProperty(name)
  const [told, said] = [claimsOf(logout), claimsOf(event)].map(it => Object.keys(it.events as object))
  expect(told?.filter(it => said?.includes(it))).toEqual([])
})

test('the same event is the same token each time, also after a while', async () => {
  expect(await eventToken(owed, issuer, keys)).toBe(await eventToken({ ...owed }, issuer, keys))
})

test('SSF-08: without a key for RS256 nothing is signed', async () => {
  const wrong = await keysFor('ES256')
  await expect(async () => eventToken(owed, issuer, wrong)).rejects.toThrow('RS256')
})

test('CAEP-02 CAEP-03: every cause has somebody behind it and a reason', () => {
  for (const cause of Object.keys(effects)) {
    const { entity, reason } = initiatorOf(cause)
    expect(['admin', 'user', 'policy', 'system']).toContain(entity)
    expect([cause, reason]).not.toEqual([cause, 'The session ended'])
    expect(reason).toMatch(/^[A-Z][a-z ]+/)
  }
  expect(initiatorOf('a cause of another version')).toEqual({ entity: 'system', reason: 'The session ended' })
})

async function keysFor(alg: string): Promise<Pick<SigningKeys, 'signers'>> {
  const { privateKey: key } = await generateKeyPair(alg, { extractable: true })
  const keyObject = createPrivateKey({ key: await exportJWK(key), format: 'jwk' })
  return { signers: new Map([[alg, { kid: 'a-kid', key, keyObject }]]) }
}
