import { readFileSync } from 'node:fs'
import { createLocalJWKSet } from 'jose'
import { expect, test } from 'vitest'
import { validateLogoutToken } from '../src/logout-token.ts'
import { makeVectors, type Vectors } from './vectors/make.ts'

const file: Vectors = JSON.parse(readFileSync(new URL('vectors/logout-tokens.json', import.meta.url), 'utf8'))
const keys = createLocalJWKSet(file.jwks as never)
const expected = {
  issuer: file.issuer,
  clientId: file.client_id,
  algorithms: file.algorithms,
  now: file.now
}

test('the published vectors are what their script makes; if not: node packages/node/test/vectors/make.ts', () => {
  expect(makeVectors()).toEqual(file)
})

test.each(file.vectors.filter(it => it.valid))('BCL-21: counts: $name ($why)', async ({ logout_token }) => {
  const { iss, jti, sid, sub } = await validateLogoutToken(logout_token, keys, expected)
  expect(iss).toBe(file.issuer)
  expect(jti).toBe('a-jti')
  expect(sid ?? sub).toMatch(/^(a-sid|u-ola)$/)
})

test.each(file.vectors.filter(it => !it.valid))('BCL-21: does not count: $name ($why)', async it => {
  const judged = validateLogoutToken(it.logout_token, keys, expected)
  if (it.name === 'key that the issuer never had')
    await expect(judged).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' })
  else await expect(judged).rejects.toMatchObject({ name: 'AuthError', code: 'invalid_logout_token' })
})
