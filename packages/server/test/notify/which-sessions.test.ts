import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { clients, password, secretOf } from '../support/fixtures.ts'
import { alive, dead, signIn, usesOf } from '../support/sign-in.ts'
import { advance, startSystem } from '../support/system.ts'
import { ok, receiver, status } from './receiver.ts'
import { settled, systemThatTells } from './telling.ts'

test.each([true, false])(
  'BCL-05: with backchannel_logout_session_required %s the token of a session has its sid',
  async required => {
    const app = await receiver()
    const at = await systemThatTells(app.address, { backchannel_logout_session_required: required })
    const browser = at.browser()
    const { sid } = await signIn(at, browser, 'market')
    await browser.go('/logout?client_id=market')
    await app.count(1)
    expect(app.received.map(it => it.claims.sid)).toEqual([sid])
  }
)

test.each([true, false])(
  'BCL-05: with backchannel_logout_session_required %s, what belongs to no session is told or not',
  async required => {
    const at = await systemThatTells('http://127.0.0.1:9/', {
      backchannel_logout_session_required: required,
      tokens_end_with_session: false
    })
    const browser = at.browser()
    await signIn(at, browser, 'market')
    await browser.go('/logout?client_id=market')
    // Only tokens are left, and there is no session whose sid it could be told.
    const { receiptId } = await at.system.heart.end({
      name: 'account_app',
      sub: 'u-ola',
      clientId: 'market'
    })
    const owed = (await at.storage.listDeliveries(receiptId ?? '')).map(({ sid, sub }) => ({ sid, sub }))
    expect(owed).toEqual(required ? [] : [{ sid: null, sub: 'u-ola' }])
  }
)

test('BCL-06: who took part in a session is known after a restart too, and all are told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const apps = { market: await receiver(), forum: await receiver(), news: await receiver() }
  const addresses = new Map(Object.entries(apps).map(([clientId, { address }]) => [clientId, address]))
  const options = {
    storage: `sqlite:${folder}/restart.db`,
    config: {
      clients: clients.map(it => ({ ...it, backchannel_logout_uri: addresses.get(it.client_id) })),
      allow_private_addresses: true
    }
  }
  const before = await startSystem(options)
  const browser = before.browser()
  const sids: Record<string, string> = {}
  for (const clientId of addresses.keys()) sids[clientId] = (await signIn(before, browser, clientId)).sid
  await before.close()

  const after = await startSystem(options)
  const cookie = `__Host-utgang=${browser.cookie('__Host-utgang')}`
  expect((await after.ask('/logout?client_id=news', { headers: { cookie } })).status).toBe(303)
  for (const [clientId, app] of Object.entries(apps)) {
    await app.count(1)
    expect(app.received.map(it => it.claims.sid)).toEqual([sids[clientId]])
  }
})

test('BCL-09: of four sessions three end at once, and those three are named, each once, and no other', async () => {
  const app = await receiver()
  const at = await systemThatTells(app.address)
  const browsers = Array.from({ length: 4 }, () => at.browser())
  const sids: string[] = []
  for (const browser of browsers) sids.push((await signIn(at, browser, 'market')).sid)
  const kept = await at.sessionOf(browsers[0] ?? at.browser())
  const { receiptId } = await at.system.heart.end({
    name: 'account_others',
    sub: 'u-ola',
    sessionUid: kept?.uid ?? ''
  })
  await expect
    .poll(async () => (await at.storage.listDeliveries(receiptId ?? '')).map(it => it.state))
    .toEqual(Array(3).fill('delivered'))
  expect(app.received.map(it => it.claims.sid).toSorted()).toEqual(sids.slice(1).toSorted())
  expect(new Set(app.received.map(it => it.claims.sub))).toEqual(new Set(['u-ola']))
})

test('BCL-09: a notice by sub that is twelve hours late does not end the login that was made since', async () => {
  const app = await receiver(status(503))
  const desk = {
    ...clients.find(it => it.client_id === 'phone'),
    client_id: 'desk',
    client_secret: secretOf('desk'),
    backchannel_logout_uri: app.address
  }
  const at = await systemThatTells(app.address, {}, { clients: [desk] })
  const ask = (form: Record<string, string>) =>
    at.ask('/oauth/token', { form, basic: ['desk', secretOf('desk')] })
  const login = () => ask({ grant_type: 'password', username: 'ola@example.test', password })
  await login()
  const { receiptId } = await at.system.heart.end({ name: 'admin_user', sub: 'u-ola' })
  await at.system.jobs.settled()
  await settled(at, receiptId ?? '', 'pending', 1)
  expect(app.received.map(it => [it.claims.sub, it.claims.sid])).toEqual([['u-ola', undefined]])

  advance(6 * 3600)
  await settled(at, receiptId ?? '', 'pending', 2)
  const { refresh_token = '' } = (await login()).json<Record<string, string>>()
  app.answer = ok
  advance(6 * 3600)
  await settled(at, receiptId ?? '', 'superseded')
  expect(app.received).toHaveLength(2)
  expect((await ask({ grant_type: 'refresh_token', refresh_token })).status).toBe(200)
})

test('BCL-19: with the session end the refresh tokens that were given without offline_access, and no others', async () => {
  const at = await systemThatTells('http://127.0.0.1:9/')
  const [one, other] = [at.browser(), at.browser()]
  const online = await signIn(at, one, 'market')
  const offline = await signIn(at, other, 'market', {
    params: { scope: 'openid offline_access', prompt: 'consent' }
  })
  for (const browser of [one, other]) await browser.go('/logout?client_id=market')
  expect(await usesOf(at, online)).toEqual(dead)
  expect(await usesOf(at, offline)).toEqual(alive)
})
