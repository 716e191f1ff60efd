import { afterAll, beforeAll, expect, test } from 'vitest'
import { password } from '../support/fixtures.ts'
import { authorization, signIn } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

test('an authorization that starts again has the hint it came with, though none was kept in the open', async () => {
  const browser = at.browser()
  const { idToken } = await signIn(at, browser, 'news')
  const page = await browser.visit(authorization('news', { prompt: 'login', id_token_hint: idToken }).path)
  await at.system.heart.end({ name: 'admin_user', sub: 'u-ola' })
  const { location = '' } = await browser.submit(page, { login: 'ola@example.test', password })
  const { pathname, searchParams } = new URL(location, at.origin)
  expect([pathname, searchParams.get('id_token_hint')]).toEqual(['/oauth/authorize', idToken])
})
