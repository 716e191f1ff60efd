import { expect, test } from 'vitest'
import { guessKey } from '../../src/clients/authenticate.ts'
import { waitToTry, wasRight } from '../../src/web/attempts.ts'
import { newLimits } from '../../src/web/limits.ts'
import { networkOf } from '../../src/web/network.ts'
import { issuer } from '../support/fixtures.ts'
import { authorization } from '../support/sign-in.ts'
import { advance, startSystem } from '../support/system.ts'

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
  ['2001:0DB8:0001:0002::6', '2001:db8:1:2::'],
  ['2001:db8:1:2::', '2001:db8:1:2::'],
  ['2001:db8::6', '2001:db8:0:0::'],
  ['2001:db8::3:4:5:6:7', '2001:db8:0:3::'],
  ['::1', '0:0:0:0::'],
  ['::', '0:0:0:0::'],
  ['64:ff9b::192.0.2.1', '64:ff9b:0:0::'],
  ['fe80::1%eth0', 'fe80:0:0:0::'],
  ['192.0.2.1:49152', '192.0.2.1'],
  ['[2001:db8:1:2::6]:49152', '2001:db8:1:2::'],
  ['[2001:db8:1:2::6]', '2001:db8:1:2::'],
  ['undefined', 'undefined']
])('%s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network)
})

test('whoever has a whole network of IPv6 has no more attempts than others', async () => {
  const limits = newLimits(() => 1_000_000)
  const address = (i: number): string => `2001:db8:1:2::${i.toString(16)}`
  const tries: number[] = []
  for (let i = 0; i < 7; i++) tries.push(await waitToTry(limits, 'ola@example.test', address(i)))
  expect(tries.filter(wait => wait === 0)).toHaveLength(5)
  expect(await waitToTry(limits, 'ola@example.test', '2001:db8:1:3::1')).toBe(0)
  await wasRight(limits, 'ola@example.test', address(99))
  expect(await waitToTry(limits, 'ola@example.test', address(100))).toBe(0)
  for (let i = 0; i < 20; i++) expect(await limits.registrations.take(address(i))).toBe(0)
  expect(await limits.registrations.take(address(20))).toBeGreaterThan(0)
  expect(await limits.registrations.look(address(21))).toBeGreaterThan(0)
  await limits.registrations.giveBack(address(22))
  await limits.registrations.giveBack(address(22))
  expect(await limits.registrations.take(address(23))).toBe(0)
  expect(await limits.registrations.take('2001:db8:1:3::1')).toBe(0)
  for (let i = 0; i < 30; i++) expect(await limits.wrongSecrets.take(guessKey('news', address(i)))).toBe(0)
  expect(await limits.wrongSecrets.look(guessKey('news', address(30)))).toBeGreaterThan(0)
  expect(await limits.wrongSecrets.look(guessKey('market', address(30)))).toBe(0)
})

test('a proxy that forwards the port too gives nobody more attempts', async () => {
  // Time stands still, so that no wait is over before the next attempt.
  advance(0)
  const at = await startSystem({ config: { trust_proxy: ['127.0.0.1'] } })
  const browser = at.browser()
  const page = await browser.visit(authorization('news').path)
  const statuses: number[] = []
  for (let port = 50_000; port < 50_007; port++) {
    const headers = { origin: issuer, 'x-forwarded-for': `192.0.2.1:${port}` }
    const form = { login: 'ola@example.test', password: 'wrong' }
    statuses.push((await browser.go(page.path, { form, headers, from: 'same-origin' })).status)
  }
  expect(statuses).toContain(429)
})
