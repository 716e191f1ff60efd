import { expect, test } from 'vitest'
import type { Storage } from '../../src/storage/storage.ts'
import { receiver } from '../notify/receiver.ts'
import { signOutAt, systemThatTells } from '../notify/telling.ts'
import { clients } from '../support/fixtures.ts'
import { signIn } from '../support/sign-in.ts'
import { advance, startSystem, type TestSystem } from '../support/system.ts'

/** The same call, but the first one that has to do with a delivery fails; by then it may have done its work. */
function failingOnce<Given extends unknown[], Answer>(
  call: (...given: Given) => Promise<Answer>,
  when: 'before' | 'after'
): (...given: Given) => Promise<Answer> {
  let failed = false
  return async (...given) => {
    if (failed) return call(...given)
    if (when === 'after') {
      const answer = await call(...given)
      if (Array.isArray(answer) && answer.length === 0) return answer
    }
    failed = true
    throw new Error('a fault of the test')
  }
}

/** Asks as usual until something is owed. */
function untilSeen(storage: Storage, faulty: Storage['claimDeliveries']): Storage['claimDeliveries'] {
  return async (...given) => {
    const owed = await storage.recentDeliveries('pending', 1)
    return owed.length > 0 ? faulty(...given) : storage.claimDeliveries(...given)
  }
}

/** Waits until what one logout owes is all delivered; meanwhile the time of the next attempt comes. */
async function delivered(at: TestSystem, receiptId: string): Promise<void> {
  for (;;) {
    const all = await at.storage.listDeliveries(receiptId)
    if (all.every(it => it.state === 'delivered')) return
    const next = Math.max(...all.filter(it => it.state === 'pending').map(it => it.nextAt))
    advance(Math.max(0, next - Math.floor(Date.now() / 1000)))
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

test.each<[string, (storage: Storage) => Partial<Storage>]>([
  [
    'it cannot be asked what is due',
    it => ({ claimDeliveries: untilSeen(it, failingOnce(it.claimDeliveries, 'before')) })
  ],
  ['what it gave is lost', it => ({ claimDeliveries: failingOnce(it.claimDeliveries, 'after') })],
  ['it cannot write down an attempt', it => ({ recordAttempt: failingOnce(it.recordAttempt, 'before') })],
  ['it wrote one down and did not say so', it => ({ recordAttempt: failingOnce(it.recordAttempt, 'after') })]
])('the outbox goes on after a fault of the storage: %s', async (_what, faulty) => {
  const app = await receiver()
  const at = await systemThatTells(
    app.address,
    {},
    { logout_wait_ms: 0 },
    {
      wrapStorage: it => ({ ...it, ...faulty(it) })
    }
  )
  const { sid, receiptId } = await signOutAt(at)
  await delivered(at, receiptId)
  expect(app.received.map(it => it.claims.sid)).toEqual([sid])
  expect(at.logs.join()).toContain('a fault of the test')
})

test.each<[string, object]>([
  ['an address is none', { address: 'nowhere' }],
  ['no key signs as an application wants', { alg: 'none' }]
])('one that cannot be told at all keeps nobody waiting and is tried ever later: %s', async (_what, ill) => {
  const app = await receiver()
  const all = clients.map(it => ({
    ...it,
    backchannel_logout_uri: ['market', 'forum'].includes(it.client_id) ? app.address : undefined
  }))
  const at = await startSystem({
    config: { clients: all, allow_private_addresses: true, logout_wait_ms: 0 },
    wrapStorage: storage => ({
      ...storage,
      claimDeliveries: async (...given) =>
        (await storage.claimDeliveries(...given)).map(it =>
          it.clientId === 'forum' ? { ...it, ...ill } : it
        )
    })
  })
  const browser = at.browser()
  const { sid } = await signIn(at, browser, 'market')
  await signIn(at, browser, 'forum')
  const receiptId = String((await browser.go('/logout?client_id=market')).headers['utgang-receipt'])
  await app.count(1)
  expect(app.received.map(it => it.claims.sid)).toEqual([sid])
  const forum = async () => (await at.storage.listDeliveries(receiptId)).find(it => it.clientId === 'forum')
  await expect.poll(forum).toMatchObject({ state: 'pending', attempts: 1 })
  advance(3600)
  await expect.poll(forum, { timeout: 5000 }).toMatchObject({ state: 'pending', attempts: 2 })
  expect(await at.storage.listAttempts((await forum())?.id ?? '')).toMatchObject([
    { status: null, problem: expect.stringMatching(/\w/) },
    { status: null }
  ])
})
