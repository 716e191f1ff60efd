import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { clients, password } from '../support/fixtures.ts'
import { authorization } from '../support/sign-in.ts'
import { openSystem } from '../support/system.ts'

/** The clients of the next start: one has moved to another address, or is gone. */
const moved = clients.map(it =>
  it.client_id === 'news' ? { ...it, redirect_uris: ['https://news.example/moved'] } : it
)
const gone = clients.filter(it => it.client_id !== 'news')

test.each([
  { what: 'an address that the client has no more', next: moved, code: 'invalid_redirect_uri' },
  { what: 'a client that is gone', next: gone, code: 'unknown_client' }
])('a page that was open at a restart sends nobody to $what', async ({ next, code }) => {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const storage = `sqlite:${join(folder, 'utgang.db')}`
  const before = await openSystem({ storage })
  const page = await before.browser().visit(authorization('news').path)
  await before.close()
  const at = await openSystem({ storage, config: { clients: next } })
  onTestFinished(() => at.close())
  const browser = at.browser()
  const uid = page.path.split('/').at(-1) ?? ''
  for (const name of ['interaction', 'resume']) browser.setCookie(`__Secure-utgang-${name}`, uid)
  for (const again of [
    await browser.visit(page.path),
    await browser.follow(await browser.submit(page, { login: 'ola@example.test', password }))
  ]) {
    expect(again.status).toBe(400)
    expect(again.text).toContain(`data-code="${code}"`)
  }
  expect(await at.sessionOf(browser)).toBeUndefined()
})
