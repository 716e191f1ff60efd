import { mkdtempSync, rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { expect, onTestFinished, test } from 'vitest'
import { clients } from '../support/fixtures.ts'
import { signIn } from '../support/sign-in.ts'
import { advance, startSystem, type TestSystem } from '../support/system.ts'
import { ok, type Receiver, receiver, status } from './receiver.ts'
import { settled, signOutAt, systemThatTells } from './telling.ts'

test.each(['RS256', 'ES256'])(
  'BCL-07 BCL-08 BCL-10 BCL-11 BCL-13 BCL-14 BCL-15: an application hears of the end of its session, signed by %s',
  async alg => {
    const app = await receiver()
    const at = await systemThatTells(app.address, { id_token_signed_response_alg: alg })
    const { sid, sub, receiptId } = await signOutAt(at)
    await app.count(1)
    const [it] = app.received
    expect(it).toMatchObject({ method: 'POST', contentType: 'application/x-www-form-urlencoded' })
    expect(Object.keys(it?.fields ?? {})).toEqual(['logout_token'])
    expect(it?.header).toEqual({ alg, kid: expect.any(String), typ: 'logout+jwt' })
    // These and no others: no nonce.
    expect(it?.claims).toEqual({
      iss: 'http://id.localhost:4000',
      aud: 'market',
      iat: expect.any(Number),
      exp: expect.any(Number),
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
      sub,
      sid
    })
    const lifetime = Number(it?.claims.exp) - Number(it?.claims.iat)
    expect([lifetime > 0, lifetime <= 120]).toEqual([true, true])
    const keys = createLocalJWKSet((await at.ask('/oauth/jwks')).json() as unknown as JSONWebKeySet)
    await jwtVerify(it?.token ?? '', keys, { algorithms: [alg], clockTolerance: 1 })
    await settled(at, receiptId, 'delivered', 1)
  }
)

test('BCL-04: the query of a registered address is kept', async () => {
  const addresses: (string | undefined)[] = []
  const app = await receiver((response, request) => {
    addresses.push(request.url)
    ok(response)
  })
  await signOutAt(await systemThatTells(app.address))
  await app.count(1)
  expect(addresses).toEqual(['/backchannel?kept=1'])
})

test('BCL-16 BCL-27: after a 503 it is sent again, with a fresh token, and each attempt is kept', async () => {
  const app = await receiver(status(503))
  const at = await systemThatTells(app.address)
  const { receiptId } = await signOutAt(at)
  await settled(at, receiptId, 'pending', 1)
  app.answer = ok
  advance(3600)
  await settled(at, receiptId, 'delivered', 2)
  const [first, second] = app.received.map(it => it.claims)
  expect(second?.jti).not.toBe(first?.jti)
  expect(Number(second?.iat)).toBeGreaterThan(Number(first?.iat))
  const [it] = await at.storage.listDeliveries(receiptId)
  const attempt = { at: expect.any(Number), problem: null, milliseconds: expect.any(Number) }
  expect(await at.storage.listAttempts(it?.id ?? '')).toEqual([
    { ...attempt, status: 503 },
    { ...attempt, status: 200 }
  ])
})

test.each<[string, () => string]>([
  ['seconds', () => '600'],
  ['a date', () => new Date(Date.now() + 600_000).toUTCString()]
])(
  'BCL-16: an application says by %s when it wants to hear again, and is left alone until then',
  async (_what, after) => {
    const app = await receiver((response, request) =>
      status(429, { 'retry-after': after() })(response, request)
    )
    const at = await systemThatTells(app.address)
    const { receiptId } = await signOutAt(at)
    await settled(at, receiptId, 'pending', 1)
    const [it] = await at.storage.listDeliveries(receiptId)
    expect(Math.abs((it?.nextAt ?? 0) - (it?.createdAt ?? 0) - 600)).toBeLessThan(10)
  }
)

test('BCL-16 BCL-18: a 400 is not repeated; what it says is kept and nothing follows from it', async () => {
  const app = await receiver(
    status(400, { 'content-type': 'application/json' }, '{"error":"invalid_request"}')
  )
  const at = await systemThatTells(app.address)
  const { receiptId } = await signOutAt(at)
  await settled(at, receiptId, 'refused')
  const [it] = await at.storage.listDeliveries(receiptId)
  expect(await at.storage.listAttempts(it?.id ?? '')).toMatchObject([
    { status: 400, problem: 'invalid_request' }
  ])
  await neverAgain(app, at)
})

test.each([200, 204])('BCL-16: after a %d it is not sent again', async code => {
  const app = await receiver(status(code))
  const at = await systemThatTells(app.address)
  const { receiptId } = await signOutAt(at)
  await settled(at, receiptId, 'delivered', 1)
  await neverAgain(app, at)
})

/** All that could be due within three days comes before the notice of one more logout, and that is the next to come in. */
async function neverAgain(app: Receiver, at: TestSystem): Promise<void> {
  const before = app.received.length
  advance(73 * 3600)
  const { sid } = await signOutAt(at)
  await app.count(before + 1)
  expect(app.received.slice(before).map(it => it.claims.sid)).toEqual([sid])
}

test.each<[string, Receiver['answer'], string]>([
  ['was answered', status(503), 'refused'],
  ['was sent and never answered', (_response, request) => void request.socket.destroy(), 'unclear']
])('BCL-16: a 400 after an attempt that %s', async (_what, first, state) => {
  const app = await receiver(first)
  const at = await systemThatTells(app.address)
  const { receiptId } = await signOutAt(at)
  await settled(at, receiptId, 'pending', 1)
  app.answer = status(400)
  advance(3600)
  await settled(at, receiptId, state, 2)
})

test('an application that is away for twelve hours hears when it is back', async () => {
  const app = await receiver((_response, request) => void request.socket.destroy())
  const at = await systemThatTells(app.address)
  const { sid, receiptId } = await signOutAt(at)
  await settled(at, receiptId, 'pending', 1)
  for (let hour = 0; hour < 12; hour++) {
    const [before] = await at.storage.listDeliveries(receiptId)
    advance(3700)
    await settled(at, receiptId, 'pending', (before?.attempts ?? 0) + 1)
  }
  app.answer = ok
  advance(5400)
  await settled(at, receiptId, 'delivered')
  expect(app.received.at(-1)?.claims.sid).toBe(sid)
})

test('BCL-17: a redirect is not followed, and is no success', async () => {
  const elsewhere = await receiver()
  const app = await receiver(status(302, { location: elsewhere.address }))
  const at = await systemThatTells(app.address)
  const { receiptId } = await signOutAt(at)
  await settled(at, receiptId, 'pending', 1)
  expect(elsewhere.received).toEqual([])
})

test('BCL-18: an answer of ten megabytes, or of nonsense, does no harm', async () => {
  const app = await receiver(status(200, {}, 'x'.repeat(10_000_000)))
  const at = await systemThatTells(app.address)
  await settled(at, (await signOutAt(at)).receiptId, 'delivered')
  app.answer = status(400, {}, `<html>${'x'.repeat(10_000_000)}`)
  await settled(at, (await signOutAt(at)).receiptId, 'refused')
})

test('BCL-09: of four sessions three end, and exactly those three are named', async () => {
  const app = await receiver()
  const at = await systemThatTells(app.address)
  const browsers = Array.from({ length: 4 }, () => at.browser())
  const sids: string[] = []
  for (const browser of browsers) sids.push((await signIn(at, browser, 'market')).sid)
  for (const browser of browsers.slice(1)) await browser.go('/logout?client_id=market')
  await app.count(3)
  expect(app.received.map(it => it.claims.sid).toSorted()).toEqual(sids.slice(1).toSorted())
})

test.each(['127.0.0.1', '2130706433', 'inside.localhost'])(
  'BCL-26: an address on a private network is not called unless the configuration allows it: %s',
  async host => {
    const app = await receiver()
    const address = app.address.replace('127.0.0.1', host)
    const at = await systemThatTells(address, {}, { allow_private_addresses: false })
    const { receiptId } = await signOutAt(at)
    await settled(at, receiptId, 'pending', 1)
    const [it] = await at.storage.listDeliveries(receiptId)
    expect(await at.storage.listAttempts(it?.id ?? '')).toMatchObject([
      { status: null, problem: expect.stringContaining('private network') }
    ])
    expect(app.received).toEqual([])
  }
)

test('one that hangs delays nobody else, and the redirect waits no longer than it may', async () => {
  const hanging = await receiver(() => {})
  const app = await receiver()
  const all = clients.map(it => ({
    ...it,
    backchannel_logout_uri:
      it.client_id === 'market' ? hanging.address : it.client_id === 'forum' ? app.address : undefined
  }))
  const at = await startSystem({
    config: { clients: all, allow_private_addresses: true, logout_wait_ms: 100 }
  })
  const browser = at.browser()
  await signIn(at, browser, 'market')
  await signIn(at, browser, 'forum')
  const answer = await browser.go('/logout?client_id=market')
  expect(answer.status).toBe(303)
  await app.count(1)
  await hanging.count(1)
  const states = (await at.storage.listDeliveries(String(answer.headers['utgang-receipt']))).map(it => [
    it.clientId,
    it.attempts
  ])
  expect(states).toContainEqual(['market', 0])
})

test('the redirect answers once each application was tried', async () => {
  const app = await receiver()
  const at = await systemThatTells(app.address, {}, { logout_wait_ms: 5000 })
  const { receiptId } = await signOutAt(at)
  expect(await at.storage.listDeliveries(receiptId)).toMatchObject([{ state: 'delivered', attempts: 1 }])
})

test('a logout that is committed is answered as one, also when nobody can say who has been told', async () => {
  const app = await receiver()
  const all = clients.map(it => ({
    ...it,
    backchannel_logout_uri: it.client_id === 'market' ? app.address : undefined
  }))
  const at = await startSystem({
    config: { clients: all, allow_private_addresses: true },
    wrapStorage: it => ({ ...it, listUnattempted: () => Promise.reject(new Error('the disk is away')) })
  })
  const browser = at.browser()
  await signIn(at, browser, 'market')
  expect((await browser.go('/logout?client_id=market')).status).toBe(303)
  await app.count(1)
})

test('what a process had in hand when it died is sent by the next', async () => {
  const app = await receiver()
  const folder = mkdtempSync(join(tmpdir(), 'utgang-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const storage = `sqlite:${folder}/outbox.db`
  const all = clients.map(it => ({
    ...it,
    backchannel_logout_uri: it.client_id === 'market' ? app.address : undefined
  }))
  const config = { clients: all, allow_private_addresses: true, logout_wait_ms: 0 }
  // Its claims are good, and then nothing more is heard of it.
  const dying = await startSystem({
    storage,
    config,
    wrapStorage: it => ({
      ...it,
      claimDeliveries: async (...given) => it.claimDeliveries(...given).then(() => [])
    })
  })
  const { receiptId, sid } = await signOutAt(dying)
  advance(1)
  await dying.close()
  const next = await startSystem({ storage, config })
  expect(await next.storage.listUnattempted(receiptId)).toHaveLength(1)
  advance(31)
  await settled(next, receiptId, 'delivered')
  expect(app.received.map(it => it.claims.sid)).toEqual([sid])
})

test('a stop finishes what is under way', async () => {
  const waiting: ServerResponse[] = []
  const app = await receiver(response => void waiting.push(response))
  const recorded: string[] = []
  const all = clients.map(it => ({
    ...it,
    backchannel_logout_uri: it.client_id === 'market' ? app.address : undefined
  }))
  const at = await startSystem({
    config: { clients: all, allow_private_addresses: true, logout_wait_ms: 0 },
    wrapStorage: it => ({
      ...it,
      recordAttempt: async (attempt, now) => {
        recorded.push(attempt.state)
        return it.recordAttempt(attempt, now)
      }
    })
  })
  await signOutAt(at)
  await app.count(1)
  const stopped = at.close()
  for (const response of waiting) ok(response)
  await stopped
  expect(recorded).toEqual(['delivered'])
})
