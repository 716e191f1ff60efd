import { afterAll, beforeAll, expect, test } from 'vitest'
import { signIn } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem()
})
afterAll(() => at.close())

test('the front page says who is signed in, in this browser alone, and leads to the way out', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'news')
  const page = await browser.go('/')
  expect([page.status, page.headers['cache-control']]).toEqual([200, 'no-store'])
  expect(page.text).toContain('Ola Nordmann')
  expect(page.text).toContain('ola@example.test')
  const [, href = ''] = /<a class="button primary" href="([^"]*)"/.exec(page.text) ?? []
  const out = await browser.submit(await browser.visit(href, { from: 'same-origin' }), {}, 'confirm-logout')
  expect((await browser.follow(out)).text).toContain('id="signed-out"')
  expect((await browser.go('/')).text).not.toContain('Ola')

  const stranger = await at.browser().go('/')
  expect([stranger.status, stranger.headers['cache-control']]).toEqual([200, 'no-store'])
  expect(stranger.text).not.toMatch(/Ola|href="\/logout/)
})

test('it speaks the language that was asked for', async () => {
  for (const [locales, lang] of [
    ['nb', 'nb'],
    ['no-such nb', 'nb'],
    ['en', 'en'],
    ['', 'en']
  ])
    expect((await at.ask(`/?ui_locales=${locales}`)).text).toContain(`<html lang="${lang}"`)
})

test('another site cannot read it, and its style is the same for everybody', async () => {
  const page = await at.ask('/', { headers: { origin: 'https://forum.example' } })
  expect(page.headers['access-control-allow-origin']).toBeUndefined()
  const [, href = ''] = /<link rel="stylesheet" href="([^"]*)"/.exec(page.text) ?? []
  const style = await at.ask(href)
  expect([style.status, style.headers['content-type']]).toEqual([200, 'text/css; charset=utf-8'])
  expect(style.setCookies).toEqual([])
})

test('where SPiD’s SDK sends people for their account leads there, until an account has pages of its own', async () => {
  const query = '?response_type=code&client_id=news&redirect_uri=https%3A%2F%2Fnews.example%2F'
  for (const address of ['/account', '/account/summary', `/account/summary${query}`]) {
    const answer = await at.ask(address)
    expect([address, answer.status, answer.location]).toEqual([address, 303, '/'])
  }
})
