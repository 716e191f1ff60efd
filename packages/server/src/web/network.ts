import { isIPv4, isIPv6 } from 'node:net'

/**
 * Whom an address counts as where attempts are counted: IPv4 as it is; of IPv6 the first 64 bits, since whoever has one
 * address has all of those. Some proxies forward an address with its port, which is another one each time.
 */
export function networkOf(given: string): string {
  const address = /^\[(.*)\](:\d+)?$/.exec(given)?.[1] ?? given.replace(/^([\d.]+):\d+$/, '$1')
  const bare = address.replace(/%.*$/, '')
  const mapped = /^::ffff:([\d.]+)$/i.exec(bare)?.[1]
  if (mapped !== undefined && isIPv4(mapped)) return mapped
  if (!isIPv6(bare)) return address
  const [left = '', right] = bare.split('::')
  const groups = left === '' ? [] : left.split(':')
  const known = groups.length + (right ? right.split(':').length : 0) + (bare.includes('.') ? 1 : 0)
  const zeros = right === undefined ? [] : Array(Math.max(0, 8 - known)).fill('0')
  const all = [...groups, ...zeros, ...(right ? right.split(':') : [])]
  return `${all
    .slice(0, 4)
    .map(group => Number.parseInt(group, 16).toString(16))
    .join(':')}::`
}
