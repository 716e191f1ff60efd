import { expect, test } from 'vitest'
import { signIn, token } from '../support/sign-in.ts'
import { advance, startSystem } from '../support/system.ts'
import { poll, push, receiverAt, sessionRevoked, ssfSystem } from './ssf-kit.ts'

test('SSF-01 SSF-02 SSF-03: the transmitter says who it is and where its receivers go', async () => {
  const at = await ssfSystem()
  const answer = await at.ask('/.well-known/ssf-configuration')
  expect(answer.status).toBe(200)
  expect(answer.headers['content-type']).toMatch(/^application\/json/)
  const issuer = 'http://id.localhost:4000'
  expect(answer.json()).toEqual({
    spec_version: '1_0',
    issuer,
    jwks_uri: `${issuer}/oauth/jwks`,
    delivery_methods_supported: [push, poll],
    configuration_endpoint: `${issuer}/ssf/streams`,
    status_endpoint: `${issuer}/ssf/status`,
    add_subject_endpoint: `${issuer}/ssf/subjects/add`,
    remove_subject_endpoint: `${issuer}/ssf/subjects/remove`,
    verification_endpoint: `${issuer}/ssf/verification`,
    critical_subject_members: ['session', 'user'],
    authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6749' }],
    default_subjects: 'ALL'
  })
})

test('SSF-02: behind a public address every endpoint is https', async () => {
  const issuer = 'https://id.example'
  const at = await startSystem({ config: { issuer, clients: [], users: [] } })
  const metadata = (await at.ask('/.well-known/ssf-configuration')).json<Record<string, string>>()
  expect(metadata.issuer).toBe(issuer)
  const endpoints = Object.keys(metadata).filter(it => /_(endpoint|uri)$/.test(it))
  expect(endpoints).toHaveLength(6)
  for (const it of endpoints) expect(metadata[it]).toMatch(/^https:\/\/id\.example\//)
})

test('SSF-09: only a live server token of a client with the power and the scope gets in', async () => {
  const at = await ssfSystem()
  const market = await receiverAt(at, 'market')
  const list = (bearer?: string, path = '/ssf/streams') =>
    at.ask(path, bearer === undefined ? {} : { bearer })
  expect((await list(market.token)).status).toBe(200)

  const none = await list()
  expect([none.status, none.headers['www-authenticate']]).toEqual([401, 'Bearer realm="utgang"'])
  const wrong = await list('nonsense')
  expect(wrong.status).toBe(401)
  expect(wrong.headers['www-authenticate']).toContain('error="invalid_token"')
  expect((await list(undefined, `/ssf/streams?access_token=${market.token}`)).status).toBe(401)
  const user = await signIn(at, at.browser(), 'market', { params: { scope: 'openid ssf.manage' } })
  expect((await list(user.accessToken)).status).toBe(401)

  const powerless = await list((await receiverAt(at, 'forum')).token)
  expect([powerless.status, powerless.json().error]).toEqual([403, 'access_denied'])
  const things = await receiverAt(at, 'backend', 'things')
  const scopeless = await list(things.token)
  expect([scopeless.status, scopeless.json().error]).toEqual([403, 'insufficient_scope'])
  expect(scopeless.headers['www-authenticate']).toContain('scope="ssf.read"')

  const reader = await receiverAt(at, 'market', 'ssf.read')
  expect((await reader.manage('GET', '/ssf/streams')).status).toBe(200)
  const refused = await reader.manage('POST', '/ssf/streams', {})
  expect([refused.status, refused.json().error]).toEqual([403, 'insufficient_scope'])
  expect((await (await receiverAt(at, 'market', 'ssf.manage')).manage('GET', '/ssf/streams')).status).toBe(
    200
  )
})

test('SSF-09: who may only look changes nothing, at no address', async () => {
  const at = await ssfSystem()
  const id = await (await receiverAt(at, 'market', 'ssf.manage')).open()
  const reader = await receiverAt(at, 'market', 'ssf.read')
  const subject = { format: 'email', email: 'ola@example.test' }
  const changes = [
    ['POST', '/ssf/streams', {}],
    ['PATCH', '/ssf/streams', { stream_id: id, description: 'x' }],
    ['PUT', '/ssf/streams', { stream_id: id }],
    ['DELETE', `/ssf/streams?stream_id=${id}`],
    ['POST', '/ssf/status', { stream_id: id, status: 'disabled' }],
    ['POST', '/ssf/verification', { stream_id: id }],
    ['POST', '/ssf/subjects/add', { stream_id: id, subject }],
    ['POST', '/ssf/subjects/remove', { stream_id: id, subject }]
  ] as const
  for (const [method, path, body] of changes) {
    const answer = await reader.manage(method, path, body)
    expect([method, path, answer.status, answer.json().error]).toEqual([
      ...[method, path],
      ...[403, 'insufficient_scope']
    ])
    expect(answer.headers['www-authenticate']).toContain('scope="ssf.manage"')
  }
  const status = await reader.manage('GET', `/ssf/status?stream_id=${id}`)
  expect(status.json()).toEqual({ stream_id: id, status: 'enabled' })
  expect(await reader.fetch(id)).toEqual({ sets: {} })
})

test('SSF-09: a token is good for an hour, whatever the configuration gives others', async () => {
  const at = await ssfSystem({ config: { lifetimes: { access_token_seconds: 86_400 } } })
  const market = await receiverAt(at, 'market')
  advance(3590)
  expect((await market.manage('GET', '/ssf/streams')).status).toBe(200)
  advance(20)
  expect((await market.manage('GET', '/ssf/streams')).status).toBe(401)
  const own = await token(at, 'market', { grant_type: 'client_credentials', scope: 'ssf.read' })
  expect(own.status).toBe(200)
})

test('SSF-10 SSF-11 SSF-12: a stream without delivery is polled, and gets what is there of what it asked for', async () => {
  const at = await ssfSystem()
  const market = await receiverAt(at, 'market')
  const asked = [sessionRevoked, 'https://schemas.example/unheard-of']
  const made = await market.manage('POST', '/ssf/streams', {
    events_requested: asked,
    description: 'Market',
    more: 1
  })
  expect(made.status).toBe(201)
  expect(made.headers['cache-control']).toBe('no-store')
  const { stream_id } = made.json<{ stream_id: string }>()
  expect(made.json()).toEqual({
    stream_id,
    iss: 'http://id.localhost:4000',
    aud: 'market',
    delivery: { method: poll, endpoint_url: `http://id.localhost:4000/ssf/poll/${stream_id}` },
    events_supported: [sessionRevoked],
    events_requested: asked,
    events_delivered: [sessionRevoked],
    description: 'Market',
    min_verification_interval: 30
  })
})

test('SSF-12 CAEP-06: a stream that asks for other events only is promised none', async () => {
  const at = await ssfSystem()
  const market = await receiverAt(at, 'market')
  const credential = 'https://schemas.openid.net/secevent/caep/event-type/credential-change'
  const made = await market.manage('POST', '/ssf/streams', { events_requested: [credential] })
  expect(made.json()).toMatchObject({ events_requested: [credential], events_delivered: [] })
  const id = made.json<{ stream_id: string }>().stream_id
  await signIn(at, at.browser(), 'market')
  await at.system.heart.end({ name: 'admin_user', sub: 'u-ola' })
  expect(await market.fetch(id)).toEqual({ sets: {} })
})

test('SSF-10: a receiver has one stream', async () => {
  const at = await ssfSystem()
  const market = await receiverAt(at, 'market')
  await market.open()
  expect((await market.manage('POST', '/ssf/streams', {})).status).toBe(409)
  await (await receiverAt(at, 'news')).open()
})

const endpoint = 'https://market.example/events'

test.each<[string, object]>([
  ['no object', [1]],
  ['an unknown method', { delivery: { method: 'urn:ietf:rfc:1149' } }],
  ['a push to nowhere', { delivery: { method: push } }],
  ['a push by http', { delivery: { method: push, endpoint_url: 'http://market.example/events' } }],
  ['a push to this server', { delivery: { method: push, endpoint_url: 'http://id.localhost:4000/logout' } }],
  [
    'a push with a password in the address',
    { delivery: { method: push, endpoint_url: 'https://a:b@market.example' } }
  ],
  [
    'a header with a line break',
    { delivery: { method: push, endpoint_url: endpoint, authorization_header: 'a\r\nb: c' } }
  ],
  ['events that are no list', { events_requested: sessionRevoked }],
  ['a description that is no text', { description: 1 }]
])('SSF-10: a stream with %s is refused', async (_what, stream) => {
  const at = await ssfSystem({ config: { allow_private_addresses: false } })
  const market = await receiverAt(at, 'market')
  const answer = await market.manage('POST', '/ssf/streams', stream)
  expect([answer.status, answer.json().error]).toEqual([400, 'invalid_request'])
})

test('SSF-10: what is no JSON is refused', async () => {
  const at = await ssfSystem()
  const market = await receiverAt(at, 'market')
  const headers = { 'content-type': 'application/json' }
  const answer = await at.ask('/ssf/streams', {
    method: 'POST',
    bearer: market.token,
    body: '{"deli',
    headers
  })
  expect(answer.status).toBe(400)
})

test('SSF-13: a receiver reads its own stream and learns of no other', async () => {
  const at = await ssfSystem()
  const [market, news] = [await receiverAt(at, 'market'), await receiverAt(at, 'news')]
  const empty = await market.manage('GET', '/ssf/streams')
  expect([empty.status, empty.json()]).toEqual([200, []])
  const id = await market.open({ description: 'Market' })
  const one = await market.manage('GET', `/ssf/streams?stream_id=${id}`)
  expect(one.headers['cache-control']).toBe('no-store')
  expect(one.json()).toMatchObject({ stream_id: id, description: 'Market' })
  expect((await market.manage('GET', '/ssf/streams')).json()).toEqual([one.json()])
  expect((await news.manage('GET', `/ssf/streams?stream_id=${id}`)).status).toBe(404)
  expect((await news.manage('GET', '/ssf/streams')).json()).toEqual([])
  expect((await market.manage('GET', '/ssf/streams?stream_id=none')).status).toBe(404)
  for (const [method, path, body] of [
    ['PATCH', '/ssf/streams', { stream_id: id }],
    ['PUT', '/ssf/streams', { stream_id: id }],
    ['DELETE', `/ssf/streams?stream_id=${id}`],
    ['GET', `/ssf/status?stream_id=${id}`],
    ['POST', '/ssf/status', { stream_id: id, status: 'disabled' }],
    ['POST', '/ssf/verification', { stream_id: id }],
    ['POST', `/ssf/poll/${id}`, {}],
    [
      'POST',
      '/ssf/subjects/remove',
      { stream_id: id, subject: { format: 'email', email: 'ola@example.test' } }
    ]
  ] as const)
    expect([path, (await news.manage(method, path, body)).status]).toEqual([path, 404])
})

test('SSF-14: PATCH changes what it names; PUT drops what it does not name', async () => {
  const at = await ssfSystem()
  const market = await receiverAt(at, 'market')
  const delivery = { method: push, endpoint_url: endpoint, authorization_header: 'Bearer abc' }
  const id = await market.open({ delivery, description: 'Market', events_requested: [sessionRevoked] })
  const patched = await market.manage('PATCH', '/ssf/streams', {
    stream_id: id,
    description: 'Other',
    aud: 'market'
  })
  expect(patched.status).toBe(200)
  expect(patched.json()).toMatchObject({
    description: 'Other',
    delivery: { method: push, endpoint_url: endpoint },
    events_requested: [sessionRevoked]
  })
  expect((await market.manage('GET', `/ssf/streams?stream_id=${id}`)).json()).toEqual(patched.json())
  expect((await at.storage.findStream(id))?.sealedHeader).not.toBeNull()

  const put = await market.manage('PUT', '/ssf/streams', {
    ...patched.json<object>(),
    description: undefined
  })
  expect(put.status).toBe(200)
  expect(put.json()).not.toHaveProperty('description')
  // A whole stream without the header has none.
  expect((await at.storage.findStream(id))?.sealedHeader).toBeNull()
  const bare = await market.manage('PUT', '/ssf/streams', { stream_id: id })
  expect(bare.json()).toMatchObject({ stream_id: id, delivery: { method: poll } })
  expect(bare.json()).not.toHaveProperty('events_requested')
})

test.each<[string, object]>([
  ['another issuer', { iss: 'https://other.example' }],
  ['another audience', { aud: 'news' }],
  ['more supported events', { events_supported: [sessionRevoked, 'https://more.example'] }],
  ['other delivered events', { events_delivered: [] }],
  ['another interval', { min_verification_interval: 1 }]
])('SSF-14: %s is not for a receiver to say', async (_what, said) => {
  const at = await ssfSystem()
  const market = await receiverAt(at, 'market')
  const id = await market.open()
  for (const method of ['PATCH', 'PUT'] as const)
    expect((await market.manage(method, '/ssf/streams', { stream_id: id, ...said })).status).toBe(400)
})

test('SSF-14: nor is anything that is nested too deep to be compared', async () => {
  const at = await ssfSystem()
  const { token: bearer, open } = await receiverAt(at, 'market')
  const body = `{"stream_id":"${await open()}","aud":${'['.repeat(30_000)}${']'.repeat(30_000)}}`
  const headers = { 'content-type': 'application/json' }
  const answer = await at.ask('/ssf/streams', { method: 'PATCH', bearer, headers, body })
  expect([answer.status, answer.json().error]).toEqual([400, 'invalid_request'])
})

test('SSF-14: without a stream_id nothing is changed; an unknown one is not found', async () => {
  const at = await ssfSystem()
  const market = await receiverAt(at, 'market')
  await market.open()
  for (const method of ['PATCH', 'PUT'] as const) {
    expect((await market.manage(method, '/ssf/streams', { description: 'x' })).status).toBe(400)
    expect((await market.manage(method, '/ssf/streams', { stream_id: 'none' })).status).toBe(404)
  }
})

test('SSF-15: a removed stream is gone, and so is what it owed', async () => {
  const at = await ssfSystem()
  const market = await receiverAt(at, 'market')
  const id = await market.open()
  await signIn(at, at.browser(), 'market')
  await at.system.heart.end({ name: 'admin_user', sub: 'u-ola' })
  const path = `/ssf/streams?stream_id=${id}`
  expect((await market.manage('DELETE', path)).status).toBe(204)
  expect((await market.manage('DELETE', path)).status).toBe(404)
  expect((await market.manage('GET', path)).status).toBe(404)
  const next = await market.open()
  expect(next).not.toBe(id)
  expect(await market.fetch(next)).toEqual({ sets: {} })
})

test('a receiver whose power is taken back is refused, and nothing is queued for it any more', async () => {
  const at = await ssfSystem()
  const market = await receiverAt(at, 'market')
  const id = await market.open()
  const row = await at.storage.findClient('market')
  if (!row) throw new Error('no market')
  await at.storage.saveClient({ ...row, metadata: { ...row.metadata, may_receive_events: false } }, 0)
  expect((await market.manage('GET', '/ssf/streams')).status).toBe(403)
  await signIn(at, at.browser(), 'market')
  await at.system.heart.end({ name: 'admin_user', sub: 'u-ola' })
  expect(await at.storage.waitingEvents(id, 10)).toEqual({ events: [], more: false })
})

test('the header for the endpoint is kept sealed and appears in no answer, no log and no file', async () => {
  const at = await ssfSystem()
  const market = await receiverAt(at, 'market')
  const secret = 'a-header-that-nobody-sees'
  const id = await market.open({
    delivery: { method: push, endpoint_url: endpoint, authorization_header: secret }
  })
  const read = await market.manage('GET', `/ssf/streams?stream_id=${id}`)
  expect(read.text).not.toContain(secret)
  expect(JSON.stringify(await at.storage.findStream(id))).not.toContain(secret)
  expect(at.logs.join('\n')).not.toContain(secret)
})
