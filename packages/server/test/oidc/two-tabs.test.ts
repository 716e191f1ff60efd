import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { Answer, Browser } from '../support/browser.ts'
import { password } from '../support/fixtures.ts'
import { answerPages, authorization, codeOf, signIn } from '../support/sign-in.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'
import { slowStorage } from './interrupted-storage.ts'

let at: TestSystem
beforeAll(async () => {
  at = await openSystem({ wrapStorage: slowStorage(5) })
})
afterAll(() => at.close())

describe('two tabs that sign in at the same moment in a browser where nobody was', () => {
  async function twoPages(): Promise<{ browser: Browser; pages: Answer[] }> {
    // Time stands still from here on: each names what begins by the time.
    advance(0)
    const browser = at.browser()
    const pages = []
    for (const clientId of ['forum', 'market']) pages.push(await browser.visit(authorization(clientId).path))
    return { browser, pages }
  }
  const send = (browser: Browser, page: Answer | undefined, login: string): Promise<Answer> =>
    browser.submit(page as Answer, { login, password, remember: 'on' })

  test('are in one session, whichever answer arrives last, and both sites are told of its end', async () => {
    const { browser, pages } = await twoPages()
    const [one, other] = [browser.copy(), browser.copy()]
    const sent = await Promise.all([
      send(one, pages[0], 'ola@example.test'),
      send(other, pages[1], 'ola@example.test')
    ])
    // Neither knows of the other's answer when it asks.
    const ends = await Promise.all([one.follow(sent[0]), other.follow(sent[1])])
    expect(ends.map(it => new URL(it.location ?? '').hostname)).toEqual(['forum.example', 'market.example'])
    for (const end of ends) expect(codeOf(end)).toBeTruthy()
    expect(one.cookie('__Host-utgang')).toBe(other.cookie('__Host-utgang'))
    const session = await at.sessionOf(one)
    const rps = await at.storage.sessionClients(session?.uid ?? '')
    expect(rps.map(it => it.clientId).toSorted()).toEqual(['forum', 'market'])
    const { receiptId } = await at.system.heart.end({ name: 'admin_session', sessionUid: session?.uid })
    const told = await at.storage.listDeliveries(receiptId ?? '')
    expect(told.map(it => it.clientId).toSorted()).toEqual(['forum', 'market'])
  })

  test('as two people: the second is asked again, and sees who is signed in', async () => {
    const { browser, pages } = await twoPages()
    const [one, other] = [browser.copy(), browser.copy()]
    const first = await send(one, pages[0], 'ola@example.test')
    const second = await send(other, pages[1], 'kari@example.test')
    codeOf(await one.follow(first))
    const refused = await other.go(new URL(second.location ?? '').pathname, { from: 'same-origin' })
    expect(refused.location).toContain('prompt=login')
    expect(refused.setCookies.join()).not.toContain('__Host-utgang=')
    one.setCookie('__Host-utgang-state', other.cookie('__Host-utgang-state') ?? '')
    const page = await one.follow(refused)
    expect(page.text).toContain('Ola Nordmann')
    expect(await at.sessionOf(one)).toMatchObject({ sub: 'u-ola' })
    expect(await at.storage.listSessions({ sub: 'u-kari', limit: 9 }, systemClock.now())).toEqual([])
    // Where the first answer never arrived, she begins a session of her own.
    expect(
      (await answerPages(other, await other.follow(refused), { email: 'kari@example.test' })).location
    ).toContain('code=')
    expect(await at.sessionOf(other)).toMatchObject({ sub: 'u-kari' })
  })

  test('a state that was used once begins nothing again under the cookie of then', async () => {
    const { browser, pages } = await twoPages()
    const old = browser.copy()
    codeOf(await browser.follow(await send(browser, pages[0], 'ola@example.test')))
    const cookie = browser.cookie('__Host-utgang')
    await signIn(at, browser, 'forum', { params: { prompt: 'login' } })
    await old.follow(await send(old, pages[1], 'ola@example.test'))
    expect(old.cookie('__Host-utgang')).not.toBe(cookie)
    expect(await at.sessionOf(old)).toBeUndefined()
    expect(await at.sessionOf(browser)).toMatchObject({ sub: 'u-ola' })
  })
})
