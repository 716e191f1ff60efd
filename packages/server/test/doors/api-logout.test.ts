import { expect, test } from 'vitest'
import { secretOf } from '../support/fixtures.ts'
import { alive, dead, signIn, usesOf } from '../support/sign-in.ts'
import { startSystem } from '../support/system.ts'

test('ends every token of the grant, and nothing works with them from the next request on', async () => {
  const at = await startSystem()
  const signedIn = await signIn(at, at.browser(), 'news')
  expect(await usesOf(at, signedIn)).toEqual(alive)
  const answer = await at.ask('/api/2/logout', { bearer: signedIn.accessToken })
  expect(answer.status).toBe(200)
  expect(answer.json().data).toBe('OK')
  expect(await usesOf(at, signedIn)).toEqual(dead)
  expect(secretOf('news')).toBeTruthy()
})
