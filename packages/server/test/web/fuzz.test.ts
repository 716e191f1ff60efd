import { connect } from 'node:net'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { signIn } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'
import { routesOf } from './routes.ts'

let at: TestSystem
let port: number
/** Values that get further than nonsense does. */
let goodValues: string[]
let paths: string[]
beforeAll(async () => {
  at = await openSystem({ config: { registration: true } })
  port = Number(new URL(at.origin).port)
  const browser = at.browser()
  const { accessToken, refreshToken, idToken, code, sid, sub } = await signIn(at, browser, 'forum')
  goodValues = [accessToken, refreshToken, idToken, code, sid, sub, ...browser.seen]
  paths = [...new Set(routesOf(at).map(route => route.path))]
})
afterAll(() => at.close())

const names = [
  'client_id',
  'redirect_uri',
  'oauth_token',
  'id_token_hint',
  'post_logout_redirect_uri',
  'state',
  'continue',
  'sdk_ticket',
  'ticket',
  'client_sdrn',
  'response_type',
  'scope',
  'code_challenge',
  'code_challenge_method',
  'grant_type',
  'code',
  'refresh_token',
  'token',
  'sid',
  'prompt',
  'max_age',
  'claims',
  'login',
  'password',
  'ui_locales',
  'callback',
  '__proto__',
  'constructor',
  'a[b]'
]
const words = [
  'forum',
  'app',
  'https://forum.example/callback',
  'code',
  'openid',
  'S256',
  'none',
  'authorization_code'
]
const odd = [
  '',
  '%',
  '%zz',
  '%00',
  '%ff%fe',
  '\u0000',
  '../../etc/passwd',
  '{"a":',
  '-1',
  '1e999',
  'x'.repeat(9000),
  "';--",
  '<script>',
  '𝕏'
]

/** What a client may say when it registers itself, and what it may not. */
const metadata = [
  'redirect_uris',
  'post_logout_redirect_uris',
  'backchannel_logout_uri',
  'frontchannel_logout_uri',
  'grant_types',
  'response_types',
  'application_type',
  'token_endpoint_auth_method',
  'jwks',
  'jwks_uri',
  'scope',
  'contacts',
  'sdk',
  'client_secret',
  'default_max_age'
]
const registrations = () =>
  fc
    .dictionary(
      fc.constantFrom(...metadata),
      fc.oneof(
        fc.jsonValue({ maxDepth: 2 }),
        fc.constantFrom(...odd, 'https://a.example/cb'),
        fc.array(fc.constantFrom<unknown>('https://a.example/cb', 'authorization_code', 'code', 7, null))
      ),
      { maxKeys: 5 }
    )
    .map(body => ({ path: '/oauth/register', type: 'application/json', body: JSON.stringify(body) }))

/** What a page of the client could send, and what it could not. */
const pageLogouts = () =>
  fc
    .oneof(
      fc.dictionary(
        fc.constantFrom('client_id', 'access_token', 'id_token_hint', '__proto__', 'toString'),
        fc.oneof(
          fc.constantFrom(...goodValues),
          fc.constantFrom<unknown>(...odd, 7, null, ['a'], {}, 'forum')
        ),
        { maxKeys: 4 }
      ),
      fc.jsonValue({ maxDepth: 2 })
    )
    .map(body => ({
      method: 'POST',
      path: '/sdk/logout',
      query: 'client_id=forum',
      type: 'application/json',
      headers: [['Origin', 'https://forum.example']] as [string, string][],
      body: JSON.stringify(body)
    }))

/** A request as bytes: what a client library would never send comes through as well. */
const requests = () => {
  const value = fc.oneof(
    fc.constantFrom(...odd),
    fc.constantFrom(...words),
    fc.constantFrom(...goodValues),
    fc.string()
  )
  const pair = fc.tuple(fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 8 })), value, fc.boolean())
  const parameters = fc
    .array(pair, { maxLength: 6 })
    .map(pairs => pairs.map(([name, it, raw]) => `${encode(name, false)}=${encode(it, raw)}`).join('&'))
  const path = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...paths) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(...paths).chain(it => value.map(more => `${it}/${encode(more, true)}`))
    },
    { weight: 1, arbitrary: fc.string({ maxLength: 20 }).map(it => `/${encode(it, true)}`) }
  )
  const header = fc.tuple(
    fc.constantFrom(
      'Cookie',
      'Authorization',
      'Origin',
      'Referer',
      'Sec-Fetch-Site',
      'Sec-Fetch-Dest',
      'Sec-Fetch-Mode',
      'Accept',
      'X-Forwarded-For',
      'Host'
    ),
    value.map(it => it.replace(/[^\x20-\x7e]/g, '?'))
  )
  return fc.record({
    method: fc.constantFrom('GET', 'POST', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH'),
    path,
    query: parameters,
    headers: fc.array(
      fc.oneof(
        header,
        fc.constantFrom(...goodValues).map((it): [string, string] => ['Authorization', `Bearer ${it}`]),
        fc.constantFrom(...goodValues).map((it): [string, string] => ['Cookie', `__Host-utgang=${it}`]),
        fc.constantFrom(...goodValues).map((it): [string, string] => ['Cookie', `__Host-utgang-sdk=${it}`])
      ),
      { maxLength: 3 }
    ),
    type: fc.constantFrom(
      'application/x-www-form-urlencoded',
      'application/json',
      'text/plain',
      'nonsense',
      ''
    ),
    body: fc.oneof(
      parameters,
      fc.constantFrom('{', '[]', 'null', '{"redirect_uris":7}', '{"__proto__":1}'),
      fc.string()
    )
  })
}

test('whatever comes in, nothing breaks inside and no stack trace goes out', async () => {
  const registering = registrations().map(it => ({ method: 'POST', query: '', headers: [], ...it }))
  const any = fc.oneof(
    { weight: 5, arbitrary: requests() },
    { weight: 1, arbitrary: registering },
    { weight: 1, arbitrary: pageLogouts() }
  )
  await fc.assert(
    fc.asyncProperty(any, async ({ method, path, query, headers, type, body }) => {
      const bytes = Buffer.from(method === 'GET' || method === 'HEAD' ? '' : body)
      const lines = [
        `${method} ${path}${query && `?${query}`} HTTP/1.1`,
        ...(headers.some(([name]) => name === 'Host') ? [] : ['Host: id.localhost:4000']),
        'Connection: close',
        ...headers.map(([name, value]) => `${name}: ${value}`),
        ...(type && bytes.length > 0 ? [`Content-Type: ${type}`] : []),
        `Content-Length: ${bytes.length}`
      ]
      const answer = await send(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), bytes]))
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])
      expect(status, answer.slice(0, 2000)).toBeGreaterThanOrEqual(200)
      expect(status, answer.slice(0, 2000)).toBeLessThan(500)
      expect(answer).not.toMatch(/\n\s+at .+:\d+:\d+|node_modules|\.ts:\d+/)
    }),
    { numRuns: 2000 }
  )
  // Errors that were answered as something harmless must not hide in the log either.
  expect(at.logs.filter(line => JSON.parse(line).level >= 50)).toEqual([])
})

function send(request: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    const parts: Buffer[] = []
    socket.on('data', part => void parts.push(part))
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(parts).toString('utf8')))
  })
}

/** As it may stand in an address: with what breaks a request line escaped, and otherwise raw where asked. */
function encode(text: string, raw: boolean): string {
  return raw
    ? text.replace(/[^\x21-\x7e]|[#]/g, it => encodeURIComponent(it.isWellFormed() ? it : '?'))
    : encodeURIComponent(text.toWellFormed())
}
