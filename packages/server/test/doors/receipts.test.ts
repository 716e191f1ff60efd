import { afterAll, beforeAll, expect, test } from 'vitest'
import { assertion, makeKeys } from '../clients/credentials.ts'
import type { Browser } from '../support/browser.ts'
import { clients, secretOf } from '../support/fixtures.ts'
import { authenticated, signIn } from '../support/sign-in.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'

let at: TestSystem
beforeAll(async () => {
  const { rsa } = await makeKeys()
  const signing = {
    client_id: 'signing',
    token_endpoint_auth_method: 'private_key_jwt',
    grant_types: ['client_credentials'],
    jwks: { keys: [rsa] }
  }
  at = await openSystem({ config: { clients: [...clients, signing] } })
})
afterAll(() => at.close())

/** One person at three applications, signed out by redirect. */
async function loggedOut(): Promise<{ browser: Browser; id: string; sids: Record<string, string> }> {
  const browser = at.browser()
  const sids: Record<string, string> = {}
  for (const clientId of ['news', 'market', 'forum'])
    sids[clientId] = (await signIn(at, browser, clientId)).sid
  const answer = await browser.go('/logout?client_id=news')
  return { browser, id: String(answer.headers['utgang-receipt']), sids }
}

const receiptAs = (clientId: string, id: string) =>
  at.ask(`/logout/receipts/${id}`, { basic: [clientId, secretOf(clientId)] })

const counts = (id: string) => ({
  id,
  cause: 'redirect',
  at: expect.any(Number),
  sessions_ended: 1,
  grants_revoked: 0,
  tokens_revoked: 0,
  in_progress: false,
  applications: { not_registered: 1, pending: 2 }
})

test('whoever knows only the id sees counts', async () => {
  const { id } = await loggedOut()
  for (const asking of [{}, { headers: { cookie: '__Host-utgang-receipt=x' } }]) {
    const answer = await at.ask(`/logout/receipts/${id}`, asking)
    expect([answer.status, answer.json()]).toEqual([200, counts(id)])
    expect(answer.headers['cache-control']).toBe('no-store')
  }
})

test('an application sees its own delivery, by its sid, and counts of the others', async () => {
  const { id, sids } = await loggedOut()
  const pending = { state: 'pending', attempts: 0 }
  expect((await receiptAs('market', id)).json()).toEqual({
    ...counts(id),
    own: [{ ...pending, sid: sids.market }]
  })
  expect((await receiptAs('forum', id)).json()).toEqual({
    ...counts(id),
    own: [{ ...pending, sid: sids.forum }]
  })
  const news = { state: 'not_registered', attempts: 0, sid: sids.news }
  expect((await receiptAs('news', id)).json()).toEqual({ ...counts(id), own: [news] })
  // One that had no part in it learns no more than anybody.
  expect((await receiptAs('asking', id)).json()).toEqual({ ...counts(id), own: [] })
})

test('a delivery that is queued is pending, and nothing says that it was sent', async () => {
  const { browser, id } = await loggedOut()
  const page = await browser.visit('/logout/signed-out')
  const texts = [
    (await at.ask(`/logout/receipts/${id}`)).text,
    (await receiptAs('market', id)).text,
    (await browser.go(`/logout/receipts/${id}`)).text
  ]
  for (const text of texts) expect(text).not.toMatch(/sent|delivered|told|notified|received/i)
  expect(page.text).not.toMatch(/has been (told|sent|notified)|was (told|sent|notified)/i)
})

test('names are for the browser that logged out, for a quarter of an hour', async () => {
  const { browser, id } = await loggedOut()
  const answer = await browser.go(`/logout/receipts/${id}`)
  expect(answer.json()).toEqual({
    ...counts(id),
    clients: [
      { clientId: 'forum', state: 'pending' },
      { clientId: 'market', state: 'pending' },
      { clientId: 'news', state: 'not_registered' }
    ]
  })
  // This browser keeps a cookie for longer than it was told to: the server itself judges the time.
  advance(15 * 60 - 2)
  expect((await browser.go(`/logout/receipts/${id}`)).json()).toHaveProperty('clients')
  advance(3)
  expect((await browser.go(`/logout/receipts/${id}`)).json()).toEqual(counts(id))
})

test('another browser, another receipt, or a forged cookie sees counts', async () => {
  const { browser, id } = await loggedOut()
  const other = await loggedOut()
  const cookie = browser.cookie('__Host-utgang-receipt') ?? ''
  const [, until = '', mac = ''] = cookie.split('.')
  const forged = [
    other.browser.cookie('__Host-utgang-receipt') ?? '',
    `${id}.${Number(until) + 600}.${mac}`,
    `${id}.${until}.${other.browser.cookie('__Host-utgang-receipt')?.split('.')[2]}`,
    `${id}.${until}.`,
    `${id}.${until}`,
    `${id}.1e99.${mac}`,
    id,
    ''
  ]
  for (const value of forged) {
    const asked = at.browser()
    asked.setCookie('__Host-utgang-receipt', value)
    expect((await asked.go(`/logout/receipts/${id}`)).json()).toEqual(counts(id))
  }
  expect((await browser.go(`/logout/receipts/${other.id}`)).json()).toEqual(counts(other.id))
  expect((await browser.go(`/logout/receipts/${id}`)).json()).toHaveProperty('clients')
})

test('the cookie is for this server alone and no script reads it', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'news')
  const { setCookies } = await browser.go('/logout?client_id=news')
  const line = setCookies.find(it => it.startsWith('__Host-utgang-receipt='))
  for (const attribute of ['Path=/', 'Secure', 'HttpOnly', 'SameSite=Lax', 'Max-Age=900'])
    expect(line).toContain(attribute)
  expect(line).not.toContain('Domain')
})

test('an application that has no id asks by the sid it knows', async () => {
  const { id, sids } = await loggedOut()
  const ask = (clientId: string, sid?: string) =>
    at.ask(`/logout/receipts${sid === undefined ? '' : `?sid=${sid}`}`, {
      basic: [clientId, secretOf(clientId)]
    })
  expect((await ask('market', sids.market)).json()).toEqual((await receiptAs('market', id)).json())
  // The sid of another application is nothing here, and neither is one of a session that goes on.
  const live = await signIn(at, at.browser(), 'market')
  for (const sid of [sids.news, 'never-was', live.sid]) {
    const answer = await ask('market', sid)
    expect([answer.status, answer.json().error]).toEqual([404, 'not_found'])
  }
  expect((await ask('market')).status).toBe(400)
  expect((await ask('market', '')).status).toBe(400)
})

test('a client that signs assertions posts its question', async () => {
  const { id, sids } = await loggedOut()
  const { form } = await assertion('signing')
  const answer = await at.ask(`/logout/receipts/${id}`, { form: form as Record<string, string> })
  expect(answer.json()).toEqual({ ...counts(id), own: [] })
  const bySid = await at.ask('/logout/receipts', authenticated('market', { sid: sids.market ?? '' }))
  expect(bySid.json()).toHaveProperty('own.0.sid', sids.market)
})

test('who does not authenticate, or cannot, is refused; an unknown receipt is 404', async () => {
  const { id, sids } = await loggedOut()
  const refused = [
    await at.ask(`/logout/receipts?sid=${sids.news}`),
    await at.ask(`/logout/receipts/${id}`, { basic: ['market', 'wrong'] }),
    await at.ask(`/logout/receipts/${id}`, { form: { client_id: 'app' } }),
    await at.ask('/logout/receipts', { form: { client_id: 'app', sid: 'x' } }),
    await at.ask(`/logout/receipts/${id}`, { form: { client_id: 'market' } })
  ]
  for (const answer of refused) expect([answer.status, answer.json().error]).toEqual([401, 'invalid_client'])
  for (const answer of [await at.ask('/logout/receipts/unknown'), await receiptAs('market', 'unknown')])
    expect([answer.status, answer.json().error]).toEqual([404, 'not_found'])
})

test('a receipt of a whole user counts what was ended of him', async () => {
  const browser = at.browser()
  await signIn(at, browser, 'market', { email: 'kari@example.test' })
  await signIn(at, at.browser(), 'market', { email: 'kari@example.test' })
  const { receiptId } = await at.system.heart.end({ name: 'admin_user', sub: 'u-kari' })
  await at.system.jobs.settled()
  expect((await at.ask(`/logout/receipts/${receiptId}`)).json()).toMatchObject({
    cause: 'admin_user',
    sessions_ended: 2,
    grants_revoked: 2,
    in_progress: false,
    applications: { pending: 2 }
  })
})

test('a refused revocation of nothing leaves no receipt', async () => {
  const it = await signIn(at, at.browser(), 'news')
  const before = await at.storage.listAudit({ limit: 1000 })
  await at.ask('/oauth/revoke', authenticated('market', { token: it.accessToken }))
  expect(await at.storage.listAudit({ limit: 1000 })).toEqual(before)
})
