import { expect, test } from 'vitest'
import { now, type OpenStorage, order, stage } from './stage.ts'

/** The short-lived records of {@link TokenStore}. */
export function recordContract(open: OpenStorage): void {
  test('a record is read until it expires, by its own kind only; a later one replaces it', async () => {
    const { storage } = await stage(open)
    const record = { kind: 'interaction' as const, hash: 'h', payload: { step: 1 }, expiresAt: now + 60 }
    await storage.putRecord(record)
    expect(await storage.findRecord('interaction', 'h', now)).toEqual({
      payload: { step: 1 },
      expiresAt: now + 60,
      sessionUid: null,
      sessionEnded: false
    })
    expect(await storage.findRecord('pending_logout', 'h', now)).toBeUndefined()
    expect(await storage.findRecord('interaction', 'h', now + 60)).toBeUndefined()
    await storage.putRecord({ ...record, payload: { step: 2 }, expiresAt: now + 90 })
    expect((await storage.findRecord('interaction', 'h', now + 60))?.payload).toEqual({ step: 2 })
  })

  test('a record of a session says when that has ended', async () => {
    const { storage, user, session } = await stage(open)
    await user('ola')
    const uid = await session('ola')
    await storage.putRecord({
      kind: 'interaction',
      hash: 'h',
      payload: {},
      expiresAt: now + 9000,
      sessionUid: uid
    })
    const ended = async (at: number) => (await storage.findRecord('interaction', 'h', at))?.sessionEnded
    expect(await ended(now)).toBe(false)
    expect(await ended(now + 3600)).toBe(true)
    await storage.end(order({ epoch: { user: 'ola' }, tell: 'job' }), now)
    expect(await ended(now)).toBe(true)
  })

  test('of many who take one record at once, one gets it', async () => {
    const { storage } = await stage(open)
    await storage.putRecord({
      kind: 'continued_logout',
      hash: 'h',
      payload: { a: 1 },
      expiresAt: now + 60
    })
    const taken = await Promise.all(
      Array.from({ length: 30 }, () => storage.takeRecord('continued_logout', 'h', now))
    )
    expect(taken.filter(Boolean)).toEqual([
      { payload: { a: 1 }, expiresAt: now + 60, sessionUid: null, sessionEnded: false }
    ])
  })

  test('an expired record cannot be taken', async () => {
    const { storage } = await stage(open)
    await storage.putRecord({ kind: 'continued_logout', hash: 'h', payload: {}, expiresAt: now + 60 })
    expect(await storage.takeRecord('continued_logout', 'h', now + 60)).toBeUndefined()
  })

  test('a record can be dropped, once more too', async () => {
    const { storage } = await stage(open)
    await storage.putRecord({ kind: 'interaction', hash: 'h', payload: {}, expiresAt: now + 60 })
    await storage.dropRecord('interaction', 'h')
    await storage.dropRecord('interaction', 'h')
    expect(await storage.findRecord('interaction', 'h', now)).toBeUndefined()
  })

  test('of many who claim one hash at once, one succeeds; another kind is another hash', async () => {
    const { storage } = await stage(open)
    const claims = await Promise.all(
      Array.from({ length: 30 }, () => storage.claimOnce('replay', 'jti', now + 60))
    )
    expect(claims.filter(Boolean)).toHaveLength(1)
    expect(await storage.claimOnce('interaction', 'jti', now + 60)).toBe(true)
  })
}
