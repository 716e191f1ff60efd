import { expect, test } from 'vitest'
import { sidFor } from '../../src/sessions/sid.ts'
import { logOutOfAll } from '../faults/ill-applications.ts'
import { ok, receiver, status } from '../notify/receiver.ts'
import { settled, systemThatTells } from '../notify/telling.ts'
import { secretOf } from '../support/fixtures.ts'
import { signIn } from '../support/sign-in.ts'
import { advance, type TestSystem } from '../support/system.ts'

interface Page {
  own: { sid: string; state: string }[]
  next?: string
  applications: Record<string, number>
}

const asMarket = (at: TestSystem, path: string) =>
  at.ask(`/logout/receipts${path}`, { basic: ['market', secretOf('market')] })

test('a receipt tells what each attempt came to: to the application its own, to the browser all, to others none', async () => {
  const app = await receiver(status(503))
  const at = await systemThatTells(app.address)
  const browser = at.browser()
  const { sid } = await signIn(at, browser, 'market')
  const id = String((await browser.go('/logout?client_id=market')).headers['utgang-receipt'])
  await settled(at, id, 'pending', 1)
  app.answer = (_response, request) => void request.socket.destroy()
  advance(10)
  await settled(at, id, 'pending', 2)
  app.answer = ok
  advance(20)
  await settled(at, id, 'delivered', 3)

  const attempt = (answered: number | null) => ({
    at: expect.any(Number),
    status: answered,
    milliseconds: expect.any(Number)
  })
  const told = { state: 'delivered', attempts: 3, tried: [503, null, 200].map(attempt) }
  expect((await asMarket(at, `/${id}`)).json()).toHaveProperty('own', [{ ...told, sid }])
  expect((await browser.go(`/logout/receipts/${id}`)).json()).toHaveProperty('clients', [
    { ...told, client_id: 'market' }
  ])
  const counts = await at.ask(`/logout/receipts/${id}`)
  expect(counts.json()).toMatchObject({ applications: { delivered: 1 } })
  for (const text of [
    counts.text,
    (await at.ask(`/logout/receipts/${id}`, { basic: ['news', secretOf('news')] })).text
  ])
    expect(text).not.toMatch(/tried|503/)
})

test('a receipt of many sessions is read page by page, each of them once', async () => {
  const app = await receiver(status(503))
  const at = await systemThatTells(
    app.address,
    {},
    {},
    {
      // Nobody sends, so that nothing moves while it is read.
      wrapStorage: storage => ({ ...storage, claimDeliveries: async () => [] })
    }
  )
  const now = Math.floor(Date.now() / 1000)
  const sids: string[] = []
  for (let i = 0; i < 250; i++) {
    const uid = `session-${i}`
    const session = { uid, cookieHash: uid, sub: 'u-ola', remembered: true, loginAt: now, payload: {} }
    await at.storage.saveSession({ ...session, expiresAt: now + 3600, endsAt: now + 3600 }, now)
    for (const clientId of ['market', 'news'])
      await at.storage.joinSession({ sessionUid: uid, clientId, sid: sidFor(uid, clientId) }, now)
    sids.push(sidFor(uid, 'market'))
  }
  const { receiptId } = await at.system.heart.end({ name: 'admin_user', sub: 'u-ola' })
  await at.system.jobs.settled()

  for (const first of [`/${receiptId}?`, `?sid=${sids[7]}&`]) {
    const found: string[] = []
    let next: string | undefined
    let pages = 0
    do {
      const page = (await asMarket(at, `${first}${next === undefined ? '' : `after=${next}`}`)).json<Page>()
      expect(page.applications).toEqual({ pending: 250, not_registered: 250 })
      expect(page.own.length).toBeLessThanOrEqual(100)
      found.push(...page.own.map(it => it.sid))
      next = page.next
      pages++
    } while (next !== undefined)
    expect(found.toSorted()).toEqual(sids.toSorted())
    expect(pages).toBeGreaterThanOrEqual(3)
  }
})

test('our page names a hundred or so of the applications that are owed something, and says how many more there are', async () => {
  const at = await systemThatTells('http://127.0.0.1:9/')
  const addresses = Object.fromEntries(
    Array.from({ length: 130 }, (_, i) => [`app-${i}`, 'http://127.0.0.1:9/backchannel'])
  )
  const { receiptCookie } = await logOutOfAll(at, addresses)
  const page = await at.ask('/logout/signed-out', { headers: { cookie: receiptCookie } })
  expect(page.text.match(/<li data-state=/g)).toHaveLength(100)
  // Market, and two that are owed nothing: news and forum.
  expect(page.text).toContain('And 33 more.')
})
