import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { HeardEnd } from '../../src/tokens/heard.ts'
import { type EventOptions, receiveEvents } from '../../src/tokens/index.ts'
import { credentials, type Issuer, issuer, openIssuer } from './support/issuer.ts'

const sessionRevoked = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked'
const verification = 'https://schemas.openid.net/secevent/ssf/event-type/verification'

describe('from a real transmitter', () => {
  let at: Issuer
  let bearer: string
  beforeAll(async () => {
    at = await openIssuer()
    const answer = await at.ask('/oauth/token', {
      form: { grant_type: 'client_credentials', scope: 'ssf.manage ssf.read' },
      basic: [credentials.client_id, credentials.client_secret]
    })
    bearer = String(answer.json().access_token)
  })
  afterAll(() => at.close())

  /** A guard that hears, and a token that it lets pass and remembers. */
  async function scene(more: Partial<EventOptions> = {}) {
    const guard = at.guard({ introspection: { ...credentials, cache_seconds: 300 } })
    const errors: unknown[] = []
    const receiver = receiveEvents({
      issuer,
      audience: 'api',
      heard: guard.heard,
      fetch: at.fetch,
      on_error: error => void errors.push(error),
      ...more
    })
    onTestFinished(() => receiver.close())
    const browser = at.browser()
    const signedIn = await at.signIn('market', browser)
    expect(await guard.status(signedIn.accessToken)).toBe(200)
    const logOut = () => browser.visit(`/logout?id_token_hint=${signedIn.idToken}`)
    return { guard, receiver, errors, logOut, accessToken: signedIn.accessToken }
  }

  async function stream(delivery: object): Promise<{ id: string; endpoint: string }> {
    const made = await at.ask('/ssf/streams', { method: 'POST', bearer, json: { delivery } })
    const { stream_id: id, delivery: got } = made.json<{
      stream_id: string
      delivery: { endpoint_url: string }
    }>()
    onTestFinished(async () => {
      await at.ask(`/ssf/streams?stream_id=${id}`, { method: 'DELETE', bearer })
    })
    return { id, endpoint: got.endpoint_url }
  }

  test('a token is refused as soon as the event has been pushed', async () => {
    const { guard, receiver, errors, logOut, accessToken } = await scene({ authorization: 'Bearer ours' })
    const answers: number[] = []
    const server = createServer(async (req, res) => {
      const chunks: Uint8Array[] = []
      for await (const chunk of req) chunks.push(chunk)
      const headers = req.headers as Record<string, string>
      const request = new Request('http://api.example/events', {
        method: 'POST',
        headers,
        body: Buffer.concat(chunks)
      })
      const answer = await receiver.push(request)
      answers.push(answer.status)
      res.writeHead(answer.status).end()
    })
    onTestFinished(() => void server.close())
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as AddressInfo
    await stream({
      method: 'urn:ietf:rfc:8935',
      endpoint_url: `http://127.0.0.1:${port}/events`,
      authorization_header: 'Bearer ours'
    })
    await logOut()
    await vi.waitFor(async () => expect(await guard.status(accessToken)).toBe(401), 10_000)
    expect(answers).toContain(202)
    expect(answers.every(it => it === 202)).toBe(true)
    expect(errors).toEqual([])
  })

  test('or has been fetched; what was heard is acknowledged, and not fetched again', async () => {
    const { guard, receiver, errors, logOut, accessToken } = await scene()
    const { id, endpoint } = await stream({ method: 'urn:ietf:rfc:8936' })
    const poll = receiver.poll({ endpoint_url: endpoint, token: () => bearer })
    await logOut()
    await vi.waitFor(async () => expect(await guard.status(accessToken)).toBe(401), 10_000)
    const waiting = async () =>
      (await at.ask(`/ssf/poll/${id}`, { method: 'POST', bearer, json: { returnImmediately: true } })).json<{
        sets: object
      }>().sets
    await vi.waitFor(async () => expect(await waiting()).toEqual({}), 10_000)
    await poll.stop()
    expect(errors).toEqual([])
  })

  test('while the keys cannot be had an event comes again, and is heard then', async () => {
    const { guard, receiver, errors, logOut, accessToken } = await scene()
    const { endpoint } = await stream({ method: 'urn:ietf:rfc:8936' })
    at.down.add('/oauth/jwks')
    const poll = receiver.poll({ endpoint_url: endpoint, token: () => bearer })
    await logOut()
    await vi.waitFor(() => expect(errors.length).toBeGreaterThan(0), 10_000)
    expect(await guard.status(accessToken)).toBe(200)
    at.down.clear()
    await vi.waitFor(async () => expect(await guard.status(accessToken)).toBe(401), 10_000)
    await poll.stop()
  })
})

describe('what is pushed', async () => {
  const at = 1_800_000_000
  const keys = await generateKeyPair('RS256')
  const stranger = await generateKeyPair('RS256')
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }
  const user = { format: 'iss_sub', iss: issuer, sub: 'ola' }

  interface Otherwise {
    header?: object
    claims?: object
    key?: CryptoKey
    request?: { headers?: Record<string, string>; body?: string }
    keysDown?: boolean
    authorization?: string
  }

  async function pushed(otherwise: Otherwise = {}) {
    const claims = {
      ...{ iss: issuer, aud: 'api', iat: at, jti: 'one', sub_id: user },
      events: { [sessionRevoked]: { event_timestamp: at - 3 } },
      ...otherwise.claims
    }
    const jwt = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: 'one', typ: 'secevent+jwt', ...otherwise.header })
      .sign(otherwise.key ?? keys.privateKey)
    const heard: HeardEnd[] = []
    const receiver = receiveEvents({
      issuer,
      audience: 'api',
      heard: end => void heard.push(end),
      authorization: otherwise.authorization,
      now: () => at,
      on_error: () => {},
      async fetch(input) {
        if (otherwise.keysDown) throw new TypeError('fetch failed')
        const isKeys = new URL(input).pathname === '/keys'
        return Response.json(isKeys ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/keys` })
      }
    })
    const { headers, body = jwt } = otherwise.request ?? {}
    const answer = await receiver.push(
      new Request('https://api.example/events', {
        method: 'POST',
        headers: { 'content-type': 'application/secevent+jwt', ...headers },
        body
      })
    )
    const text = await answer.text()
    return { status: answer.status, err: text === '' ? undefined : JSON.parse(text).err, heard }
  }

  test.each<[string, object, HeardEnd[]]>([
    ['a user', {}, [{ sub: 'ola', at: at - 3 }]],
    [
      'a session',
      { sub_id: { format: 'complex', user, session: { format: 'opaque', id: 'a-sid' } } },
      [{ sub: 'ola', sid: 'a-sid', at: at - 3 }]
    ],
    [
      'an instant in milliseconds',
      { events: { [sessionRevoked]: { event_timestamp: at * 1000 } } },
      [{ sub: 'ola', at }]
    ],
    ['no instant', { events: { [sessionRevoked]: {} } }, [{ sub: 'ola', at }]],
    [
      'a subject that nobody understands',
      { sub_id: { format: 'email', email: 'a@b.example' } },
      [{ at: at - 3 }]
    ],
    ['a user of another issuer', { sub_id: { ...user, iss: 'https://other.example' } }, [{ at: at - 3 }]],
    ['no subject', { sub_id: undefined }, [{ at: at - 3 }]],
    ['an event that nobody knows', { events: { 'https://new.example/event': {} } }, [{ sub: 'ola', at }]],
    ['the stream itself', { events: { [verification]: { state: 'x' } } }, []]
  ])('about %s is heard as such', async (_what, claims, heard) => {
    expect(await pushed({ claims })).toEqual({ status: 202, err: undefined, heard })
  })

  test.each<[string, Otherwise, number, string | undefined]>([
    ['of another issuer', { claims: { iss: 'https://other.example' } }, 400, 'invalid_issuer'],
    ['for somebody else', { claims: { aud: 'news' } }, 400, 'invalid_audience'],
    ['that somebody else signed', { key: stranger.privateKey }, 400, 'invalid_key'],
    ['with an unknown key', { header: { kid: 'two' } }, 400, 'invalid_key'],
    ['that is a Logout Token', { header: { typ: 'logout+jwt' } }, 400, 'invalid_request'],
    ['that is an access token', { header: { typ: 'at+jwt' } }, 400, 'invalid_request'],
    ['without a type', { header: { typ: undefined } }, 400, 'invalid_request'],
    ['without events', { claims: { events: undefined } }, 400, 'invalid_request'],
    ['without a name', { claims: { jti: undefined } }, 400, 'invalid_request'],
    ['that is no JWT', { request: { body: 'nothing' } }, 400, 'invalid_request'],
    ['that is enormous', { request: { body: 'x'.repeat(40_000) } }, 400, 'invalid_request'],
    ['as a form', { request: { headers: { 'content-type': 'text/plain' } } }, 400, 'invalid_request'],
    ['by a stranger', { authorization: 'Bearer ours' }, 400, 'authentication_failed'],
    ['while the keys are out of reach', { keysDown: true }, 503, undefined]
  ])('%s is not heard', async (_what, otherwise, status, err) => {
    expect(await pushed(otherwise)).toEqual({ status, err, heard: [] })
  })
})
