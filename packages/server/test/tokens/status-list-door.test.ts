import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { issuer } from '../support/fixtures.ts'
import { authenticated, claimsOf, signIn } from '../support/sign-in.ts'
import { advance, startSystem, type TestSystem } from '../support/system.ts'
import { bitOf, jwtClients, listAt, openJwtSystem, placeOf, verified } from './jwt-kit.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openJwtSystem()
  await signIn(at, at.browser(), 'news')
})
afterAll(() => at.close())

const path = '/oauth/status_lists/1'
const uri = issuer + path
const revoke = (value: string) => at.ask('/oauth/revoke', authenticated('news', { token: value }))

describe('a status list', () => {
  test('is signed, typed, named by its address, and says of when it is and for how long', async () => {
    advance(0)
    const answer = await at.ask(path, { headers: { accept: 'application/statuslist+jwt' } })
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toBe('application/statuslist+jwt')
    const claims = await verified(at, answer.text, 'statuslist+jwt')
    expect(claims).toEqual({
      sub: uri,
      iat: expect.any(Number),
      exp: Number(claims.iat) + 300,
      ttl: 5,
      status_list: { bits: 1, lst: expect.any(String) }
    })
    expect(Date.now() / 1000 - Number(claims.iat)).toBeLessThan(5)
  })

  test('may be kept by every cache, but never for longer than it is good', async () => {
    advance(100)
    expect((await at.ask(path)).headers['cache-control']).toBe('public, max-age=5')
    advance(3)
    const later = await at.ask(path)
    expect(later.headers['cache-control']).toBe('public, max-age=2')
    const again = await at.ask(path, { headers: { 'if-none-match': String(later.headers.etag) } })
    expect([again.status, again.text]).toEqual([304, ''])
    expect(again.headers['cache-control']).toBe('public, max-age=2')
    advance(2)
    const fresh = await at.ask(path, { headers: { 'if-none-match': String(later.headers.etag) } })
    expect([fresh.status, fresh.headers['cache-control']]).toEqual([200, 'public, max-age=5'])
  })

  test('every page may read it, and it is the same for everybody', async () => {
    advance(0)
    const browser = at.browser()
    await signIn(at, browser, 'news')
    const [stranger, signedIn] = [
      await at.ask(path, { headers: { origin: 'https://anywhere.example' } }),
      await browser.go(path)
    ]
    expect(stranger.headers['access-control-allow-origin']).toBe('*')
    expect(stranger.headers['access-control-allow-credentials']).toBeUndefined()
    expect(stranger.headers['cross-origin-resource-policy']).toBe('cross-origin')
    expect(signedIn.text).toBe(stranger.text)
    expect(signedIn.setCookies).toEqual([])
  })

  test('is compressed for those who can read that, under another tag', async () => {
    advance(0)
    const plain = await at.ask(path)
    const zipped = await request(at.origin + path, { headers: { 'accept-encoding': 'br, gzip' } })
    const bytes = Buffer.from(await zipped.body.arrayBuffer())
    expect(zipped.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(bytes).toString()).toBe(plain.text)
    expect(zipped.headers.etag).not.toBe(plain.headers.etag)
    expect(String(zipped.headers.vary)).toContain('Accept-Encoding')
    const refused = await at.ask(path, { headers: { 'accept-encoding': 'gzip;q=0' } })
    expect(refused.headers['content-encoding']).toBeUndefined()
  })

  test.each([
    ['*/*', 200],
    ['application/statuslist+cwt, application/statuslist+jwt;q=0.5', 200],
    ['application/statuslist+cwt', 406],
    ['text/html', 406]
  ])('to somebody who takes %s: %i', async (accept, status) => {
    expect((await at.ask(path, { headers: { accept } })).status).toBe(status)
  })

  test.each(['2', '0', '-1', '01', '1.0', 'x', '99999999999999'])(
    'there is none by the name %s',
    async name => {
      const answer = await at.ask(`/oauth/status_lists/${name}`)
      expect([answer.status, answer.json().error]).toEqual([404, 'not_found'])
      expect(answer.headers['cache-control']).toBe('no-store')
    }
  )

  test('is out of use once all of its tokens have expired', async () => {
    const at = await startSystem({ config: { clients: jwtClients } })
    advance(0)
    const { accessToken } = await signIn(at, at.browser(), 'news')
    advance(3599)
    expect(await bitOf(at, accessToken)).toBe(0)
    advance(5)
    expect((await at.ask(path)).status).toBe(404)
    expect((await at.ask('/oauth/status_lists')).json()).toEqual({ status_lists: [] })
    await signIn(at, at.browser(), 'news')
    expect((await at.ask('/oauth/status_lists')).json()).toEqual({ status_lists: [uri] })
  })
})

test('the lists in use are listed, where the metadata says', async () => {
  await signIn(at, at.browser(), 'news')
  const metadata = (await at.ask('/.well-known/oauth-authorization-server')).json()
  expect(metadata.status_list_aggregation_endpoint).toBe(`${issuer}/oauth/status_lists`)
  const answer = await at.ask('/oauth/status_lists')
  expect(answer.json()).toEqual({ status_lists: [uri] })
  expect(answer.headers['access-control-allow-origin']).toBe('*')
})

describe('how old it may be', () => {
  test('a revoked token shows as soon as the list is five seconds old, and not before it is asked for anew', async () => {
    advance(1000)
    const it = await signIn(at, at.browser(), 'news')
    expect(await bitOf(at, it.accessToken)).toBe(0)
    await revoke(it.accessToken)
    advance(4)
    expect(await bitOf(at, it.accessToken)).toBe(0)
    advance(1)
    expect(await bitOf(at, it.accessToken)).toBe(1)
  })

  test('a clock that was set back keeps no list alive', async () => {
    const it = await signIn(at, at.browser(), 'news')
    advance(500)
    expect(await bitOf(at, it.accessToken)).toBe(0)
    await revoke(it.accessToken)
    advance(-400)
    expect(await bitOf(at, it.accessToken)).toBe(1)
  })

  test('status_list_seconds decides', async () => {
    const slow = await startSystem({ config: { clients: jwtClients, status_list_seconds: 60 } })
    const it = await signIn(slow, slow.browser(), 'news')
    advance(0)
    const { asOf } = await listAt(slow, uri)
    const claims = claimsOf((await slow.ask(path)).text)
    expect([claims.ttl, Number(claims.exp) - asOf]).toEqual([60, 720])
    await slow.ask('/oauth/revoke', authenticated('news', { token: it.accessToken }))
    advance(59)
    expect(await bitOf(slow, it.accessToken)).toBe(0)
    advance(1)
    expect(await bitOf(slow, it.accessToken)).toBe(1)
  })

  test('however many ask at once, it is built once', async () => {
    const reading = vi.spyOn(at.storage, 'deadPlaces')
    advance(10)
    await at.ask(path)
    const once = reading.mock.calls.length
    expect(once).toBeGreaterThan(0)
    advance(10)
    const answers = await Promise.all(Array.from({ length: 20 }, () => at.ask(path)))
    expect(new Set(answers.map(it => it.text)).size).toBe(1)
    expect(reading.mock.calls.length).toBe(2 * once)
    reading.mockRestore()
  })

  test('when it cannot be read, nobody is given the last one', async () => {
    advance(10)
    await at.ask(path)
    const reading = vi.spyOn(at.storage, 'deadPlaces').mockRejectedValue(new Error('no storage'))
    advance(4)
    expect((await at.ask(path)).status).toBe(200)
    advance(1)
    const answer = await at.ask(path)
    expect(answer.status).toBe(500)
    expect(answer.headers['cache-control']).toBe('no-store')
    reading.mockRestore()
    expect((await at.ask(path)).status).toBe(200)
  })
})

test('places of tokens that were issued one after the other are not neighbours', async () => {
  const places: number[] = []
  for (let i = 0; i < 12; i++) places.push(placeOf((await signIn(at, at.browser(), 'news')).accessToken).idx)
  const sorted = places.toSorted((a, b) => a - b)
  expect(places).not.toEqual(sorted)
  expect(new Set(places.slice(1).map((it, i) => it - Number(places[i]))).size).toBeGreaterThan(8)
})

test('two processes give out places of one list, and each knows what the other has ended', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const start = () =>
    startSystem({ storage: `sqlite:${join(folder, 'two.db')}`, config: { clients: jwtClients } })
  const [here, there] = [await start(), await start()]
  const tokens = await Promise.all(
    [here, there, here, there].map(it => signIn(it, it.browser(), 'news').then(one => one.accessToken))
  )
  expect(new Set(tokens.map(it => placeOf(it).idx)).size).toBe(4)
  expect(new Set(tokens.map(it => placeOf(it).uri)).size).toBe(1)
  advance(10)
  const [mine = '', other = ''] = tokens
  expect(await bitOf(there, mine)).toBe(0)
  await here.ask('/oauth/revoke', authenticated('news', { token: mine }))
  advance(5)
  for (const process of [here, there])
    expect([await bitOf(process, mine), await bitOf(process, other)]).toEqual([1, 0])
})
