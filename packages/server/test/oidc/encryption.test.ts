import { expect, test } from 'vitest'
import { checkConfig } from '../../src/config/load.ts'
import { clients, issuer } from '../support/fixtures.ts'
import { startSystem } from '../support/system.ts'

const encryption = [
  { id_token_encrypted_response_alg: 'RSA-OAEP-256' },
  { id_token_encrypted_response_enc: 'A256GCM' }
]

test.each(encryption)(
  'BCL-12: a client that wants its tokens encrypted cannot register: %o',
  async wanted => {
    const at = await startSystem({ config: { registration: true } })
    const register = async (more: object) => {
      const metadata = { redirect_uris: ['https://new.example/callback'], ...more }
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify(metadata)
      const answer = await fetch(`${at.origin}/oauth/register`, { method: 'POST', headers, body })
      return { status: answer.status, body: await answer.json() }
    }
    expect((await register({})).status).toBe(201)
    expect(await register(wanted)).toMatchObject({
      status: 400,
      body: { error: 'invalid_client_metadata', error_description: expect.stringContaining('encrypted') }
    })
  }
)

test.each(encryption)('BCL-12: neither can it be configured: %o', wanted => {
  const config = {
    issuer,
    storage: 'sqlite::memory:',
    secret_keys: ['a key of thirty-two bytes or more, for tests']
  }
  const check = (more: object) => () => checkConfig({ ...config, clients: [{ ...clients[0], ...more }] })
  expect(check({})).not.toThrow()
  expect(check(wanted)).toThrow(Object.keys(wanted)[0])
})
