import { expect, test } from 'vitest'
import { checkConfig } from '../../src/config/load.ts'
import { clients, issuer } from '../support/fixtures.ts'
import { startSystem } from '../support/system.ts'

/** What ID Tokens, and so Logout Tokens, never are: unsigned, signed with a secret that two hold, encrypted. */
const unwanted: [string, Record<string, string>][] = [
  ['BCL-11', { id_token_signed_response_alg: 'none' }],
  ['BCL-11', { id_token_signed_response_alg: 'HS256' }],
  ['BCL-12', { id_token_encrypted_response_alg: 'RSA-OAEP-256' }],
  ['BCL-12', { id_token_encrypted_response_enc: 'A256GCM' }]
]

test.each(unwanted)(
  '%s: a client that wants its tokens otherwise than they are made cannot register: %o',
  async (_id, wanted) => {
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
      body: {
        error: 'invalid_client_metadata',
        error_description: expect.stringMatching(/encrypted|id_token_signed_response_alg/)
      }
    })
  }
)

test.each(unwanted)('%s: neither can it be configured: %o', (_id, wanted) => {
  const config = {
    issuer,
    storage: 'sqlite::memory:',
    secret_keys: ['a key of thirty-two bytes or more, for tests']
  }
  const check = (more: object) => () => checkConfig({ ...config, clients: [{ ...clients[0], ...more }] })
  expect(check({})).not.toThrow()
  expect(check(wanted)).toThrow(Object.keys(wanted)[0])
})
