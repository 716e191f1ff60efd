import { expect, test } from 'vitest'
import { signIn } from '../support/sign-in.ts'
import { startSystem } from '../support/system.ts'

test('where two session cookies come, nobody is told to be signed out', async () => {
  const at = await startSystem()
  const browser = at.browser()
  await signIn(at, browser, 'news')
  const own = browser.cookie('__Host-utgang')
  const answer = await at.ask('/logout?client_id=news&redirect_uri=https://news.example/bye', {
    headers: { cookie: `__Host-utgang=theirs; __Host-utgang=${own}`, 'sec-fetch-site': 'same-origin' }
  })
  expect([answer.status, answer.location]).toEqual([400, undefined])
  expect(answer.text).toContain('data-code="invalid_request"')
  expect(await at.sessionOf(browser)).toBeDefined()
})

test('a cookie that only looks like the session cookie to us is none', async () => {
  const at = await startSystem()
  const browser = at.browser()
  await signIn(at, browser, 'news')
  const front = await at.ask('/', {
    headers: { cookie: `\u00a0__Host-utgang=${browser.cookie('__Host-utgang')}` }
  })
  expect(front.text).not.toContain('Ola Nordmann')
})

test('a value of absurd length is refused, and kept nowhere', async () => {
  const at = await startSystem()
  const answer = await at.ask('/logout', {
    form: { client_id: 'x'.repeat(20_000) },
    headers: { 'sec-fetch-site': 'same-origin' }
  })
  expect(answer.status).toBe(400)
  const known = await at.ask(`/logout?client_id=${'y'.repeat(2000)}`)
  expect(known.text).toContain('data-code="unknown_client"')
  for (const row of await at.storage.listAudit({ limit: 10 }))
    expect(JSON.stringify(row).length).toBeLessThan(600)
})

test('refusals are written down up to a number for each address, then not even that', async () => {
  const at = await startSystem()
  const ask = (path: string) => at.ask(path)
  const statuses = new Set<number>()
  for (let batch = 0; batch < 8; batch++) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask('/logout?client_id=nobody')))
    for (const { status } of answers) statuses.add(status)
  }
  expect(statuses).toEqual(new Set([400, 429]))
  const kept = await at.storage.listAudit({ limit: 1000, event: 'logout_refused' })
  expect(kept.length).toBeLessThan(400)
  const late = await ask('/logout?client_id=nobody&oauth_token=a-token')
  expect([late.status, late.location]).toEqual([303, '/logout/stopped?error=too_many_requests'])
  expect(late.headers['retry-after']).toBeDefined()
})
