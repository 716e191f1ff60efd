import { expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import {
  checkSet,
  push,
  receiverAt,
  type SsfReceiver,
  ssfSystem,
  streamUpdated,
  verification
} from '../doors/ssf-kit.ts'
import { signIn } from '../support/sign-in.ts'
import { advance, type TestOptions, type TestSystem } from '../support/system.ts'
import { type Received, type Receiver, receiver, status } from './receiver.ts'

const header = 'Bearer of-the-receiver-itself'
const accepted = status(202)

interface Pushed {
  at: TestSystem
  market: SsfReceiver
  id: string
}

/** A system that pushes the events of `market` to this receiver. */
async function pushedTo(app: Receiver, more: object = {}, options: TestOptions = {}): Promise<Pushed> {
  const at = await ssfSystem(options)
  const market = await receiverAt(at, 'market')
  const delivery = { method: push, endpoint_url: app.address, authorization_header: header, ...more }
  return { at, market, id: await market.open({ delivery }) }
}

/** Ends a session at `market`. Returns its sid. */
async function endSession(at: TestSystem): Promise<string> {
  const browser = at.browser()
  const { sid } = await signIn(at, browser, 'market')
  await browser.go('/logout?client_id=market')
  return sid
}

/** Waits until the deliveries of kind security_event stand so. */
async function stand(at: TestSystem, ...states: string[]): Promise<void> {
  const now = async () => (await at.storage.listDeliveries()).map(it => `${it.state} ${it.attempts}`).sort()
  await expect.poll(now, { timeout: 8000 }).toEqual(states.sort())
}

test('PUSH-01 PUSH-02 SSF-20: an event is posted alone, with the receiver’s own authorization, and once', async () => {
  const app = await receiver(accepted)
  const { at } = await pushedTo(app)
  const sid = await endSession(at)
  await app.count(1)
  const [it] = app.received as [Received]
  expect(it).toMatchObject({ method: 'POST', contentType: 'application/secevent+jwt' })
  expect(it.headers).toMatchObject({ accept: 'application/json', authorization: header })
  const { claims } = await checkSet(at, it.body, 'market')
  expect(claims.sub_id).toMatchObject({ session: { id: sid } })
  await stand(at, 'delivered 1')
  advance(3600)
  await endSession(at)
  await app.count(2)
  await stand(at, 'delivered 1', 'delivered 1')
  expect(app.received).toHaveLength(2)
  expect(at.logs.join('\n')).not.toContain(header)
})

test('SSF-20: a receiver that gave no authorization gets none', async () => {
  const app = await receiver(accepted)
  const { at } = await pushedTo(app, { authorization_header: undefined })
  await endSession(at)
  await app.count(1)
  expect(app.received[0]?.headers).not.toHaveProperty('authorization')
})

test.each([
  'invalid_request',
  'invalid_key',
  'invalid_issuer',
  'invalid_audience',
  'authentication_failed',
  'access_denied',
  'invalid_state'
])('PUSH-03: %s is written down and not repeated', async err => {
  const app = await receiver(status(400, {}, JSON.stringify({ err, description: 'no' })))
  const { at } = await pushedTo(app)
  await endSession(at)
  await stand(at, 'refused 1')
  const [it] = await at.storage.listDeliveries()
  expect(await at.storage.listAttempts(it?.id ?? '')).toMatchObject([{ status: 400, problem: `${err}: no` }])
  advance(3600)
  await endSession(at)
  await stand(at, 'refused 1', 'refused 1')
})

test('PUSH-04: a receiver that is away for an hour gets each event once it is back, each with its own jti again', async () => {
  const app = await receiver(status(503))
  const { at } = await pushedTo(app)
  const sids = [await endSession(at), await endSession(at)]
  await stand(at, 'pending 1', 'pending 1')
  app.answer = accepted
  advance(3700)
  await stand(at, 'delivered 2', 'delivered 2')
  const told = await Promise.all(app.received.map(it => checkSet(at, it.body, 'market')))
  const jtis = Map.groupBy(told, it => (it.claims.sub_id as { session: { id: string } }).session.id)
  expect([...jtis.keys()].sort()).toEqual(sids.sort())
  for (const [, of] of jtis) {
    expect(of).toHaveLength(2)
    expect(of[0]?.claims).toEqual(of[1]?.claims)
  }
})

test('PUSH-05: an address on a private network is not called unless the configuration allows it', async () => {
  const app = await receiver(accepted)
  const { at } = await pushedTo(app, {}, { config: { allow_private_addresses: false } })
  await endSession(at)
  await stand(at, 'pending 1')
  expect(app.received).toEqual([])
})

test('SSF-16: a paused stream holds its events and sends them later; the receiver sees each status', async () => {
  const app = await receiver(accepted)
  const { at, market, id } = await pushedTo(app)
  const set = (to: string, reason?: string) =>
    market.manage('POST', '/ssf/status', { stream_id: id, status: to, reason })
  const get = async () => (await market.manage('GET', `/ssf/status?stream_id=${id}`)).json()
  expect(await get()).toEqual({ stream_id: id, status: 'enabled' })
  const paused = await set('paused', 'maintenance')
  expect([paused.status, paused.json()]).toEqual([
    200,
    { stream_id: id, status: 'paused', reason: 'maintenance' }
  ])
  expect(await get()).toEqual(paused.json())
  const sids = [await endSession(at), await endSession(at)]
  const limits = { most: 9, perClient: 9, busy: new Set<string>(), leaseSeconds: 30 }
  expect(await at.storage.claimDeliveries(limits, systemClock.now() + 3600)).toEqual([])
  await stand(at, 'pending 0', 'pending 0')
  expect(app.received).toEqual([])
  expect((await set('enabled')).json()).toEqual({ stream_id: id, status: 'enabled' })
  await app.count(2)
  const told = await Promise.all(app.received.map(it => checkSet(at, it.body, 'market')))
  expect(told.map(it => (it.claims.sub_id as { session: { id: string } }).session.id).sort()).toEqual(
    sids.sort()
  )
})

test('SSF-16: a disabled stream lets its events go, those that it held too', async () => {
  const app = await receiver(accepted)
  const { at, market, id } = await pushedTo(app)
  const set = (to: string) => market.manage('POST', '/ssf/status', { stream_id: id, status: to })
  await set('paused')
  await endSession(at)
  await set('disabled')
  await stand(at, 'gave_up 0')
  await endSession(at)
  await stand(at, 'gave_up 0')
  await set('enabled')
  const sid = await endSession(at)
  await app.count(1)
  expect((await checkSet(at, app.received[0]?.body ?? '', 'market')).claims.sub_id).toMatchObject({
    session: { id: sid }
  })
  expect((await set('asleep')).status).toBe(400)
})

test('SSF-16: what is held is fetched in the order in which it happened', async () => {
  const at = await ssfSystem()
  const market = await receiverAt(at, 'market')
  const id = await market.open()
  await market.manage('POST', '/ssf/status', { stream_id: id, status: 'paused' })
  const sids: string[] = []
  for (let n = 0; n < 5; n++) sids.push(await endSession(at))
  expect(await market.fetch(id)).toEqual({ sets: {} })
  await market.manage('POST', '/ssf/status', { stream_id: id, status: 'enabled' })
  const told = await Promise.all(
    Object.values((await market.fetch(id)).sets).map(it => checkSet(at, it, 'market'))
  )
  expect(told.map(it => (it.claims.sub_id as { session: { id: string } }).session.id)).toEqual(sids)
})

test.each(['push', 'poll'])(
  'SSF-16: a stream that owes too much is disabled, and its receiver is told by %s',
  async way => {
    const app = await receiver(status(503))
    const at = await ssfSystem()
    const market = await receiverAt(at, 'market')
    const id = await market.open(
      way === 'push' ? { delivery: { method: push, endpoint_url: app.address } } : {}
    )
    for (let n = 0; n < 3; n++) await endSession(at)
    // Each was refused once, so that none of them is taken now.
    if (way === 'push') await expect.poll(() => app.received.length).toBe(3)
    app.answer = accepted
    const soon = systemClock.now()
    expect(await at.storage.limitStreams({ most: 3, keptSeconds: 60 }, soon)).toEqual([])
    expect(await at.storage.limitStreams({ most: 2, keptSeconds: 60 }, soon)).toEqual([id])
    expect(await at.storage.limitStreams({ most: 2, keptSeconds: 60 }, soon)).toEqual([])
    expect((await market.manage('GET', `/ssf/status?stream_id=${id}`)).json()).toEqual({
      stream_id: id,
      status: 'disabled',
      reason: 'too many events were waiting'
    })
    const sets = async () =>
      way === 'push' ? app.received.slice(3).map(it => it.body) : Object.values((await market.fetch(id)).sets)
    await expect.poll(async () => (await sets()).length).toBe(1)
    const told = await checkSet(at, (await sets())[0] ?? '', 'market')
    expect(told).toMatchObject({
      type: streamUpdated,
      claims: { sub_id: { format: 'opaque', id } },
      event: { status: 'disabled', reason: 'too many events were waiting' }
    })
  }
)

test('what nobody fetches for a week is given up', async () => {
  const at = await ssfSystem()
  const market = await receiverAt(at, 'market')
  const id = await market.open()
  await endSession(at)
  const now = systemClock.now()
  await at.storage.limitStreams({ most: 9, keptSeconds: 60 }, now + 50)
  expect(Object.keys((await market.fetch(id)).sets)).toHaveLength(1)
  await at.storage.limitStreams({ most: 9, keptSeconds: 60 }, now + 70)
  expect((await market.fetch(id)).sets).toEqual({})
})

test('SSF-19: a verification event brings the state back, and one without has none', async () => {
  const app = await receiver(accepted)
  const { at, market, id } = await pushedTo(app)
  const verify = (state?: string) => market.manage('POST', '/ssf/verification', { stream_id: id, state })
  const asked = await verify('VGhpcyBpcyBh')
  expect([asked.status, asked.text]).toEqual([204, ''])
  await app.count(1)
  expect(await checkSet(at, app.received[0]?.body ?? '', 'market')).toMatchObject({
    type: verification,
    claims: { sub_id: { format: 'opaque', id } },
    event: { state: 'VGhpcyBpcyBh' }
  })
  const again = await verify('too soon')
  expect(again.status).toBe(429)
  expect(Number(again.headers['retry-after'])).toBeGreaterThan(0)
  advance(31)
  expect((await verify()).status).toBe(204)
  await app.count(2)
  expect((await checkSet(at, app.received[1]?.body ?? '', 'market')).event).toEqual({})
  expect((await market.manage('POST', '/ssf/verification', { stream_id: 'none' })).status).toBe(404)
  expect((await market.manage('POST', '/ssf/verification', { stream_id: id, state: 1 })).status).toBe(400)
})

test('SSF-19: a verification event can be fetched too', async () => {
  const at = await ssfSystem()
  const market = await receiverAt(at, 'market')
  const id = await market.open()
  await market.manage('POST', '/ssf/verification', { stream_id: id, state: 'here' })
  const { sets } = await market.fetch(id)
  expect((await checkSet(at, Object.values(sets)[0] ?? '', 'market')).event).toEqual({ state: 'here' })
})

test('SSF-14: what a stream owes goes the way that it goes from now on', async () => {
  const app = await receiver(accepted)
  const { at, market, id } = await pushedTo(app)
  app.answer = status(503)
  const sid = await endSession(at)
  await stand(at, 'pending 1')
  await market.manage('PUT', '/ssf/streams', { stream_id: id })
  await stand(at, 'waiting 1')
  const [set = ''] = Object.values((await market.fetch(id)).sets)
  expect((await checkSet(at, set, 'market')).claims.sub_id).toMatchObject({ session: { id: sid } })
  const next = await receiver(accepted)
  const delivery = { method: push, endpoint_url: next.address }
  await market.manage('PATCH', '/ssf/streams', { stream_id: id, delivery })
  advance(60)
  await next.count(1)
  expect(next.received[0]?.body).toBe(set)
  await stand(at, 'delivered 2')
})

test('an event claimed before a stream moved goes where the stream is now: the old endpoint never sees the new header', async () => {
  const [before, app] = [await receiver(accepted), await receiver(accepted)]
  const wrapStorage: TestOptions['wrapStorage'] = storage => ({
    ...storage,
    claimDeliveries: async (limits, now) =>
      (await storage.claimDeliveries(limits, now)).map(it => ({ ...it, address: before.address }))
  })
  const { at } = await pushedTo(app, {}, { wrapStorage })
  await endSession(at)
  await stand(at, 'delivered 1')
  expect([before.received.length, app.received.length]).toEqual([0, 1])
})
