import { expect, test } from 'vitest'
import { readCookie } from '../../src/web/cookies.ts'

const name = '__Host-utgang'

test.each<[string | undefined, string | undefined]>([
  [undefined, undefined],
  ['', undefined],
  ['__Host-utgang=abc', 'abc'],
  ['a=b; __Host-utgang=abc; c=d', 'abc'],
  ['a=b;__Host-utgang=abc', 'abc'],
  ['__Host-utgang=a=b', 'a=b'],
  ['__Host-utgang=', ''],
  ['__Host-utgang', undefined],
  ['x__Host-utgang=abc', undefined],
  ['__host-utgang=abc', undefined],
  ['__Host-utgang-sdk=abc', undefined],
  // Somebody put a second one there.
  ['__Host-utgang=abc; __Host-utgang=def', undefined],
  ['__Host-utgang=abc; __Host-utgang=abc', undefined],
  ['__Host-utgang=%zz', '%zz'],
  [' \t__Host-utgang = abc \t', 'abc'],
  // A sibling host may set these: to a browser what is no space or tab is part of the name.
  ['\u00a0__Host-utgang=theirs', undefined],
  ['__Host-utgang=abc; \u00a0__Host-utgang=theirs', 'abc'],
  ['\u000b__Host-utgang=theirs', undefined],
  ['__Host-utgang\u00a0=theirs', undefined],
  [';;=; ==;', undefined]
])('in %j the session cookie is %j', (header, value) => {
  expect(readCookie(header, name)).toBe(value)
})
