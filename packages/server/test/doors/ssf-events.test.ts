import { decodeJwt } from 'jose'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { Cause, CauseName } from '../../src/logout/causes.ts'
import { signIn } from '../support/sign-in.ts'
import { advance } from '../support/system.ts'
import { checkSet, checkSets, receiverAt, type SsfReceiver, sessionRevoked, ssfSystem } from './ssf-kit.ts'

const issuer = 'http://id.localhost:4000'
const olaId = { format: 'iss_sub', iss: issuer, sub: 'u-ola' }

test('SSF-04 SSF-05 SSF-06 SSF-07 SSF-08 CAEP-01 CAEP-02 CAEP-03: one token says that one session has ended', async () => {
  const at = await ssfSystem()
  const market = await receiverAt(at, 'market')
  const id = await market.open()
  const browser = at.browser()
  const { sid } = await signIn(at, browser, 'market')
  await signIn(at, browser, 'news')
  const answer = await browser.go('/logout?client_id=market')
  const { sets } = await market.fetch(id)
  const [[jti, set]] = Object.entries(sets) as [[string, string]]
  const { header, claims, type, event } = await checkSet(at, set, 'market')
  expect(header).toEqual({ alg: 'RS256', kid: expect.any(String), typ: 'secevent+jwt' })
  const { keys } = (await at.ask('/oauth/jwks')).json<{ keys: { kid: string; n?: string }[] }>()
  const modulus = keys.find(it => it.kid === header.kid)?.n ?? ''
  expect(Buffer.from(modulus, 'base64url').length * 8).toBeGreaterThanOrEqual(2048)
  // No `sub` and no `exp`.
  expect(claims).toEqual({
    iss: issuer,
    aud: 'market',
    jti,
    iat: expect.any(Number),
    txn: answer.headers['utgang-receipt'],
    // CAEP-04: this session of this user.
    sub_id: { format: 'complex', session: { format: 'opaque', id: sid }, user: olaId },
    events: { [sessionRevoked]: expect.anything() }
  })
  expect(type).toBe(sessionRevoked)
  expect(event).toEqual({
    event_timestamp: claims.iat,
    initiating_entity: 'user',
    reason_admin: { en: 'The user signed out' }
  })
  expect(claims.iat).toBeLessThanOrEqual(systemClock.now())
})

/** Ways in which a session or all of a user's end, each asked for at the heart as its door does. */
const causes: [CauseName, 'session' | 'user', string][] = [
  ['sdk', 'session', 'user'],
  ['rp_initiated', 'session', 'user'],
  ['end_session_api', 'session', 'system'],
  ['account_session', 'session', 'user'],
  ['password_changed', 'session', 'user'],
  ['admin_session', 'session', 'admin'],
  ['account_everywhere', 'user', 'user'],
  ['password_reset', 'user', 'user'],
  ['account_disabled', 'user', 'admin'],
  ['admin_user', 'user', 'admin'],
  ['global_token_revocation', 'user', 'admin']
]

test.each(causes)('CAEP-04 CAEP-05: %s is told as the end of a %s, by the %s', async (name, what, entity) => {
  const at = await ssfSystem()
  const market = await receiverAt(at, 'market')
  const id = await market.open()
  const [ended, kept] = [at.browser(), at.browser()]
  const { sid } = await signIn(at, ended, 'market')
  await signIn(at, kept, 'news')
  const spared = name === 'password_changed' ? kept : ended
  const sessionUid = (await at.sessionOf(spared))?.uid
  const cause: Cause = { name, sub: 'u-ola', ...(what === 'session' ? { sessionUid } : {}) }
  const { receiptId } = await at.system.heart.end(cause)
  await at.system.jobs.settled()
  const [told, ...more] = await checkSets(at, await market.fetch(id), 'market')
  expect(more).toEqual([])
  expect(told?.claims.txn).toBe(receiptId)
  const session = { format: 'complex', session: { format: 'opaque', id: sid }, user: olaId }
  expect(told?.claims.sub_id).toEqual(what === 'session' ? session : olaId)
  expect(told?.event.initiating_entity).toBe(entity)
  expect(told?.event.reason_admin).toEqual({ en: expect.stringMatching(/^[A-Z].{10,}/) })
})

test('CAEP-05: a session that nobody used for too long is told as ended by a policy', async () => {
  const at = await ssfSystem()
  const id = await (await receiverAt(at, 'market')).open()
  const browser = at.browser()
  const { sid } = await signIn(at, browser, 'market')
  const sessionUid = (await at.sessionOf(browser))?.uid
  advance(15 * 86_400)
  await at.system.heart.end({ name: 'idle_timeout', sub: 'u-ola', sessionUid })
  const fetched = await (await receiverAt(at, 'market')).fetch(id)
  expect(await checkSets(at, fetched, 'market')).toMatchObject([
    { claims: { sub_id: { session: { id: sid } } }, event: { initiating_entity: 'policy' } }
  ])
})

test('CAEP-05: all events of one cause share one txn', async () => {
  const at = await ssfSystem()
  const market = await receiverAt(at, 'market')
  const id = await market.open()
  const sids: string[] = []
  for (let n = 0; n < 3; n++) sids.push((await signIn(at, at.browser(), 'market')).sid)
  const here = at.browser()
  await signIn(at, here, 'market')
  await at.system.heart.end({
    name: 'account_others',
    sub: 'u-ola',
    sessionUid: (await at.sessionOf(here))?.uid
  })
  const told = await checkSets(at, await market.fetch(id), 'market')
  expect(told.map(it => (it.claims.sub_id as { session: { id: string } }).session.id).sort()).toEqual(
    sids.sort()
  )
  expect(new Set(told.map(it => it.claims.txn)).size).toBe(1)
  expect(new Set(told.map(it => it.claims.jti)).size).toBe(3)
})

test('after a logout of everybody each receiver hears once of each of its users', async () => {
  const at = await ssfSystem()
  const [market, watch] = [await receiverAt(at, 'market'), await receiverAt(at, 'watch')]
  const [own, all] = [await market.open(), await watch.open()]
  for (let n = 0; n < 3; n++) await signIn(at, at.browser(), 'market')
  await signIn(at, at.browser(), 'news', { email: 'kari@example.test' })
  await at.system.heart.end({ name: 'admin_all' })
  await at.system.jobs.settled()
  const subjects = async (fetched: { sets: Record<string, string> }) =>
    Object.values(fetched.sets)
      .map(it => (decodeJwt(it).sub_id as { sub: string }).sub)
      .sort()
  // Their own tokens ended with everything else.
  const again = [await receiverAt(at, 'market'), await receiverAt(at, 'watch')] as const
  expect(await subjects(await again[0].fetch(own))).toEqual(['u-ola'])
  expect(await subjects(await again[1].fetch(all))).toEqual(['u-kari', 'u-ola'])
})

test('a receiver hears of its own sessions and users; one with the power for all hears of everybody', async () => {
  const at = await ssfSystem()
  const [market, watch] = [await receiverAt(at, 'market'), await receiverAt(at, 'watch')]
  const [own, all] = [await market.open(), await watch.open()]
  const ola = at.browser()
  await signIn(at, at.browser(), 'market')
  const { sid } = await signIn(at, ola, 'news')
  await signIn(at, at.browser(), 'news', { email: 'kari@example.test' })

  // A session in which the market is not: of a user of its own, but nothing that it knows.
  await ola.go('/logout?client_id=news')
  // A user whom it does not know.
  await at.system.heart.end({ name: 'admin_user', sub: 'u-kari' })
  expect(await market.fetch(own)).toEqual({ sets: {} })
  const seen = await checkSets(at, await watch.fetch(all), 'watch')
  expect(seen.map(it => it.claims.sub_id)).toEqual([
    {
      format: 'complex',
      session: { format: 'opaque', id: expect.stringMatching(/^[0-9a-f]{32}$/) },
      user: olaId
    },
    { format: 'iss_sub', iss: issuer, sub: 'u-kari' }
  ])
  // Not by the name that another application has for it.
  expect(JSON.stringify(seen)).not.toContain(sid)

  await at.system.heart.end({ name: 'admin_user', sub: 'u-ola' })
  expect(await checkSets(at, await market.fetch(own), 'market')).toMatchObject([
    { claims: { sub_id: olaId } }
  ])
})

test('what ends no session is told to nobody', async () => {
  const at = await ssfSystem()
  const watch = await receiverAt(at, 'watch')
  const id = await watch.open()
  const { accessToken } = await signIn(at, at.browser(), 'market')
  await at.ask('/api/2/logout', { bearer: accessToken })
  await at.system.heart.end({ name: 'account_app', sub: 'u-ola', clientId: 'market' })
  await at.system.heart.end({ name: 'admin_client', clientId: 'market' })
  await at.system.jobs.settled()
  expect(await watch.fetch(id)).toEqual({ sets: {} })
})

test('an application hears by its stream and its Logout Token, and its receipt tells of the latter alone', async () => {
  const at = await ssfSystem()
  const watch = await receiverAt(at, 'watch')
  await watch.open()
  const browser = at.browser()
  await signIn(at, browser, 'market')
  const answer = await browser.go('/logout?client_id=market')
  const receipt = await at.ask(`/logout/receipts/${answer.headers['utgang-receipt']}`)
  expect(receipt.json().applications).toEqual({ not_registered: 1 })
  expect((await at.storage.listDeliveries()).map(it => it.kind)).toEqual(['security_event'])
})

test('SSF-17 SSF-18: a user who was left out is not told of, by whatever name, until taken back', async () => {
  const at = await ssfSystem()
  const market = await receiverAt(at, 'market')
  const id = await market.open()
  const email = { format: 'email', email: 'OLA@example.test' }
  const set = async (what: 'add' | 'remove', subject: object) => {
    const answer = await market.manage('POST', `/ssf/subjects/${what}`, {
      stream_id: id,
      subject,
      verified: true
    })
    return [answer.status, answer.text]
  }
  /** The subjects of a session that ends, and then of all of one user's. */
  const heard = async (address = 'ola@example.test', sub = 'u-ola') => {
    const browser = at.browser()
    await signIn(at, browser, 'market', { email: address })
    await browser.go('/logout?client_id=market')
    await at.system.heart.end({ name: 'admin_user', sub })
    const { sets } = await market.fetch(id)
    await market.fetch(id, { ack: Object.keys(sets) })
    return Object.values(sets).map(it => (decodeJwt(it).sub_id as { format: string }).format)
  }
  expect(await heard()).toEqual(['complex', 'iss_sub'])
  for (const subject of [olaId, email, { format: 'complex', user: olaId }, { user: email }]) {
    expect(await set('remove', subject)).toEqual([204, ''])
    expect(await heard()).toEqual([])
    expect(await heard('kari@example.test', 'u-kari')).toEqual(['complex', 'iss_sub'])
    expect(await set('add', subject)).toEqual([200, ''])
    expect(await heard()).toEqual(['complex', 'iss_sub'])
  }
  // The same name with another issuer is another subject.
  expect(await set('remove', { ...olaId, iss: 'https://other.example' })).toEqual([204, ''])
  expect(await heard()).toEqual(['complex', 'iss_sub'])
})

test('SSF-17: nobody learns by subjects who has an account', async () => {
  const at = await ssfSystem()
  const market = await receiverAt(at, 'market')
  const id = await market.open()
  const answers = []
  for (const email of ['ola@example.test', 'nobody@example.test']) {
    const subject = { format: 'email', email }
    for (const what of ['remove', 'add']) {
      const { status, text } = await market.manage('POST', `/ssf/subjects/${what}`, {
        stream_id: id,
        subject
      })
      answers.push([what, status, text])
    }
  }
  expect(answers.slice(0, 2)).toEqual(answers.slice(2))
})

test('SSF-17: whoever names too many users has to wait, known ones or not; another receiver does not', async () => {
  const at = await ssfSystem()
  const [market, watch] = [await receiverAt(at, 'market'), await receiverAt(at, 'watch')]
  const [id, other] = [await market.open(), await watch.open()]
  const remove = (it: SsfReceiver, stream_id: string, subject: object) =>
    it.manage('POST', '/ssf/subjects/remove', { stream_id, subject })
  for (let round = 0; round < 12; round++) {
    const named = (n: number) => (n % 2 ? olaId : { format: 'email', email: `guess-${n}@example.test` })
    const all = Array.from({ length: 50 }, (_, n) => remove(market, id, named(n)))
    for (const { status } of await Promise.all(all)) expect(status).toBe(204)
  }
  const answer = await remove(market, id, olaId)
  expect([answer.status, Number(answer.headers['retry-after']) > 0]).toEqual([429, true])
  expect((await remove(watch, other, olaId)).status).toBe(204)
})

test.each<[string, object]>([
  ['a user without a name', { subject: { format: 'email' } }],
  ['no subject', {}],
  ['a subject without a format', { subject: { sub: 'u-ola' } }],
  ['a session alone', { subject: { format: 'complex', session: { format: 'opaque', id: 'x' } } }],
  ['one session of a user', { subject: { user: olaId, session: { format: 'opaque', id: 'x' } } }],
  ['a telephone', { subject: { format: 'phone_number', phone_number: '+4712345678' } }]
])('SSF-17: %s is not what a stream can leave out', async (_what, body) => {
  const at = await ssfSystem()
  const market = await receiverAt(at, 'market')
  const id = await market.open()
  for (const what of ['add', 'remove'])
    expect((await market.manage('POST', `/ssf/subjects/${what}`, { stream_id: id, ...body })).status).toBe(
      400
    )
})
