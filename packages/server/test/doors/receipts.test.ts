import { afterAll, beforeAll, expect, test } from 'vitest'
import { assertion, makeKeys } from '../clients/credentials.ts'
import type { Browser } from '../support/browser.ts'
import { clients, password, secretOf, users } from '../support/fixtures.ts'
import { authenticated, authorization, codeOf, signIn } from '../support/sign-in.ts'
import { advance, openSystem, type TestSystem } from '../support/system.ts'
import { logout } from './sdk-kit.ts'

const signingUri = 'https://signing.example/callback'
let at: TestSystem
beforeAll(async () => {
  const { rsa } = await makeKeys()
  const signing = {
    client_id: 'signing',
    token_endpoint_auth_method: 'private_key_jwt',
    redirect_uris: [signingUri],
    backchannel_logout_uri: 'http://127.0.0.1:9/signing',
    jwks: { keys: [rsa] }
  }
  const desk = {
    ...clients.find(it => it.client_id === 'phone'),
    client_id: 'desk',
    client_secret: secretOf('desk'),
    backchannel_logout_uri: 'http://127.0.0.1:9/desk'
  }
  at = await openSystem({
    config: { clients: [...clients, signing, desk], logout_wait_ms: 0 },
    // Nobody sends, so that what is queued stays queued.
    wrapStorage: storage => ({ ...storage, claimDeliveries: async () => [] })
  })
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
  const pending = { state: 'pending', attempts: 0, tried: [] }
  expect((await receiptAs('market', id)).json()).toEqual({
    ...counts(id),
    own: [{ ...pending, sid: sids.market }]
  })
  expect((await receiptAs('forum', id)).json()).toEqual({
    ...counts(id),
    own: [{ ...pending, sid: sids.forum }]
  })
  const news = { state: 'not_registered', attempts: 0, tried: [], sid: sids.news }
  expect((await receiptAs('news', id)).json()).toEqual({ ...counts(id), own: [news] })
  // One that had no part in it learns no more than anybody.
  expect((await receiptAs('asking', id)).json()).toEqual({ ...counts(id), own: [] })
})

test('an application sees its own alone, from whichever place of the receipt it reads on', async () => {
  const sids: string[] = []
  for (const browser of [at.browser(), at.browser(), at.browser()]) {
    sids.push((await signIn(at, browser, 'market')).sid)
    await signIn(at, browser, 'forum')
  }
  const { receiptId } = await at.system.heart.end({ name: 'admin_user', sub: 'u-ola' })
  await at.system.jobs.settled()
  const places = (await at.storage.listDeliveries(String(receiptId))).filter(it => it.clientId === 'forum')
  expect(places.length).toBeGreaterThanOrEqual(3)
  for (const { id } of places) {
    const { own } = (await receiptAs('market', `${receiptId}?after=${id}`)).json<{ own: { sid: string }[] }>()
    const shown = own.map(it => it.sid)
    expect(shown).toEqual(expect.arrayContaining(sids))
    for (const { sid } of places) expect(shown).not.toContain(sid)
  }
})

test('a delivery that is queued is pending, and nothing says that it was sent', async () => {
  const { browser, id } = await loggedOut()
  const texts = [
    (await at.ask(`/logout/receipts/${id}`)).text,
    (await receiptAs('market', id)).text,
    (await browser.go(`/logout/receipts/${id}`)).text
  ]
  for (const text of texts) expect(text).not.toMatch(saysSent)

  for (const language of ['en', 'nb']) {
    const page = (await browser.visit(`/logout/signed-out?ui_locales=${language}`)).text
    const states = [...page.matchAll(/<li data-state="(\w+)">.*?<strong>(.*?)<\/strong>/g)]
    expect(states.map(([, state, name = '']) => [name.replaceAll(/<[^>]*>/g, ''), state])).toEqual([
      ['The forum site', 'queued'],
      ['The market site', 'queued'],
      ['The news site', 'none']
    ])
    const words = page.replaceAll(/<[^>]*>/g, ' ')
    const withoutDenials = denials.reduce((text, denial) => text.replaceAll(denial, ''), words)
    expect(withoutDenials).not.toMatch(saysSent)
    // The search finds such words where they are: in what the page denies.
    expect(words).toMatch(saysSent)
  }
})

/** Words, in both languages, with which something would be said to have gone out or to have arrived. */
const saysSent =
  /\b(deliver|sent\b|told|tell|notif|receiv|inform|confirm|lever|send|vars|beskjed|mott|fått|bekreft)/i

/** The only sentences with such words on the page of a logout whose notices wait. */
const denials = [
  'None of the 2 sites has confirmed yet.',
  'Ingen av de 2 nettstedene har bekreftet ennå.',
  'Not told yet',
  'it has not been sent',
  'Not told',
  'It has not asked to be told',
  'Har ikke fått beskjed ennå',
  'En beskjed til den venter; den er ikke sendt.',
  'Får ikke beskjed',
  'Den har ikke bedt om beskjed'
]

test('names are for the browser that logged out, for a quarter of an hour', async () => {
  const { browser, id } = await loggedOut()
  const answer = await browser.go(`/logout/receipts/${id}`)
  expect(answer.json()).toEqual({
    ...counts(id),
    clients: [
      { client_id: 'forum', state: 'pending', attempts: 0, tried: [] },
      { client_id: 'market', state: 'pending', attempts: 0, tried: [] },
      { client_id: 'news', state: 'not_registered', attempts: 0, tried: [] }
    ]
  })
  // This browser keeps a cookie for longer than it was told to: the server itself judges the time.
  advance(15 * 60 - 2)
  expect((await browser.go(`/logout/receipts/${id}`)).json()).toHaveProperty('clients')
  advance(3)
  expect((await browser.go(`/logout/receipts/${id}`)).json()).toEqual(counts(id))
})

test.each(['admin_all', 'admin_user', 'account_everywhere'] as const)(
  'a browser whose session %s ended among others sees counts, however its page then signs out',
  async cause => {
    const [browser, another] = [at.browser(), at.browser()]
    await signIn(at, browser, 'forum')
    await signIn(at, another, 'careful')
    const { receiptId: id } = await at.system.heart.end({ name: cause, sub: 'u-ola' })
    await at.system.jobs.settled()
    const answer = await logout(browser, 'forum', {}, { from: 'same-site' })
    expect(answer.json()).toMatchObject({ ended: true, receipt: id })
    const receipt = (await browser.go(`/logout/receipts/${id}`)).json()
    expect(receipt).toMatchObject({ id, cause })
    expect(receipt).not.toHaveProperty('clients')
    const page = (await browser.visit('/logout/signed-out')).text
    expect(page).toContain('id="signed-out"')
    expect(page).not.toContain('The careful site')
  }
)

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

test('a client that signs assertions posts its question, by id or by sid, and sees its own', async () => {
  const browser = at.browser()
  const { sid: marketSid } = await signIn(at, browser, 'market')
  codeOf(await browser.visit(authorization('signing', { redirect_uri: signingUri, scope: 'openid' }).path))
  const uid = (await at.sessionOf(browser))?.uid ?? ''
  const { sid } = (await at.storage.sessionClients(uid)).find(it => it.clientId === 'signing') ?? { sid: '' }
  const id = String((await browser.go('/logout?client_id=market')).headers['utgang-receipt'])

  const signed = async (path: string, form?: Record<string, string>) =>
    at.ask(path, await assertion('signing', { form }))
  const seen = {
    ...counts(id),
    applications: { pending: 2 },
    own: [{ state: 'pending', attempts: 0, tried: [], sid }]
  }
  expect((await signed(`/logout/receipts/${id}`)).json()).toEqual(seen)
  expect((await signed('/logout/receipts', { sid })).json()).toEqual(seen)
  const bySecret = await at.ask('/logout/receipts', authenticated('market', { sid: marketSid }))
  expect(bySecret.json()).toHaveProperty('own.0.sid', marketSid)

  expect((await signed('/logout/receipts', { sid: marketSid })).status).toBe(404)
  expect((await signed('/logout/receipts')).status).toBe(400)
  const foreign = await at.ask(
    '/logout/receipts',
    await assertion('signing', { key: 'foreign', form: { sid } })
  )
  expect([foreign.status, foreign.json().error]).toEqual([401, 'invalid_client'])
})

test('an application that is owed one delivery for each user sees each', async () => {
  for (const { email: username } of users) {
    const form = { grant_type: 'password', username, password }
    expect((await at.ask('/oauth/token', { form, basic: ['desk', secretOf('desk')] })).status).toBe(200)
  }
  const { receiptId } = await at.system.heart.end({ name: 'admin_client', clientId: 'desk' })
  await at.system.jobs.settled()
  const owed = { state: 'pending', attempts: 0, sid: null }
  expect((await receiptAs('desk', receiptId ?? '')).json()).toMatchObject({
    grants_revoked: 2,
    applications: { pending: 2 },
    own: [owed, owed]
  })
})

test('who does not authenticate, or cannot, is refused; an unknown receipt is 404', async () => {
  const { id, sids } = await loggedOut()
  const refused = [
    await at.ask(`/logout/receipts?sid=${sids.news}`),
    await at.ask(`/logout/receipts/${id}`, { basic: ['market', 'wrong'] }),
    await at.ask(`/logout/receipts/${id}`, { basic: ['app', 'anything'] }),
    await at.ask(`/logout/receipts?sid=${sids.news}`, { basic: ['app', 'anything'] }),
    await at.ask(`/logout/receipts/${id}`, { basic: ['nobody', 'wrong'] }),
    await at.ask(`/logout/receipts/${id}`, { form: { client_id: 'app' } }),
    await at.ask('/logout/receipts', { form: { client_id: 'app', sid: 'x' } }),
    await at.ask(`/logout/receipts/${id}`, { form: { client_id: 'market' } })
  ]
  for (const answer of refused) expect([answer.status, answer.json().error]).toEqual([401, 'invalid_client'])
  // A token of an application is not the application.
  expect((await at.ask(`/logout/receipts/${id}`, { bearer: sids.news })).status).toBe(400)
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
