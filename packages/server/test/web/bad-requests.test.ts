import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Asking } from '../support/browser.ts'
import { openSystem, type TestSystem } from '../support/system.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

const form = (body: string, type = 'application/x-www-form-urlencoded'): Asking => ({
  form: new URLSearchParams(body),
  headers: { 'content-type': type }
})

test.each<[string, string, Asking]>([
  ['a path with half an escape', '/%', {}],
  ['a path with an escape that is no text', '/sign-in/%ff', {}],
  ['a parameter twice', '/logout?client_id=news&client_id=market', {}],
  ['a form field twice', '/logout', form('client_id=news&client_id=market')],
  [
    'a cookie with half an escape',
    '/oauth/authorize?client_id=%',
    { headers: { cookie: '__Host-utgang=%; a=%zz; =; ;;' } }
  ],
  ['half an escape in the query', '/logout?client_id=%&redirect_uri=%zz', {}]
])('%s gets a page with a code, never a 500', async (_what, path, asking) => {
  const answer = await at.ask(path, asking)
  expect(answer.status, answer.text).toBe(400)
  expect(answer.text).toMatch(/id="error"/)
  expect(answer.text).toMatch(/data-code="\w+"/)
})

test.each<[string, string, Asking, number]>([
  ['a body that is too long', '/logout', form(`state=${'x'.repeat(300_000)}`), 413],
  [
    'a body of a type that is not taken',
    '/logout',
    { method: 'POST', headers: { 'content-type': 'text/x' } },
    415
  ]
])('%s is refused by its status', async (_what, path, asking, status) => {
  const answer = await at.ask(path, asking)
  expect(answer.status).toBe(status)
  expect(answer.text).toMatch(/data-code="\w+"/)
})

test('an error answer has the id of its request, on the page, in JSON and in the log', async () => {
  for (const [path, status] of [
    ['/nowhere', 404],
    ['/logout/receipts/none', 404],
    ['/%', 400]
  ] as const) {
    const answer = await at.ask(path)
    const id = String(answer.headers['x-request-id'])
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(id)
    expect(at.logs.filter(line => line.includes(id) && line.includes('"answered"'))).toHaveLength(1)
  }
})

test.each<[string, string, string]>([
  // method, path, what is allowed instead
  ['DELETE', '/logout', 'GET'],
  ['PUT', '/healthz', 'GET'],
  ['GET', '/oauth/token', 'POST'],
  ['POST', '/oauth/jwks', 'GET'],
  ['DELETE', '/oauth/introspect', 'POST'],
  ['DELETE', '/sign-in/some-id', 'POST'],
  ['GET', '/oauth/revoke', 'POST']
])('%s %s is not the way there, and the answer says which is', async (method, path, allowed) => {
  const answer = await at.ask(path, { method: method as Asking['method'] })
  expect(answer.status).toBe(405)
  expect(String(answer.headers.allow).split(', ')).toContain(allowed)
  expect(String(answer.headers.allow).split(', ')).not.toContain(method)
})

test('a program gets its 405 as JSON, a person as a page', async () => {
  const program = await at.ask('/oauth/introspect', { method: 'DELETE' })
  expect(program.json()).toMatchObject({
    error: 'method_not_allowed',
    request_id: program.headers['x-request-id']
  })
  expect((await at.ask('/logout', { method: 'DELETE' })).text).toContain('data-code="method_not_allowed"')
})

test('the path alone decides what is there: no other case, no slash at the end', async () => {
  for (const path of ['/LOGOUT', '/logout/', '//logout', '/oauth/token/', '/Oauth/token', '/oauth%2Ftoken'])
    expect((await at.ask(path)).status, path).toBe(404)
})
