import { expect, test } from 'vitest'
import { newSecret } from '../../src/storage/secrets.ts'

test('a new secret is 256 bits in base64url, and no two are the same, not even in part', () => {
  const secrets = Array.from({ length: 1000 }, newSecret)
  expect(secrets.filter(it => !/^[A-Za-z0-9_-]{43}$/.test(it))).toEqual([])
  const parts = secrets.flatMap(it => {
    const bytes = Buffer.from(it, 'base64url')
    return [0, 8, 16, 24].map(at => bytes.toString('hex', at, at + 8))
  })
  expect(new Set(parts).size).toBe(4000)
})
