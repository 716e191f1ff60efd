import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientsIn } from '../../src/clients/client.ts'
import { returnAddresses } from '../config/return-addresses.ts'
import { password } from '../support/fixtures.ts'
import { authorization, codeOf, signIn } from '../support/sign-in.ts'
import { openSystem, startSystem, type TestSystem } from '../support/system.ts'

type Metadata = Record<string, unknown>

const web: Metadata = { redirect_uris: ['https://new.example/callback'], client_name: 'A new one' }

/** Registrations come through this proxy. */
const proxied = { trust_proxy: ['127.0.0.1'] }

/** The issuer is https, so nothing is eased for loopback. */
const online = { issuer: 'https://id.example', users: [], ...proxied }

interface Registered {
  status: number
  text: string
  json<T = Metadata>(): T
}

let nth = 0

async function register(at: TestSystem, metadata: Metadata, bearer?: string): Promise<Registered> {
  // Each from an address of its own: too many from one have to wait.
  const headers = new Headers({
    'content-type': 'application/json',
    'x-forwarded-for': `10.0.0.${++nth % 250}`
  })
  if (bearer !== undefined) headers.set('authorization', `Bearer ${bearer}`)
  const body = JSON.stringify(metadata)
  const answer = await fetch(`${at.origin}/oauth/register`, { method: 'POST', headers, body })
  const text = await answer.text()
  return { status: answer.status, text, json: () => JSON.parse(text) }
}

/** Which of the addresses that the config judges can be registered: for a web client, for a native one. */
async function takenAddresses(at: TestSystem): Promise<[address: string, web: boolean, native: boolean][]> {
  const none = { token_endpoint_auth_method: 'none' }
  const taken: [string, boolean, boolean][] = []
  for (const [address] of returnAddresses) {
    const answers = []
    for (const [application_type, own] of [
      ['web', 'https://new.example/callback'],
      ['native', 'example.new:/callback']
    ])
      answers.push(
        (await register(at, { ...none, application_type, redirect_uris: [address] })).status,
        (
          await register(at, {
            ...none,
            application_type,
            redirect_uris: [own],
            post_logout_redirect_uris: [address]
          })
        ).status
      )
    const [web, webAfter, native, nativeAfter] = answers
    expect([address, webAfter, nativeAfter]).toEqual([address, web, native])
    taken.push([address, web === 201, native === 201])
  }
  return taken
}

test('is off unless the config says otherwise: not there, not advertised', async () => {
  const at = await startSystem()
  expect((await register(at, web)).status).toBe(404)
  expect((await at.ask('/oauth/register/news')).status).toBe(404)
  expect((await at.ask('/.well-known/openid-configuration')).json().registration_endpoint).toBeUndefined()
})

describe('when it is on, at a public address', () => {
  let at: TestSystem
  beforeAll(async () => {
    at = await openSystem({ config: { ...online, registration: true } })
  })
  afterAll(() => at.close())

  test('MD-05: it is advertised, and echoes what was registered', async () => {
    const { registration_endpoint } = (await at.ask('/.well-known/openid-configuration')).json()
    expect(registration_endpoint).toBe('https://id.example/oauth/register')
    const logout = {
      post_logout_redirect_uris: ['https://new.example/bye'],
      backchannel_logout_uri: 'https://new.example/told?kept=1',
      backchannel_logout_session_required: true,
      frontchannel_logout_uri: 'https://new.example/frame',
      frontchannel_logout_session_required: true
    }
    const answer = await register(at, { ...web, ...logout })
    expect(answer.status, answer.text).toBe(201)
    expect(answer.json()).toMatchObject({ ...web, ...logout, client_id: expect.any(String) })
    const row = await at.storage.findClient(String(answer.json().client_id))
    expect(row).toMatchObject({ source: 'registered', backchannelLogoutUri: logout.backchannel_logout_uri })
    // Read back by the client itself, as it may at any time.
    const { registration_client_uri, registration_access_token } = answer.json<Record<string, string>>()
    const { pathname } = new URL(String(registration_client_uri))
    const read = await at.ask(pathname, { bearer: registration_access_token })
    expect([read.status, read.json()]).toEqual([200, expect.objectContaining(logout)])
  })

  const powers: Metadata[] = [
    { origins: ['https://new.example'] },
    { sdk: true },
    { require_pkce: false },
    { logout_confirmation: 'auto' },
    { consent: 'skip' },
    { introspects: true },
    { may_end_sessions: true },
    { may_revoke_globally: true },
    { legacy_jsonp: true },
    { legacy_password_grant: true },
    { scope: 'openid global_token_revocation' },
    { sign_secret: 'sixteen characters' },
    { sign_secret_sealed: 'x' },
    { webhook_uri: 'https://new.example/hook' },
    { webhook_secret_sealed: 'x' },
    { may_receive_events: true },
    { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] },
    { grant_types: ['authorization_code', 'client_credentials'] },
    { grant_types: ['authorization_code', 'password'] },
    { grant_types: ['authorization_code', 'implicit'], response_types: ['code', 'id_token'] }
  ]

  test.each(powers)('nobody gives themselves %j', async power => {
    const answer = await register(at, { ...web, ...power })
    const key = Object.keys(power)[0] ?? ''
    if (answer.status === 201) {
      // What we do not know is not kept.
      expect(answer.json()).not.toHaveProperty(key)
      const row = await at.storage.findClient(String(answer.json().client_id))
      expect(row?.metadata).not.toHaveProperty(key)
      expect(key).toBe('sign_secret')
    } else {
      expect(answer.status).toBe(400)
      expect(answer.json().error).toBe('invalid_client_metadata')
    }
  })

  const native = { application_type: 'native', token_endpoint_auth_method: 'none' }
  const addresses: { what: string; metadata: Metadata; status: number }[] = [
    { what: 'http', metadata: { redirect_uris: ['http://new.example/callback'] }, status: 400 },
    {
      what: 'http on loopback, for a web client',
      metadata: { redirect_uris: ['http://localhost/c'] },
      status: 400
    },
    {
      what: 'http on 127.0.0.1, for a web client',
      metadata: { redirect_uris: ['http://127.0.0.1/c'] },
      status: 400
    },
    { what: 'a fragment', metadata: { redirect_uris: ['https://new.example/c#x'] }, status: 400 },
    { what: 'an empty fragment', metadata: { redirect_uris: ['https://new.example/c#'] }, status: 400 },
    { what: 'javascript:', metadata: { redirect_uris: ['javascript:alert(1)'] }, status: 400 },
    { what: 'data:', metadata: { redirect_uris: ['data:text/html,x'] }, status: 400 },
    { what: 'an app scheme, for a web client', metadata: { redirect_uris: ['app.new:/c'] }, status: 400 },
    { what: 'no address', metadata: { redirect_uris: [] }, status: 400 },
    {
      what: 'native: loopback http',
      metadata: { ...native, redirect_uris: ['http://127.0.0.1/c'] },
      status: 201
    },
    {
      what: 'native: http elsewhere',
      metadata: { ...native, redirect_uris: ['http://new.example/c'] },
      status: 400
    },
    {
      what: 'native: a scheme of its own',
      metadata: { ...native, redirect_uris: ['example.new:/c'] },
      status: 201
    },
    {
      what: 'native: javascript:',
      metadata: { ...native, redirect_uris: ['javascript:alert(1)'] },
      status: 400
    },
    { what: 'native: data:', metadata: { ...native, redirect_uris: ['data:text/html,x'] }, status: 400 },
    { what: 'native: vbscript:', metadata: { ...native, redirect_uris: ['vbscript:x'] }, status: 400 },
    { what: 'native: file:', metadata: { ...native, redirect_uris: ['file:///etc/passwd'] }, status: 400 },
    {
      what: 'native: blob:',
      metadata: { ...native, redirect_uris: ['blob:https://new.example/x'] },
      status: 400
    },
    {
      what: 'native: a word without a dot',
      metadata: { ...native, redirect_uris: ['myapp:/c'] },
      status: 201
    },
    {
      what: 'after logout: http',
      metadata: { ...web, post_logout_redirect_uris: ['http://new.example/bye'] },
      status: 400
    },
    {
      what: 'after logout: a fragment',
      metadata: { ...web, post_logout_redirect_uris: ['https://new.example/#bye'] },
      status: 400
    },
    {
      what: 'after logout: javascript:',
      metadata: { ...web, post_logout_redirect_uris: ['javascript:alert(1)'] },
      status: 400
    },
    {
      what: 'after logout: native javascript:',
      metadata: {
        ...native,
        redirect_uris: ['example.new:/c'],
        post_logout_redirect_uris: ['javascript:alert(1)']
      },
      status: 400
    },
    {
      what: 'after logout: native scheme',
      metadata: {
        ...native,
        redirect_uris: ['example.new:/c'],
        post_logout_redirect_uris: ['example.new:/bye']
      },
      status: 201
    },
    {
      what: 'back-channel: http',
      metadata: { ...web, backchannel_logout_uri: 'http://new.example/told' },
      status: 400
    },
    {
      what: 'back-channel: a fragment',
      metadata: { ...web, backchannel_logout_uri: 'https://new.example/#told' },
      status: 400
    },
    {
      what: 'front-channel: http',
      metadata: { ...web, frontchannel_logout_uri: 'http://new.example/frame' },
      status: 400
    },
    {
      what: 'front-channel: another origin',
      metadata: { ...web, frontchannel_logout_uri: 'https://other.example/frame' },
      status: 400
    },
    {
      what: 'front-channel: javascript:',
      metadata: { ...web, frontchannel_logout_uri: 'javascript:alert(1)' },
      status: 400
    },
    {
      what: 'back-channel: a password',
      metadata: { ...web, backchannel_logout_uri: 'https://a:b@new.example/told' },
      status: 400
    },
    {
      what: 'front page: a password',
      metadata: { ...web, client_uri: 'https://a:b@new.example/' },
      status: 400
    },
    { what: 'front page: javascript:', metadata: { ...web, client_uri: 'javascript:alert(1)' }, status: 400 },
    { what: 'logo: data:', metadata: { ...web, logo_uri: 'data:image/svg+xml,x' }, status: 400 },
    { what: 'policy: javascript:', metadata: { ...web, policy_uri: 'javascript:alert(1)' }, status: 400 }
  ]

  test('addresses are judged one by one (OC-05, BCP-02, RPI-16, FCL-02, BCL-04)', async () => {
    const seen = []
    for (const { what, metadata } of addresses)
      seen.push({ what, status: (await register(at, metadata)).status })
    expect(seen).toEqual(addresses.map(({ what, status }) => ({ what, status })))
  })

  test('addresses to return to are judged as in the config, without http for web clients (RPI-16, BCP-02)', async () => {
    expect(await takenAddresses(at)).toEqual(
      returnAddresses.map(([address, web, native]) => [address, web && !address.startsWith('http:'), native])
    )
  })
})

describe('when it is on', () => {
  let at: TestSystem
  beforeAll(async () => {
    at = await openSystem({ config: { ...proxied, registration: true } })
  })
  afterAll(() => at.close())

  test('addresses to return to are judged as in the config (RPI-16, BCP-02)', async () => {
    expect(await takenAddresses(at)).toEqual(returnAddresses)
  })

  const front = { frontchannel_logout_uri: 'https://new.example/frame' }
  test.each<[Metadata]>([
    [{ redirect_uris: 'https://new.example/callback', ...front }],
    [{ redirect_uris: [null], ...front }],
    [{ redirect_uris: ['https://new.example/\r\nSet-Cookie: x=1'] }],
    [{ redirect_uris: ['https://new.example/æ'] }],
    [{ ...web, post_logout_redirect_uris: 'https://new.example/bye' }],
    [{ ...web, frontchannel_logout_uri: {} }],
    [{ ...web, frontchannel_logout_session_required: 'yes' }],
    [{ ...web, tokens_end_with_session: 'yes' }],
    [{ ...web, grant_types: 5 }],
    [{ ...web, token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'http://127.0.0.1:9/keys' }]
  ])('%j is refused, and breaks nothing', async metadata => {
    const answer = await register(at, metadata)
    expect([answer.status, answer.json().error]).toEqual([400, expect.stringMatching(/^invalid_/)])
  })

  test('the secret is kept as a hash, shown once, and works', async () => {
    const answer = await register(at, web)
    const { client_id, client_secret, registration_access_token, registration_client_uri } =
      answer.json<Record<string, string>>()
    const row = await at.storage.findClient(client_id ?? '')
    expect(JSON.stringify(row)).not.toContain(client_secret)
    const path = new URL(registration_client_uri ?? '').pathname
    const read = await at.ask(path, { bearer: registration_access_token })
    expect(read.status).toBe(200)
    expect(read.json()).toMatchObject(web)
    expect(read.text).not.toContain('$s$')
    expect(read.json().client_secret).toBeUndefined()
    expect((await at.ask(path, { bearer: 'another' })).status).toBe(401)
    expect((await at.ask(path)).status).toBeGreaterThanOrEqual(400)

    const form = { grant_type: 'refresh_token', refresh_token: 'none' }
    const right = await at.ask('/oauth/token', { form, basic: [client_id ?? '', client_secret ?? ''] })
    expect(right.json().error).toBe('invalid_grant')
    const wrong = await at.ask('/oauth/token', { form, basic: [client_id ?? '', 'wrong'] })
    expect(wrong.json().error).toBe('invalid_client')
    const hash = String(row?.metadata.client_secret)
    const stolen = await at.ask('/oauth/token', { form, basic: [client_id ?? '', hash] })
    expect(stolen.json().error).toBe('invalid_client')
  })

  test('the person is always asked, and it needs PKCE', async () => {
    const { client_id } = (await register(at, web)).json<Record<string, string>>()
    const params = { client_id, redirect_uri: 'https://new.example/callback', scope: 'openid' }
    const browser = at.browser()
    const page = await browser.visit(authorization('news', params).path)
    const asked = await browser.follow(await browser.submit(page, { login: 'ola@example.test', password }))
    expect(asked.text).toContain('id="allow"')
    expect(codeOf(await browser.follow(await browser.submit(asked, { decision: 'allow' })))).toBeTruthy()
    const without = await browser.visit(
      authorization('news', { ...params, code_challenge: undefined, code_challenge_method: undefined }).path
    )
    expect(without.location).toContain('error=invalid_request')
  })

  test('an error is shown here, not sent there, until somebody has signed in (BCP-04)', async () => {
    const { client_id } = (await register(at, web)).json<Record<string, string>>()
    const params = { client_id, redirect_uri: 'https://new.example/callback', scope: 'openid' }
    const browser = at.browser()
    for (const wrong of [
      { response_type: 'token' },
      { response_type: 'token', prompt: 'none' },
      { code_challenge: undefined },
      { response_mode: 'form_post', prompt: 'x' }
    ]) {
      const answer = await browser.visit(authorization('news', { ...params, ...wrong }).path)
      expect(answer.status).toBe(400)
      expect(answer.location).toBeUndefined()
      expect(answer.text).toContain('id="error"')
      expect(answer.text).not.toContain('https://new.example/callback')
    }
    // In silence there is nobody to show anything to.
    const none = await browser.visit(authorization('news', { ...params, prompt: 'none' }).path)
    expect(none.location).toContain('error=login_required')
    await signIn(at, browser, 'news')
    const back = await browser.visit(authorization('news', { ...params, code_challenge: undefined }).path)
    expect(back.location).toMatch(/^https:\/\/new\.example\/callback\?error=invalid_request/)
  })

  test('its tokens end with the session when it wants to be told of the end', async () => {
    const answer = await register(at, { ...web, backchannel_logout_uri: 'https://new.example/told' })
    expect(answer.status).toBe(201)
    const client = await clientsIn(at.storage).find(String(answer.json().client_id))
    expect(client).toMatchObject({
      source: 'registered',
      tokensEndWithSession: true,
      consent: 'ask',
      introspects: false,
      mayEndSessions: false,
      sdk: false
    })
  })

  test('an initial access token is asked for where the config has one', async () => {
    const initial_access_token = 'a-token-for-those-who-may-register'
    const at = await startSystem({ config: { registration: { initial_access_token } } })
    expect((await register(at, web)).status).toBe(401)
    expect((await register(at, web, 'another-token-altogether')).status).toBe(401)
    expect((await register(at, web, initial_access_token)).status).toBe(201)
  })

  test('nobody registers over a client of the config', async () => {
    const answer = await register(at, { ...web, client_id: 'news' })
    expect(answer.json().client_id).not.toBe('news')
    expect(await at.storage.findClient('news')).toMatchObject({ source: 'config' })
  })
})
