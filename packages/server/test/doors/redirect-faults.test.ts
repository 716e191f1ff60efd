import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { UtgangError } from '../../src/errors.ts'
import { openSystem, startSystem, type TestSystem } from '../support/system.ts'
import { bye, errorOn, expectNoLogout, isLive, logoutPath, signedIn } from './redirect-kit.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

describe('what goes wrong', () => {
  test('the database refuses: a page says so, nothing is ended or cleared, and the next try succeeds', async () => {
    let refusing = true
    const own = await startSystem({
      wrapStorage: storage => ({
        ...storage,
        end: async (...args) => {
          if (refusing) throw new UtgangError('storage_unavailable')
          return storage.end(...args)
        }
      })
    })
    const person = await signedIn(own)
    const path = logoutPath({ client_id: 'news', redirect_uri: bye })
    const answer = await person.browser.go(path)
    expectNoLogout(answer)
    expect([answer.status, errorOn(answer)]).toEqual([503, 'storage_unavailable'])
    expect(answer.headers['retry-after']).toBeDefined()
    expect(await isLive(own, person)).toBe(true)
    refusing = false
    expect((await person.browser.go(path)).location).toBe(bye)
  })

  test.each([
    ['application/json', '{"client_id":', 400],
    ['application/xml', '<client_id/>', 415]
  ])('a body of %s that cannot be read, %s, is a page of status %i', async (type, body, status) => {
    const person = await signedIn(at)
    const answer = await fetch(`${at.origin}/logout`, {
      method: 'POST',
      headers: {
        'content-type': type,
        cookie: `__Host-utgang=${person.cookie}`,
        'sec-fetch-site': 'same-origin'
      },
      body
    })
    expect(answer.status).toBe(status)
    expect(await answer.text()).toContain('id="error"')
    expect(answer.headers.get('clear-site-data')).toBeNull()
    expect(await isLive(at, person)).toBe(true)
  })
})

test('a body that is no form counts as nothing asked for', async () => {
  const person = await signedIn(at)
  const headers = { 'content-type': 'text/plain', cookie: `__Host-utgang=${person.cookie}` }
  const body = 'client_id=news'
  const answer = await fetch(`${at.origin}/logout`, { method: 'POST', headers, body, redirect: 'manual' })
  expect(answer.headers.get('location')).toMatch(/^\/logout\/confirm\?request=/)
  expect(await isLive(at, person)).toBe(true)
})
