import { expect, test } from 'vitest'
import { UtgangError } from '../../src/errors.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { signIn } from '../support/sign-in.ts'
import { startSystem } from '../support/system.ts'

test('while the database is away, an address with a token is left before a page is shown, and the page can finish the logout', async () => {
  let away = false
  const at = await startSystem({
    wrapStorage: (storage): Storage => ({
      ...storage,
      end: (order, now) =>
        away ? Promise.reject(new UtgangError('storage_unavailable')) : storage.end(order, now)
    })
  })
  const browser = at.browser()
  const { accessToken } = await signIn(at, browser, 'news')
  away = true
  const answer = await browser.go(`/logout?client_id=news&oauth_token=${accessToken}`)
  expect([answer.status, answer.location]).toEqual([303, '/logout/stopped?error=storage_unavailable'])
  expect(await at.sessionOf(browser)).toBeDefined()
  const page = await browser.follow(answer)
  expect(page.status).toBe(503)
  expect(page.text).toContain('data-code="storage_unavailable"')

  away = false
  const out = await browser.follow(await browser.submit(page, {}, 'confirm-logout'))
  expect(out.text).toContain('id="signed-out"')
  expect(await at.sessionOf(browser)).toBeUndefined()
})

test('an error that is not of the passing kind cannot be shown by an address that somebody made up', async () => {
  const at = await startSystem()
  const page = await at.browser().go('/logout/stopped?error=unknown_client')
  expect(page.text).toContain('data-code="request_expired"')
})
