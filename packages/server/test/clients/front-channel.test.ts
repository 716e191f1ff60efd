import { expect, test } from 'vitest'
import { frameOf } from '../../src/clients/front-channel.ts'

const iss = 'https://id.example/a b&c'
const sid = 'sid+/='
const added = 'iss=https%3A%2F%2Fid.example%2Fa%20b%26c&sid=sid%2B%2F%3D'

test.each([
  ['https://rp.example/out', `https://rp.example/out?${added}`],
  ['https://rp.example/out?x=1', `https://rp.example/out?x=1&${added}`],
  ['https://rp.example/out?x=%2f&y=a+b', `https://rp.example/out?x=%2f&y=a+b&${added}`],
  ['https://rp.example/out?', `https://rp.example/out?${added}`],
  ['https://rp.example/out?x=1&', `https://rp.example/out?x=1&${added}`],
  ['https://rp.example/out?next=a?b', `https://rp.example/out?next=a?b&${added}`]
])('FCL-03, FCL-04: %s keeps its query and gets iss and sid, both', (registered, src) => {
  expect(frameOf(registered, { iss, sid })?.src).toBe(src)
  const { searchParams } = new URL(src)
  expect([searchParams.get('iss'), searchParams.get('sid')]).toEqual([iss, sid])
})

test.each([
  ['https://rp.example/out', 'https://rp.example'],
  ['https://rp.example:8443/out', 'https://rp.example:8443'],
  ['http://news.localhost:4001/out', 'http://news.localhost:4001'],
  ['http://127.0.0.1:4001/out', 'http://127.0.0.1:4001'],
  ['https://blåbær.example/out', 'https://xn--blbr-roah.example']
])('FCL-09: the policy’s source for %s is its origin', (registered, origin) => {
  expect(frameOf(registered, { iss, sid })?.origin).toBe(origin)
})

test.each([
  'javascript:alert(1)',
  'data:text/html,x',
  'blob:https://rp.example/x',
  'com.example.app:/out',
  'com.example.app://rp.example/out',
  'ftp://rp.example/out',
  'file:///etc/passwd',
  '//rp.example/out',
  '/out',
  '',
  'https://a;report-uri.example/out',
  "https://'self'.example/out",
  'https://*.example/out',
  'https://a,b.example/out',
  'https://[::1]/out'
])('FCL-12: %s is never framed', registered => {
  expect(frameOf(registered, { iss, sid })).toBeUndefined()
})
