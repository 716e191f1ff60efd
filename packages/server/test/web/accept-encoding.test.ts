import { expect, test } from 'vitest'
import { takesGzip } from '../../src/web/accept-encoding.ts'

test.each<[string | undefined, boolean]>([
  [undefined, false],
  ['', false],
  ['gzip', true],
  ['GZIP', true],
  ['br, gzip', true],
  ['br,\tgzip ; q=0.5', true],
  ['gzip;q=1.0', true],
  ['gzip;q=0.001', true],
  ['*', true],
  ['*;q=0', false],
  ['gzip;q=0', false],
  ['gzip; q=0.000', false],
  ['gzip;q=0, *', false],
  ['*;q=0, gzip', true],
  ['gzip;q=much', false],
  ['identity', false],
  ['x-gzip', false],
  ['br;gzip', false]
])('%j: %s', (accepted, takes) => {
  expect(takesGzip(accepted)).toBe(takes)
})

test('however long a header is, reading it takes no longer than its length', () => {
  // Were it the square, this would take minutes.
  expect(takesGzip(`gzip${' '.repeat(500_000)}x`)).toBe(false)
})
