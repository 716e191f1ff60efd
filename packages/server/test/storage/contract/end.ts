import { expect, test } from 'vitest'
import type { Delivery, EndOrder } from '../../../src/storage/records.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import { now, type OpenStorage, order, type Stage, sidOf, stage } from './stage.ts'

/** `end`, its receipts, deliveries and audit rows. */
export function endContract(open: OpenStorage): void {
  test('ending a session writes all of it down: the end, a delivery for each RP that wants one, receipt, audit', async () => {
    const { storage, uid } = await signedIn(open)
    const ending = order({
      sub: 'ola',
      clientId: 'news',
      sessions: { uid },
      audit: { ip: '192.0.2.1', requestId: 'r1', detail: { by: 'a test' } }
    })
    expect(await storage.end(ending, now)).toEqual({ state: 'ended', receiptId: ending.logoutId })
    expect(await storage.findSessionRow(uid, now)).toMatchObject({
      endedAt: now,
      endedBy: ending.logoutId,
      live: false
    })
    expect(await storage.listDeliveries(ending.logoutId)).toMatchObject([
      {
        clientId: 'market',
        sid: sidOf(uid, 'market'),
        sub: 'ola',
        address: 'https://market.example/backchannel',
        state: 'pending',
        attempts: 0,
        nextAt: now,
        createdAt: now
      },
      { clientId: 'news', sid: sidOf(uid, 'news') }
    ])
    expect(await storage.findReceipt(ending.logoutId)).toEqual({
      id: ending.logoutId,
      cause: 'redirect',
      sub: 'ola',
      clientId: 'news',
      at: now,
      sessionsEnded: 1,
      grantsRevoked: 0,
      tokensRevoked: 0,
      jobOpen: false
    })
    expect(await storage.listAudit({ limit: 10 })).toMatchObject([
      {
        at: now,
        event: 'logout',
        sub: 'ola',
        clientId: 'news',
        logoutId: ending.logoutId,
        ip: '192.0.2.1',
        requestId: 'r1',
        detail: { cause: 'redirect', by: 'a test' }
      }
    ])
  })

  test('of many who end one session at once, one ends it and all get the same receipt', async () => {
    const { storage, uid } = await signedIn(open)
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => storage.end(order({ sub: 'ola', sessions: { uid } }), now))
    )
    expect(answers.filter(it => it.state === 'ended')).toHaveLength(1)
    expect(new Set(answers.map(it => it.receiptId)).size).toBe(1)
    expect(await written(storage)).toEqual({ deliveries: 2, audit: 1 })
  })

  test('a session that nobody knows is over already, and nothing is written', async () => {
    const { storage } = await stage(open)
    const answer = await storage.end(order({ sessions: { uid: 'unknown' } }), now)
    expect(answer).toEqual({ state: 'already_ended', receiptId: null })
    expect(await written(storage)).toEqual({ deliveries: 0, audit: 0 })
  })

  test('an order that tells nobody queues nothing', async () => {
    const { storage, uid } = await signedIn(open)
    expect((await storage.end(order({ sub: 'ola', sessions: { uid }, tell: 'nobody' }), now)).state).toBe(
      'ended'
    )
    expect(await written(storage)).toEqual({ deliveries: 0, audit: 1 })
  })

  test('all other sessions of a user end, and their RPs hear of it', async () => {
    const { storage, uid, session, user } = await signedIn(open)
    await user('kari')
    const [phone, tablet, hers] = [
      await session('ola', ['news']),
      await session('ola', ['silent']),
      await session('kari', ['news'])
    ]
    const ending = order({ sub: 'ola', sessions: { ofUser: 'ola', except: uid } })
    expect((await storage.end(ending, now)).state).toBe('ended')
    const live = await storage.listSessions({ limit: 10 }, now)
    expect(live.map(it => it.uid).toSorted()).toEqual([uid, hers].toSorted())
    expect(told(await storage.listDeliveries())).toEqual([`news ${sidOf(phone, 'news')}`])
    expect(await storage.findReceipt(ending.logoutId)).toMatchObject({ sessionsEnded: 2 })
    expect((await storage.findSessionRow(tablet, now))?.endedBy).toBe(ending.logoutId)
    expect((await storage.end({ ...ending, logoutId: 'again' }, now)).state).toBe('already_ended')
  })

  const narrow: Record<string, (grant: string, token: string) => Partial<EndOrder>> = {
    'a grant': grant => ({ grants: [grant] }),
    'a token': (_, token) => ({ tokens: [token] }),
    'the grants of one user at one client': () => ({ grantsOf: { sub: 'ola', clientId: 'news' } })
  }
  test.each(Object.entries(narrow))('revoking %s ends no session and tells nobody', async (_, what) => {
    const { storage, uid, grant, token } = await signedIn(open)
    const grantId = await grant('ola', 'news', { sessionUid: uid })
    const hash = await token(grantId)
    const revoking = order({ ...what(grantId, hash), cause: 'api', sub: 'ola', tell: 'nobody' })
    expect(await storage.end(revoking, now)).toEqual({ state: 'ended', receiptId: revoking.logoutId })
    expect(await storage.findToken(hash, now)).toBeUndefined()
    expect(await storage.findSession(uid, now)).toBeDefined()
    expect(await written(storage)).toEqual({ deliveries: 0, audit: 1 })
    // Once more is the same answer and no second row.
    const again = await storage.end({ ...revoking, logoutId: 'again' }, now + 5)
    expect(again.state).toBe('already_ended')
    expect(again.receiptId).toBe(revoking.logoutId)
    expect(await written(storage)).toEqual({ deliveries: 0, audit: 1 })
  })

  test('a grant is revoked together with a session in one receipt', async () => {
    const { storage, uid, grant } = await signedIn(open)
    const grantId = await grant('ola', 'news', { sessionUid: uid, bound: false })
    const ending = order({ sub: 'ola', sessions: { uid }, grants: [grantId] })
    await storage.end(ending, now)
    expect(await storage.findReceipt(ending.logoutId)).toMatchObject({ sessionsEnded: 1, grantsRevoked: 1 })
    expect(await storage.findGrant(grantId, now)).toBeUndefined()
  })

  test('a client that is put off an account hears it once for each of its sids, or else by the sub', async () => {
    const { storage, uid, grant, session } = await signedIn(open)
    const phone = await session('ola', ['news'])
    await grant('ola', 'news', { sessionUid: uid })
    const putOff = (clientId: string) =>
      order({
        sub: 'ola',
        clientId,
        cause: 'account_app',
        grantsOf: { sub: 'ola', clientId },
        dropConsent: { sub: 'ola', clientId },
        tell: 'client'
      })
    await storage.end(putOff('news'), now)
    expect(told(await storage.listDeliveries())).toEqual(
      [`news ${sidOf(phone, 'news')}`, `news ${sidOf(uid, 'news')}`].toSorted()
    )
    await storage.end(order({ sub: 'ola', sessions: { ofUser: 'ola', except: null }, tell: 'nobody' }), now)
    await grant('ola', 'market')
    const offline = putOff('market')
    await storage.end(offline, now)
    expect(await storage.listDeliveries(offline.logoutId)).toMatchObject([{ sid: null, sub: 'ola' }])
  })

  test('taking back consent alone is a change, once', async () => {
    const { storage } = await signedIn(open)
    const both = { sub: 'ola', clientId: 'silent' }
    await storage.saveConsent({ ...both, scopes: ['openid'] }, now)
    const putOff = order({ ...both, grantsOf: both, dropConsent: both, tell: 'client' })
    expect((await storage.end(putOff, now)).state).toBe('ended')
    expect(await storage.findConsent('ola', 'silent')).toBeUndefined()
    expect((await storage.end({ ...putOff, logoutId: 'again' }, now)).state).toBe('already_ended')
  })

  const repeated: Record<string, Partial<EndOrder>> = {
    'a disabled user': { sub: 'ola', userStatus: 'disabled', epoch: { user: 'ola' } },
    'a deleted user': { sub: 'ola', userStatus: 'deleted', epoch: { user: 'ola' } },
    'a disabled client': { clientId: 'news', disableClient: true, epoch: { client: 'news' } }
  }
  test.each(Object.entries(repeated))('%s is not ended again', async (_, what) => {
    const { storage, finishJobs } = await signedIn(open)
    const ending = order({ ...what, tell: 'job' })
    expect((await storage.end(ending, now)).state).toBe('ended')
    await finishJobs()
    const before = await written(storage)
    expect(await storage.end({ ...ending, logoutId: 'again' }, now)).toEqual({
      state: 'already_ended',
      receiptId: ending.logoutId
    })
    expect(await storage.runJob(10, now)).toBe('idle')
    expect(await written(storage)).toEqual(before)
  })

  test('a user or client that nobody knows cannot be ended', async () => {
    const { storage } = await stage(open)
    for (const epoch of [{ user: 'nobody' }, { client: 'nobody' }]) {
      expect(await storage.end(order({ epoch, tell: 'job' }), now)).toEqual({
        state: 'already_ended',
        receiptId: null
      })
    }
    expect(await storage.runJob(10, now)).toBe('idle')
  })

  test('an order that fails on the way leaves nothing of itself', async () => {
    const { storage, uid, grant, session } = await signedIn(open)
    const grantId = await grant('ola', 'news', { sessionUid: uid, bound: false })
    const taken = order({ sub: 'ola', sessions: { uid: await session('ola') } })
    await storage.end(taken, now)
    const before = await written(storage)
    // The receipt's id is taken, and the receipt is the last thing written.
    const failing = order({
      logoutId: taken.logoutId,
      sub: 'ola',
      sessions: { uid },
      grants: [grantId],
      userStatus: 'disabled',
      tell: 'session_rps'
    })
    await expect(storage.end(failing, now)).rejects.toMatchObject({ code: 'storage_unavailable' })
    expect(await storage.findSession(uid, now)).toBeDefined()
    expect(await storage.findGrant(grantId, now)).toBeDefined()
    expect((await storage.findUser('ola'))?.status).toBe('active')
    expect(await written(storage)).toEqual(before)
  })

  test('the audit trail is read newest first, of one user or of one event', async () => {
    const { storage } = await stage(open)
    await storage.writeAudit({ event: 'signed_in', sub: 'ola', ip: '192.0.2.1' }, now)
    await storage.writeAudit({ event: 'signed_in', sub: 'kari', detail: { from: 'laptop' } }, now + 1)
    await storage.writeAudit({ event: 'logout_refused', sub: 'ola' }, now + 2)
    const events = async (filter: { sub?: string; event?: string; limit?: number }) =>
      (await storage.listAudit({ limit: 10, ...filter })).map(it => `${it.event} ${it.sub} ${it.at - now}`)
    expect(await events({})).toEqual(['logout_refused ola 2', 'signed_in kari 1', 'signed_in ola 0'])
    expect(await events({ limit: 1 })).toEqual(['logout_refused ola 2'])
    expect(await events({ sub: 'ola' })).toEqual(['logout_refused ola 2', 'signed_in ola 0'])
    expect(await events({ event: 'signed_in', sub: 'kari' })).toEqual(['signed_in kari 1'])
    expect((await storage.listAudit({ limit: 1, sub: 'kari' }))[0]?.detail).toEqual({ from: 'laptop' })
  })

  test('a receipt that nobody knows is not there', async () => {
    const { storage } = await stage(open)
    expect(await storage.findReceipt('unknown')).toBeUndefined()
  })
}

/** Ola, signed in to news and market, which want to be told, and to silent, which does not. */
async function signedIn(open: OpenStorage): Promise<Stage & { uid: string }> {
  const scene = await stage(open)
  await scene.user('ola')
  await scene.client('news')
  await scene.client('market')
  await scene.client('silent', 'not_told')
  return { ...scene, uid: await scene.session('ola', ['news', 'market', 'silent']) }
}

const told = (deliveries: Delivery[]): string[] => deliveries.map(it => `${it.clientId} ${it.sid}`).toSorted()

async function written(storage: Storage): Promise<{ deliveries: number; audit: number }> {
  return {
    deliveries: (await storage.listDeliveries()).length,
    audit: (await storage.listAudit({ limit: 1000 })).length
  }
}
