import { deflateSync } from 'node:zlib'
import { generateKeyPair } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  accessToken,
  api,
  clock,
  guardOf,
  issuer,
  type Otherwise,
  publicKeys,
  statusList,
  uri
} from './support/own-issuer.ts'

beforeEach(() => {
  clock.now = 1_800_000_000
})

const stranger = await generateKeyPair('RS256')

test('a good token passes, with what it says', async () => {
  const headers = { authorization: `Bearer ${await accessToken()}` }
  const { token } = await guardOf().check({ headers }, { scope: 'things' })
  expect(token).toMatchObject({ sub: 'ola', client_id: 'news', scope: ['things'], sid: 'a-sid', aud: [api] })
  expect(token?.claims.jti).toBe(token?.jti)
})

describe('a token is refused', () => {
  const place = (more: object) => ({ claims: { status: { status_list: { idx: 7, uri, ...more } } } })

  test.each<[string, Otherwise]>([
    ['of another issuer', { claims: { iss: 'https://other.example' } }],
    ['for somebody else', { claims: { aud: 'https://other.example/' } }],
    ['for nobody', { claims: { aud: undefined } }],
    ['that has expired', { claims: { exp: 1_800_000_000 } }],
    ['that never expires', { claims: { exp: undefined } }],
    ['of nobody', { claims: { sub: undefined } }],
    ['of no application', { claims: { client_id: undefined } }],
    ['without a name of its own', { claims: { jti: undefined } }],
    ['that is an ID Token', { header: { typ: 'JWT' } }],
    ['that is a Logout Token', { header: { typ: 'logout+jwt' } }],
    ['that is a status list', { header: { typ: 'statuslist+jwt' } }],
    ['without a type', { header: { typ: undefined } }],
    ['that somebody else signed', { key: stranger.privateKey }],
    ['that names a key that is not there', { header: { kid: 'two' } }],
    [
      'signed with the public key as if it were a secret',
      { header: { alg: 'HS256' }, key: Buffer.from(JSON.stringify(publicKeys)) }
    ],
    ['without a place', { claims: { status: undefined } }],
    ['with half a place', { claims: { status: { status_list: { idx: 7 } } } }],
    ['with a place beyond the list', place({ idx: 64 })],
    ['with a place before the list', place({ idx: -1 })],
    ['with a place between two', place({ idx: 7.5 })],
    ['with a list of somebody else', place({ uri: 'https://other.example/lists/1' })],
    ['with a list nowhere', place({ uri: 'nowhere' })]
  ])('%s', async (_what, otherwise) => {
    const it = guardOf()
    expect(await it.status(await accessToken(otherwise))).toBe(401)
    // Whatever it says, nobody else is asked for anything.
    expect(it.asked.every(path => ['/keys', '/lists/1'].includes(path) || path.startsWith('/.well'))).toBe(
      true
    )
    expect(await it.status(await accessToken())).toBe(200)
  })

  test('that expires while its list is on the way', async () => {
    const list = () => {
      clock.now += 20
      return statusList()
    }
    expect(await guardOf({ list }).status(await accessToken({ claims: { exp: clock.now + 19 } }))).toBe(401)
    expect(await guardOf({ list }).status(await accessToken({ claims: { exp: clock.now + 21 } }))).toBe(200)
  })

  test('that is dead, whatever its claims are called', async () => {
    const token = { sub: 'kari', scope: ['things'], exp: clock.now + 3600 }
    for (const state of ['live', 'unknown', 'Oslo']) {
      const value = await accessToken({ claims: { state, why: 'it says so', token } })
      expect(await guardOf({ list: () => statusList({ 7: 1 }) }).status(value)).toBe(401)
      const { token: good } = await guardOf().check({ headers: { authorization: `Bearer ${value}` } })
      expect(good).toMatchObject({ sub: 'ola', claims: { state } })
    }
  })

  test('without a signature', async () => {
    const [, payload] = (await accessToken()).split('.')
    for (const alg of ['none', 'None', 'NONE']) {
      const header = Buffer.from(JSON.stringify({ alg, typ: 'at+jwt' })).toString('base64url')
      expect(await guardOf().status(`${header}.${payload}.`)).toBe(401)
    }
  })

  test('signed with an algorithm that this API does not take', async () => {
    const options = { jwt: { algorithms: ['ES256'] } }
    expect(await guardOf({}, options).status(await accessToken())).toBe(401)
  })

  test('that is none, where only JWTs are taken', async () => {
    const it = guardOf()
    for (const value of ['opaque', 'a.b.c', '..']) expect(await it.status(value)).toBe(401)
    expect(it.asked).toEqual([])
  })
})

describe('its place in the status list', () => {
  test.each([
    [1, 1, 401],
    [2, 1, 401],
    [2, 2, 401],
    [4, 3, 401],
    [8, 255, 401],
    [1, 0, 200],
    [8, 0, 200]
  ] as const)('of %i bits says %i: %i', async (bits, status, expected) => {
    const list = () => statusList({ 7: status, 6: 0, 8: 0 }, {}, bits)
    expect(await guardOf({ list }).status(await accessToken())).toBe(expected)
    // Its neighbours' are not its own.
    const others = Object.fromEntries([...Array(64).keys()].filter(n => n !== 7).map(n => [n, 1]))
    const around = () => statusList(others, {}, bits)
    expect(await guardOf({ list: around }).status(await accessToken())).toBe(200)
  })

  test.each<[string, Otherwise]>([
    ['of another address', { claims: { sub: `${issuer}/lists/2` } }],
    ['of no address', { claims: { sub: undefined } }],
    ['that somebody else signed', { key: stranger.privateKey }],
    ['of another type', { header: { typ: 'at+jwt' } }],
    ['that has expired', { claims: { exp: 1_800_000_000 } }],
    ['of no time', { claims: { iat: undefined } }],
    ['from the future', { claims: { iat: 1_800_000_031 } }],
    ['that is too old', { claims: { iat: 1_800_000_000 - 31 } }],
    ['without a list', { claims: { status_list: undefined } }],
    ['of three bits', { claims: { status_list: { bits: 3, lst: 'eNrbuRgAAhcBXQ' } } }],
    ['that is no list', { claims: { status_list: { bits: 1, lst: 'AAAA' } } }],
    [
      'that is enormous',
      { claims: { status_list: { bits: 1, lst: deflateSync(Buffer.alloc(3 << 20)).toString('base64url') } } }
    ]
  ])('a list %s tells nothing, and nothing passes', async (_what, otherwise) => {
    const it = guardOf({ list: () => statusList({}, otherwise) })
    expect(await it.status(await accessToken())).toBe(503)
    expect(it.errors).toHaveLength(otherwise.claims?.iat === 1_800_000_000 - 31 ? 0 : 1)
  })
})

describe('when a list is fetched', () => {
  const lists = (asked: string[]): number => asked.filter(it => it === '/lists/1').length

  test('once for its ttl, and once for however many need it', async () => {
    const it = guardOf()
    const token = await accessToken()
    expect(new Set(await Promise.all(Array.from({ length: 20 }, () => it.status(token))))).toEqual(
      new Set([200])
    )
    clock.now += 4
    await it.status(token)
    expect(lists(it.asked)).toBe(1)
    clock.now += 1
    await it.status(token)
    expect(lists(it.asked)).toBe(2)
  })

  test('a list that was old when it came is not kept for longer', async () => {
    const it = guardOf({ list: () => statusList({}, { claims: { iat: clock.now - 3 } }) })
    const token = await accessToken()
    await it.status(token)
    clock.now += 1
    await it.status(token)
    expect(lists(it.asked)).toBe(1)
    clock.now += 1
    await it.status(token)
    expect(lists(it.asked)).toBe(2)
  })

  test('nor is one of an issuer whose clock is ahead', async () => {
    const it = guardOf({ list: () => statusList({}, { claims: { iat: clock.now + 20 } }) })
    const token = await accessToken()
    await it.status(token)
    clock.now += 5
    await it.status(token)
    expect(lists(it.asked)).toBe(2)
  })

  test('when that fails, the last one serves until it is too old; the issuer is asked once a second', async () => {
    let isDown = false
    const list = () => {
      if (isDown) throw new TypeError('fetch failed')
      return statusList()
    }
    const it = guardOf({ list }, { jwt: { max_staleness_seconds: 20 } })
    const token = await accessToken()
    await it.status(token)
    isDown = true
    for (let second = 1; second <= 20; second++) {
      clock.now += 1
      for (let time = 0; time < 5; time++) expect([second, await it.status(token)]).toEqual([second, 200])
    }
    expect(lists(it.asked)).toBe(1 + 16)
    clock.now += 1
    expect(await it.status(token)).toBe(503)
    isDown = false
    clock.now += 1
    expect(await it.status(token)).toBe(200)
  })

  test('a list does not outlive its own exp, whatever this API would put up with', async () => {
    let isDown = false
    const list = () => {
      if (isDown) throw new TypeError('fetch failed')
      return statusList({}, { claims: { exp: clock.now + 60 } })
    }
    const it = guardOf({ list }, { jwt: { max_staleness_seconds: 600 } })
    const token = await accessToken()
    await it.status(token)
    isDown = true
    clock.now += 59
    expect(await it.status(token)).toBe(200)
    clock.now += 1
    expect(await it.status(token)).toBe(503)
  })

  test('a clock that was set back makes no list new', async () => {
    const it = guardOf()
    await it.status(await accessToken())
    clock.now -= 1000
    await it.status(await accessToken())
    expect(lists(it.asked)).toBe(2)
  })
})

test('while the keys cannot be had nobody can tell; a failure is not remembered', async () => {
  let isDown = true
  const keys = () => {
    if (isDown) throw new TypeError('fetch failed')
    return publicKeys
  }
  const it = guardOf({ keys })
  expect(await it.status(await accessToken())).toBe(503)
  expect(it.errors).toHaveLength(1)
  isDown = false
  expect(await it.status(await accessToken())).toBe(200)
})
