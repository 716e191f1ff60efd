import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Asking } from '../support/browser.ts'
import { issuer } from '../support/fixtures.ts'
import { authenticated, authorization } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem({ config: { registration: true, trust_proxy: ['127.0.0.1'] } })
})
afterAll(() => at.close())

const codeOn = (answer: Answer): string | undefined => /data-code="(\w+)"/.exec(answer.text)?.[1]

/** A request that a proxy passes on. */
const through = (ip: string): Asking => ({ headers: { 'x-forwarded-for': ip } })

describe('an authorization request', () => {
  const tooLong = 'x'.repeat(9000)

  test.each([
    ['a query', () => at.ask(authorization('news', { state: tooLong }).path)],
    ['a form', () => at.ask('/oauth/authorize', { form: { client_id: 'news', state: tooLong } })],
    [
      'ten thousand fields',
      () =>
        at.ask('/oauth/authorize', {
          form: new URLSearchParams(Array.from({ length: 10_000 }, (_, index) => [index.toString(36), '1']))
        })
    ],
    ['another path', () => at.ask(`/flow/login?client_id=news&state=${tooLong}`)]
  ])('that is too long, as %s, gets a page and is not kept', async (_what, send) => {
    const answer = await send()
    expect([answer.status, codeOn(answer)]).toEqual([400, 'invalid_request'])
    expect([answer.location, answer.setCookies]).toEqual([undefined, []])
  })
})

test('a thousand sign-ins that one address begins and leaves are stored, then it has to wait', async () => {
  const early = at.browser()
  const begun = await early.go(authorization('news').path, through('192.0.2.1'))
  const { path } = authorization('news')
  const begin = (ip: string, params = {}): Promise<Answer> =>
    at.ask(`${path}&${new URLSearchParams(params)}`, through(ip))
  for (let part = 0; part < 9; part++) {
    const answers = await Promise.all(Array.from({ length: 111 }, () => begin('192.0.2.1')))
    expect(new Set(answers.map(it => it.status))).toEqual(new Set([303]))
  }
  const late = await begin('192.0.2.1')
  expect([late.status, codeOn(late), late.location]).toEqual([429, 'too_many_requests', undefined])
  expect(Number(late.headers['retry-after'])).toBeGreaterThan(0)
  // What is not stored is answered, and so is everybody else.
  expect((await begin('192.0.2.1', { prompt: 'none' })).location).toContain('error=login_required')
  expect((await begin('192.0.2.2')).status).toBe(303)
  // What is done with makes room.
  const done = await early.go(`${begun.location}/cancel`, through('192.0.2.1'))
  const { pathname } = new URL(done.location ?? '', issuer)
  const end = await early.go(pathname, { ...through('192.0.2.1'), from: 'same-origin' })
  expect(end.location).toContain('error=access_denied')
  expect((await begin('192.0.2.1')).status).toBe(303)
  expect((await begin('192.0.2.1')).status).toBe(429)
})

test('a client that registered itself gets nobody past that limit', async () => {
  const redirect_uri = 'https://new.example/cb'
  const registered = await fetch(`${at.origin}/oauth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': '192.0.2.9' },
    body: JSON.stringify({ redirect_uris: [redirect_uri] })
  })
  const { client_id } = (await registered.json()) as { client_id: string }
  const { path } = authorization('news', { client_id, redirect_uri, scope: 'openid' })
  const answers = await Promise.all(Array.from({ length: 1001 }, () => at.ask(path, through('192.0.2.9'))))
  const late = answers.filter(it => it.status !== 303)
  expect(late.map(it => [it.status, codeOn(it)])).toEqual([[429, 'too_many_requests']])
})

describe('a registration', () => {
  const client = { redirect_uris: ['https://new.example/cb'] }

  async function register(
    ip: string,
    body: string | ReadableStream
  ): Promise<{ status: number; headers: Headers; error: unknown }> {
    const answer = await fetch(`${at.origin}/oauth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': ip },
      body,
      ...(typeof body === 'string' ? {} : { duplex: 'half' })
    })
    const { error } = (await answer.json()) as { error?: unknown }
    return { status: answer.status, headers: answer.headers, error }
  }

  test('is one of twenty a minute from one address', async () => {
    for (let nth = 0; nth < 20; nth++)
      expect((await register('192.0.2.1', JSON.stringify(client))).status).toBe(201)
    const late = await register('192.0.2.1', JSON.stringify(client))
    expect([late.status, late.error]).toEqual([429, 'too_many_requests'])
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await register('192.0.2.2', JSON.stringify(client))).status).toBe(201)
  })

  test('that is long, or does not say how long it is, is not read', async () => {
    const long = JSON.stringify({ ...client, client_name: 'x'.repeat(17_000) })
    const chunked = new Blob([JSON.stringify(client)]).stream()
    for (const body of [long, chunked])
      expect(await register('192.0.2.3', body)).toMatchObject({ status: 413, error: 'invalid_request' })
  })
})

describe('passwords', () => {
  const signUp = { name: 'N', email: 'new@example.test', password: 'a fine long password' }

  /** Sends a form of the sign-in page from an address. */
  async function send(path: string, form: Record<string, string>, ip: string): Promise<Answer> {
    const browser = at.browser()
    const begun = await browser.go(authorization('news').path, through('198.51.100.1'))
    const { pathname } = new URL(begun.location ?? '', issuer)
    return browser.go(pathname + path, {
      form,
      from: 'same-origin',
      headers: { origin: issuer, ...through(ip).headers }
    })
  }
  const grant = (username: string, password: string, ip: string): Promise<Answer> =>
    at.ask('/oauth/token', {
      ...authenticated('phone', { grant_type: 'password', username, password }),
      ...through(ip)
    })

  test('sixty wrong ones a minute from one address, of whatever accounts, stop every way to have one hashed', async () => {
    const ip = '192.0.2.1'
    for (let nth = 0; nth < 60; nth++)
      expect((await send('', { login: `${nth}@example.test`, password: 'x'.repeat(1001) }, ip)).status).toBe(
        401
      )
    const right = { login: 'ola@example.test', password: 'correct horse battery staple' }
    const late = await send('', right, ip)
    expect([late.status, codeOn(late)]).toEqual([429, 'too_many_attempts'])
    const up = await send('/sign-up', signUp, ip)
    expect([up.status, codeOn(up)]).toEqual([429, 'too_many_requests'])
    const granted = await grant(right.login, right.password, ip)
    expect([granted.status, granted.json().error]).toEqual([400, 'invalid_grant'])
    for (const { headers } of [late, up, granted]) expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    expect((await send('', right, '192.0.2.2')).status).toBe(303)
  })

  test('right ones are not counted', async () => {
    for (let nth = 0; nth < 62; nth++) {
      const { status } = await grant('ola@example.test', 'correct horse battery staple', '192.0.2.4')
      expect(status).toBe(200)
    }
  })

  test.each([
    ['the page', 'overloaded', 401, (ip: string) => send('', { login: 'nobody', password: 'wrong' }, ip)],
    ['a program', 'temporarily_unavailable', 400, (ip: string) => grant('nobody', 'wrong', ip)]
  ] as const)('more at a moment than can be hashed: %s says %s', async (_what, code, wrong, attempt) => {
    const answers = await Promise.all(Array.from({ length: 160 }, (_, nth) => attempt(`203.0.113.${nth}`)))
    const busy = answers.filter(it => it.status === 503)
    expect(new Set(busy.map(it => codeOn(it) ?? it.json().error))).toEqual(new Set([code]))
    for (const { headers } of busy) expect(headers['retry-after']).toBe('2')
    expect(new Set(answers.map(it => it.status))).toEqual(new Set([wrong, 503]))
  })

  test.each([
    [
      'email',
      { ...signUp, email: `${'x'.repeat(60)}@${'y'.repeat(60)}.${`${'z'.repeat(60)}.`.repeat(3)}test` }
    ],
    ['name', { ...signUp, name: 'x'.repeat(201) }],
    ['password', { ...signUp, password: 'x'.repeat(1001) }]
  ])('a sign-up with a longer %s than anybody has is refused', async (field, form) => {
    const answer = await send('/sign-up', form, '192.0.2.5')
    expect(answer.status).toBe(400)
    expect(answer.text).toContain(`id="${field}-problem"`)
    expect(await at.storage.findUserByEmail(form.email)).toBeUndefined()
  })
})
