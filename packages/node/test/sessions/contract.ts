import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { now } from '../../src/sessions/rules.ts'
import type { RpSession, RpSessionStore, RpSessionsEnded } from '../../src/sessions/store.ts'
import { type Kind, type OpenStore, openStore } from './open-store.ts'
import { type OtherProcess, otherProcess } from './other-process.ts'

/** Where the issuer of these sessions is. */
export const iss = 'https://id.example'

/** A session as a sign-in makes it. */
export function session(over: Partial<RpSession> = {}): RpSession {
  const at = now()
  return {
    iss,
    sub: 'ola',
    sid: 'sid-1',
    claims: { iat: at, name: 'Ola Nordmann', 'https://example/Ø': ['\u0000', '😀', { a: null }] },
    idToken: 'e30.e30.c2ln',
    accessToken: 'token',
    accessTokenExpiresAt: at + 300,
    createdAt: at,
    expiresAt: at + 3600,
    ...over
  }
}

/** An end, and the keys of it in one order. */
export const asHeard = ({ keys, by }: RpSessionsEnded): RpSessionsEnded => ({ keys: keys.toSorted(), by })

const byName = (heard: RpSessionsEnded[]): RpSessionsEnded[] =>
  heard.toSorted((a, b) => String(a.keys).localeCompare(String(b.keys)))

/** Waits for something, however long it takes; the time of the test is the limit. */
export async function until(isTrue: () => unknown): Promise<void> {
  while (!(await isTrue())) await wait(20)
}

/**
 * What every store does. Each test has tables, or keys, that other tests have used: it names its own sessions.
 * @param address of a new one for this run
 */
export function sessionsContract(kind: Kind, address: () => string): void {
  let opened: OpenStore
  let another: OtherProcess | undefined
  let count = 0
  beforeAll(async () => {
    opened = await openStore[kind](address())
    if (kind === 'memory') return
    another = await otherProcess(kind, address())
    // From here on it hears of ends.
    await another.store.find('nobody')
  })
  afterAll(async () => {
    await opened.close()
    await another?.kill()
  })

  /** A store, another process with the same sessions (the same store, where no two can share them), and names of this test. */
  function stage() {
    const n = ++count
    const names = { sid: `sid ${n}`, sub: `sub ${n}` }
    const keyed = (key: string): string => `${key}-${n}`
    return {
      store: opened.store,
      other: another?.store ?? opened.store,
      ...names,
      keyed,
      make: (over: Partial<RpSession> = {}): RpSession => session({ ...names, ...over }),
      /** What a store hears, from now on, of the sessions of this test. */
      hear(store: RpSessionStore): RpSessionsEnded[] {
        const heard: RpSessionsEnded[] = []
        store.onEnded(ended => {
          if (ended.keys.some(key => key.endsWith(keyed('')))) heard.push(asHeard(ended))
        })
        return heard
      }
    }
  }

  test('a session is found as it was kept, by every process', async () => {
    const { store, other, keyed, make } = stage()
    const kept = make({ refreshToken: 'again', endingAt: 12 })
    expect(await store.create(keyed('a'), kept)).toBe(true)
    expect(await store.find(keyed('a'))).toEqual(kept)
    expect(await other.find(keyed('a'))).toEqual(kept)
    expect(await other.find(keyed('b'))).toBeUndefined()
  })

  test('what a store gave or was given can be changed without changing what it has', async () => {
    const { store, keyed, make } = stage()
    const kept = make()
    await store.create(keyed('a'), kept)
    kept.claims.name = 'somebody'
    const found = await store.find(keyed('a'))
    if (found) found.accessToken = 'another'
    expect(await store.find(keyed('a'))).toMatchObject({
      claims: { name: 'Ola Nordmann' },
      accessToken: 'token'
    })
  })

  test('a live session is exchanged; one that has ended is not made again', async () => {
    const { store, other, keyed, make, sid } = stage()
    await store.create(keyed('a'), make())
    const refreshed = make({ accessToken: 'newer', endingAt: 5 })
    expect(await other.replace(keyed('a'), refreshed)).toBe(true)
    expect(await store.find(keyed('a'))).toEqual(refreshed)
    expect(await store.replace(keyed('a'), make())).toBe(true)
    expect(await store.find(keyed('a'))).not.toHaveProperty('endingAt')
    await store.endBySid(iss, sid, 'logout')
    expect(await store.replace(keyed('a'), refreshed)).toBe(false)
    expect(await other.find(keyed('a'))).toBeUndefined()
  })

  test('one session ends once, and each process hears of it once', async () => {
    const { store, other, keyed, make, hear } = stage()
    const [here, there] = [hear(store), hear(other)]
    await store.create(keyed('a'), make())
    await store.create(keyed('b'), make())
    expect(await store.end(keyed('a'), 'switched')).toBe(true)
    expect(here).toEqual([{ keys: [keyed('a')], by: 'switched' }])
    expect(await other.find(keyed('a'))).toBeUndefined()
    expect(await other.end(keyed('a'), 'logout')).toBe(false)
    expect(await other.end(keyed('b'), 'logout')).toBe(true)
    const both = [
      { keys: [keyed('a')], by: 'switched' },
      { keys: [keyed('b')], by: 'logout' }
    ]
    await until(() => here.length >= 2 && there.length >= 2)
    // Its own end reaches a process before those of others.
    expect([byName(here), byName(there)]).toEqual([both, both])
  })

  test('a sid ends its sessions and no others', async () => {
    const { store, other, keyed, make, sid, hear } = stage()
    const [here, there] = [hear(store), hear(other)]
    await store.create(keyed('a'), make())
    await store.create(keyed('b'), make())
    await store.create(keyed('c'), make({ sid: `${sid} too` }))
    await store.create(keyed('d'), make({ iss: 'https://other.example' }))
    const ended = { keys: [keyed('a'), keyed('b')], by: 'back_channel' }
    expect((await store.endBySid(iss, sid, 'back_channel')).toSorted()).toEqual(ended.keys)
    expect(here).toEqual([ended])
    expect(await store.find(keyed('a'))).toBeUndefined()
    expect(await store.find(keyed('c'))).toBeDefined()
    expect(await store.find(keyed('d'))).toBeDefined()
    await until(() => there.length >= 1)
    expect(there).toEqual([ended])
  })

  test('an end of nothing is none, and nobody hears of it', async () => {
    const { store, other, keyed, make, sid, sub, hear } = stage()
    const [here, there] = [hear(store), hear(other)]
    expect(await store.endBySid(iss, sid, 'back_channel')).toEqual([])
    expect(await store.endBySub(iss, sub, now(), 'back_channel')).toEqual([])
    expect(await store.end(keyed('none'), 'logout')).toBe(false)
    await store.create(keyed('a'), make({ sid: `${sid} too`, sub: `${sub} too` }))
    await store.end(keyed('a'), 'logout')
    await until(() => there.length >= 1)
    const one = [{ keys: [keyed('a')], by: 'logout' }]
    expect([here, there]).toEqual([one, one])
  })

  test('a sub ends what began by that instant, by the issuer’s clock, and no more', async () => {
    const { store, keyed, make, sub } = stage()
    const at = now()
    await store.create(keyed('before'), make({ claims: { iat: at - 10 } }))
    await store.create(keyed('then'), make({ claims: { iat: at } }))
    await store.create(keyed('after'), make({ claims: { iat: at + 1 } }))
    await store.create(keyed('no iat'), make({ claims: {}, createdAt: at - 1 }))
    await store.create(keyed('else'), make({ claims: { iat: at - 10 }, sub: `${sub} too` }))
    const ended = await store.endBySub(iss, sub, at, 'back_channel')
    expect(ended.toSorted()).toEqual([keyed('before'), keyed('no iat'), keyed('then')])
    expect(await store.find(keyed('after'))).toBeDefined()
    expect(await store.find(keyed('else'))).toBeDefined()
  })

  test('a logout by sid that overtakes its sign-in wins, in every process', async () => {
    const { store, other, keyed, make, sid } = stage()
    await store.endBySid(iss, sid, 'back_channel')
    expect(await store.create(keyed('a'), make())).toBe(false)
    expect(await other.create(keyed('b'), make())).toBe(false)
    expect(await other.find(keyed('a'))).toBeUndefined()
    expect(await other.create(keyed('c'), make({ iss: 'https://other.example' }))).toBe(true)
  })

  test('a logout by sub overtakes sign-ins that began before it, and only those; an older one takes nothing back', async () => {
    const { store, other, keyed, make, sub } = stage()
    const at = now()
    await store.endBySub(iss, sub, at, 'back_channel')
    await store.endBySub(iss, sub, at - 100, 'back_channel')
    expect(await store.create(keyed('a'), make({ claims: { iat: at } }))).toBe(false)
    expect(await other.create(keyed('b'), make({ claims: { iat: at - 50 } }))).toBe(false)
    expect(await other.create(keyed('c'), make({ claims: { iat: at + 1 } }))).toBe(true)
  })

  test('a sid that a front-channel logout names is not remembered', async () => {
    const { store, keyed, make, sid } = stage()
    await store.create(keyed('a'), make())
    expect(await store.endBySid(iss, sid, 'front_channel')).toEqual([keyed('a')])
    expect(await store.create(keyed('b'), make())).toBe(true)
  })

  test('sign-ins that race with their logout: none of them is there in the end', async () => {
    const { store, other, keyed, make, sid, sub } = stage()
    for (let round = 0; round < 15; round++) {
      const [named, at] = [{ sid: `${sid} r${round}`, sub: `${sub} r${round}` }, now()]
      const of = (n: number): RpSessionStore => (n % 2 ? store : other)
      const create = (n: number): Promise<boolean> =>
        of(n).create(keyed(`${round}-${n}`), make({ ...named, claims: { iat: at } }))
      await Promise.all([
        ...[0, 1, 2].map(create),
        round % 3
          ? of(round).endBySid(iss, named.sid, 'back_channel')
          : of(round).endBySub(iss, named.sub, at, 'back_channel'),
        ...[3, 4, 5].map(create)
      ])
      const left = await Promise.all([0, 1, 2, 3, 4, 5].map(n => store.find(keyed(`${round}-${n}`))))
      expect(left, `round ${round}`).toEqual(Array(6).fill(undefined))
    }
  })

  test('ends of the same sessions from all sides: each session is ended once, nothing waits for ever', async () => {
    const { store, other, keyed, make, sid, sub, hear } = stage()
    const [here, there] = [hear(store), hear(other)]
    const keys = Array.from({ length: 20 }, (_, n) => keyed(`${n}`))
    await Promise.all(keys.map(key => store.create(key, make())))
    const ended = await Promise.all([
      other.endBySub(iss, sub, now(), 'back_channel'),
      store.endBySid(iss, sid, 'logout'),
      other.endBySid(iss, sid, 'back_channel'),
      ...keys.map(async key => ((await store.end(key, 'switched')) ? [key] : [])),
      store.endBySub(iss, sub, now(), 'back_channel')
    ])
    expect(ended.flat().toSorted()).toEqual(keys.toSorted())
    const all = (heard: RpSessionsEnded[]): string[] => heard.flatMap(it => it.keys)
    await until(() => all(here).length >= 20 && all(there).length >= 20)
    expect(all(here).toSorted()).toEqual(keys.toSorted())
    expect(all(there).toSorted()).toEqual(keys.toSorted())
  })

  test('of fifty that take one jti at the same time one has it', async () => {
    const { store, other, keyed } = stage()
    const jti = keyed('jti')
    const take = (n: number): Promise<boolean> => (n % 2 ? store : other).takeJti(iss, jti, now() + 60)
    const taken = await Promise.all(Array.from({ length: 50 }, (_, n) => take(n)))
    expect(taken.filter(Boolean)).toHaveLength(1)
    expect(await store.takeJti('https://other.example', jti, now() + 60)).toBe(true)
    await other.returnJti(iss, jti)
    expect(await store.takeJti(iss, jti, now() + 60)).toBe(true)
    expect(await other.takeJti(iss, jti, now() + 60)).toBe(false)
  })

  test('an expired session is nobody’s, whatever is asked; every process hears that it has expired', async () => {
    const { store, other, keyed, make, sid, sub, hear } = stage()
    const [here, there] = [hear(store), hear(other)]
    const jti = keyed('jti')
    const soon = now() + 2
    await store.create(keyed('a'), make({ expiresAt: soon }))
    await store.create(keyed('kept'), make({ expiresAt: soon }))
    await store.replace(keyed('kept'), make({ expiresAt: soon + 3600 }))
    await store.takeJti(iss, jti, soon)
    await until(() => now() >= soon)
    expect(await store.find(keyed('a'))).toBeUndefined()
    expect(await store.replace(keyed('a'), make())).toBe(false)
    expect(await store.end(keyed('a'), 'logout')).toBe(false)
    expect(await store.endBySid(iss, `${sid} else`, 'logout')).toEqual([])
    expect(await store.endBySub(iss, sub, now() - 100, 'logout')).toEqual([])
    await until(() => store.takeJti(iss, jti, now() + 60))
    await until(() => here.length >= 1 && there.length >= 1)
    const expired = [{ keys: [keyed('a')], by: 'expired' }]
    expect([here, there]).toEqual([expired, expired])
    expect(await store.endBySid(iss, sid, 'logout')).toEqual([keyed('kept')])
  })

  test('who no longer listens hears nothing; one that throws keeps nobody from hearing', async () => {
    const { store, keyed, make } = stage()
    await store.create(keyed('a'), make())
    await store.create(keyed('b'), make())
    const heard: string[] = []
    const complaints = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => complaints.mockRestore())
    const stop = store.onEnded(() => heard.push('first'))
    const stopThrowing = store.onEnded(() => {
      throw new Error('a listener of a test')
    })
    const stopLast = store.onEnded(() => heard.push('last'))
    expect(await store.end(keyed('a'), 'logout')).toBe(true)
    stop()
    expect(await store.end(keyed('b'), 'logout')).toBe(true)
    stopThrowing()
    stopLast()
    expect(heard).toEqual(['first', 'last', 'last'])
    expect(complaints.mock.calls.map(([error]) => error.message)).toContain('a listener of a test')
  })
}
