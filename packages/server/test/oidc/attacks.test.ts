import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { authorization } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem({ config: { registration: true } })
})
afterAll(() => at.close())

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
    expect([answer.status, /data-code="(\w+)"/.exec(answer.text)?.[1]]).toEqual([400, 'invalid_request'])
    expect([answer.location, answer.setCookies]).toEqual([undefined, []])
  })
})
