import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { signIn } from '../support/sign-in.ts'
import { advance, type TestSystem } from '../support/system.ts'
import { ok, type Received, type Receiver, receiver, status } from './receiver.ts'
import { settled, signOutAt, systemThatTells } from './telling.ts'

const secret = `whsec_${Buffer.alloc(32, 'a secret of the tests').toString('base64')}`

/** A system in which the client `market` is told by webhook, and by nothing else unless said otherwise. */
function systemWith(app: Receiver, more: object = {}): Promise<TestSystem> {
  const webhook = { backchannel_logout_uri: undefined, webhook_uri: app.address, webhook_secret: secret }
  return systemThatTells('', { ...webhook, ...more })
}

/** What a webhook says, once its signature is found good as receivers check it. */
function verified({ body, headers }: Received): { type: string; timestamp: string; data: object } {
  return new Webhook(secret).verify(body, headers as Record<string, string>) as never
}

test('an application hears of the end of its session, of nothing but its own, and can prove who says so', async () => {
  const app = await receiver()
  const at = await systemWith(app)
  const { sid, sub, receiptId } = await signOutAt(at)
  await app.count(1)
  const [it] = app.received as [Received]
  expect(it).toMatchObject({ method: 'POST', contentType: 'application/json' })
  const said = verified(it)
  expect(said).toEqual({
    type: 'session.ended',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
    data: { iss: 'http://id.localhost:4000', client_id: 'market', sub, sid, initiated_by: 'user' }
  })
  expect(Math.abs(Date.parse(said.timestamp) / 1000 - systemClock.now())).toBeLessThanOrEqual(5)
  expect(() => new Webhook(secret).verify(`${it.body} `, it.headers as Record<string, string>)).toThrow()
  await settled(at, receiptId, 'delivered', 1)
  const [row] = await at.storage.listDeliveries(receiptId)
  expect(row).toMatchObject({ kind: 'webhook', id: it.headers['webhook-id'] })
})

test('a repeated webhook has the same id and body, and the time and signature of its own attempt', async () => {
  const app = await receiver(status(500))
  const at = await systemWith(app)
  const { receiptId } = await signOutAt(at)
  await settled(at, receiptId, 'pending', 1)
  app.answer = ok
  advance(60)
  await settled(at, receiptId, 'delivered', 2)
  const [first, second] = app.received as [Received, Received]
  verified(second)
  expect(second.body).toBe(first.body)
  expect(second.headers['webhook-id']).toBe(first.headers['webhook-id'])
  const times = [first, second].map(it => Number(it.headers['webhook-timestamp']))
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(60)
})

test.each([
  [200, 'delivered'],
  [202, 'delivered'],
  [204, 'delivered'],
  [410, 'refused'],
  [400, 'pending'],
  [404, 'pending'],
  [302, 'pending'],
  [503, 'pending']
])('a webhook that is answered by %i is %s', async (code, state) => {
  const app = await receiver(status(code))
  const at = await systemWith(app)
  const { receiptId } = await signOutAt(at)
  await settled(at, receiptId, state, 1)
})

test('an application that registered both hears by both, and each is its own delivery', async () => {
  const [told, hooked] = [await receiver(status(503)), await receiver()]
  const at = await systemWith(hooked, { backchannel_logout_uri: told.address })
  const { receiptId, sid } = await signOutAt(at)
  await Promise.all([told.count(1), hooked.count(1)])
  await expect
    .poll(async () => (await at.storage.listDeliveries(receiptId)).map(it => `${it.kind} ${it.state}`).sort())
    .toEqual(['back_channel pending', 'webhook delivered'])
  expect(verified(hooked.received[0] as Received)).toMatchObject({ data: { sid } })
})

test('one way that hangs delays the other way of the same application by nothing', async () => {
  const [told, hooked] = [await receiver(() => {}), await receiver()]
  const at = await systemWith(hooked, { backchannel_logout_uri: told.address })
  for (let sessions = 0; sessions < 12; sessions++) await signIn(at, at.browser(), 'market')
  await at.system.heart.end({ name: 'admin_user', sub: 'u-ola' })
  await hooked.count(12)
  expect(told.received.length).toBeLessThanOrEqual(8)
})

test('after a logout of the whole user an application hears of each session, and whose doing it was', async () => {
  const app = await receiver()
  const at = await systemWith(app)
  const sids = [
    (await signIn(at, at.browser(), 'market')).sid,
    (await signIn(at, at.browser(), 'market')).sid
  ]
  await at.system.heart.end({ name: 'admin_user', sub: 'u-ola' })
  await app.count(2)
  const said = app.received.map(verified)
  expect(said.map(it => (it.data as { sid: string }).sid).sort()).toEqual(sids.sort())
  for (const it of said) expect(it).toMatchObject({ type: 'session.ended', data: { initiated_by: 'admin' } })
})

test('an application whose access was removed hears that its tokens are revoked', async () => {
  const app = await receiver()
  const at = await systemWith(app)
  const { sid } = await signIn(at, at.browser(), 'market')
  await at.system.heart.end({ name: 'account_app', sub: 'u-ola', clientId: 'market' })
  await app.count(1)
  expect(verified(app.received[0] as Received)).toMatchObject({ type: 'tokens.revoked', data: { sid } })
})

test('who only revoked a token of its own is told nothing', async () => {
  const app = await receiver()
  const at = await systemWith(app)
  const { accessToken } = await signIn(at, at.browser(), 'market')
  const answer = await at.ask('/api/2/logout', { headers: { authorization: `Bearer ${accessToken}` } })
  const receiptId = String(answer.headers['utgang-receipt'])
  expect(await at.storage.findReceipt(receiptId)).toMatchObject({ cause: 'api', grantsRevoked: 1 })
  expect(await at.storage.listDeliveries()).toEqual([])
})

test('the secret is kept sealed, and its bytes are nowhere in the storage or the log', async () => {
  const app = await receiver()
  const at = await systemWith(app)
  await signOutAt(at)
  await app.count(1)
  const row = await at.storage.findClient('market')
  expect(row?.metadata).toMatchObject({ webhook_secret_sealed: expect.any(String) })
  expect(JSON.stringify(row)).not.toContain(secret.slice(6))
  expect(at.logs.join('\n')).not.toContain(secret.slice(6))
})
