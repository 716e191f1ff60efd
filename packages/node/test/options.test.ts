import { expect, test } from 'vitest'
import { type AuthOptions, createAuth, memorySessions } from '../src/index.ts'

const right: AuthOptions = {
  issuer: 'https://id.example.com',
  client_id: 'news',
  client_secret: 'a secret that stays one',
  origin: 'https://news.example',
  sessions: memorySessions()
}

const withOptions = (more: object) => () => createAuth({ ...right, ...more } as AuthOptions)

const wrong: [keyof AuthOptions | 'base', unknown, string][] = [
  ['issuer', undefined, 'issuer is missing'],
  ['issuer', 'id.example.com', 'issuer is "id.example.com"'],
  ['issuer', 'http://id.example.com', 'issuer is "http://id.example.com"'],
  ['issuer', 'http://id.localhost:4000', 'issuer is "http://id.localhost:4000"'],
  ['issuer', 'https://id.example.com?x=1', 'issuer is'],
  ['issuer', 'https://a:b@id.example.com', 'issuer is'],
  ['client_id', '', 'client_id is ""'],
  ['client_secret', undefined, 'client_secret is missing'],
  ['client_secret', 7, 'client_secret is number'],
  ['origin', 'https://news.example/', 'origin is "https://news.example/"'],
  ['origin', 'https://news.example/auth', 'origin is'],
  ['origin', 'http://news.example', 'origin is'],
  ['base_path', 'auth', 'base_path is "auth"'],
  ['base_path', '/auth/', 'base_path is "/auth/"'],
  ['base_path', '/', 'base_path is "/"'],
  ['scope', 'profile', 'scope is "profile"'],
  ['resource', 'articles', 'resource is "articles"'],
  ['resource', 'https://api.example/#x', 'resource is "https://api.example/#x"'],
  ['resource', ['https://api.example/'], 'resource is object'],
  ['sessions', {}, 'sessions is object'],
  ['sessions', undefined, 'sessions is missing'],
  ['cookie_name', 'a b', 'cookie_name is "a b"'],
  ['session_seconds', 59, 'session_seconds is 59'],
  ['session_seconds', '60', 'session_seconds is "60"'],
  ['id_token_signed_response_alg', 'none', 'id_token_signed_response_alg is "none"'],
  ['id_token_signed_response_alg', 'HS256', 'id_token_signed_response_alg is "HS256"'],
  ['on_ended', 'x', 'on_ended is "x"'],
  ['fetch', 'x', 'fetch is "x"'],
  ['allow_http', 'yes', 'allow_http is "yes"'],
  ['after_login', '//evil.example', 'after_login is "//evil.example"'],
  ['after_logout', 'https://evil.example', 'after_logout is "https://evil.example"'],
  ['base', '/auth', 'base is no option']
]
test.each(wrong)('%s: %j is refused by name and value', (option, value, message) => {
  expect(withOptions({ [option]: value })).toThrow(message)
  expect(withOptions({ [option]: value })).toThrow(
    expect.objectContaining({ name: 'AuthError', code: 'invalid_options' })
  )
})

test('all problems are told at once, and no secret is', () => {
  const problems = withOptions({ client_secret: '', issuer: 'x', base_path: 'y', origin: 'z' })
  expect(problems).toThrow(/issuer.*client_secret.*origin.*base_path/)
  expect(withOptions({ client_secret: 'hush', issuer: 'x' })).not.toThrow('hush')
})

test('http is for *.localhost, and only where it was asked for', () => {
  const local = { issuer: 'http://id.localhost:4000', origin: 'http://news.localhost:4001' }
  expect(withOptions({ ...local, allow_http: true })).not.toThrow()
  expect(withOptions(local)).toThrow('or with allow_http: true')
  expect(withOptions({ issuer: 'http://id.example.com', allow_http: true })).toThrow('issuer')
  expect(withOptions({ origin: 'http://evil-localhost', allow_http: true })).toThrow('origin')
})

test('an option that is undefined is one that is not there', () => {
  expect(withOptions({ base_path: undefined, on_ended: undefined })).not.toThrow()
})

test('on https the cookie has the prefix __Host- and is Secure', async () => {
  for (const cookie_name of ['news', '__Host-news', '__Secure-news']) {
    const auth = createAuth({ ...right, cookie_name })
    const headers = { cookie: '__Host-news=gone' }
    const answer = await auth.handle(new Request('https://news.example/auth/session', { headers }))
    expect(answer?.headers.getSetCookie()).toEqual([
      '__Host-news=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure'
    ])
    await auth.close()
  }
})

test('creating it asks nobody anything', async () => {
  let asked = 0
  const auth = createAuth({ ...right, fetch: () => Promise.reject(new Error(String(++asked))) })
  const request = new Request('https://news.example/')
  expect(await auth.handle(request)).toBe(undefined)
  expect(await auth.session(request)).toBe(undefined)
  expect(asked).toBe(0)
  await auth.close()
})
