import { expect, test } from 'vitest'
import { hashSecret } from '../../../src/storage/secrets.ts'
import { now, type OpenStorage, order, sessionOf, sidOf, stage } from './stage.ts'

/** {@link SessionStore}. */
export function sessionContract(open: OpenStorage): void {
  test('a session is found by its cookie and by its uid, as it was saved', async () => {
    const { storage, user } = await stage(open)
    await user('ola')
    const session = sessionOf('ola', { userAgent: 'Firefox', ip: '192.0.2.1' })
    expect(await storage.saveSession(session, now)).toBe('saved')
    const found = await storage.findSession(session.uid, now)
    expect(found).toEqual({
      ...session,
      createdAt: now,
      lastActiveAt: now,
      endedAt: null,
      endedBy: null,
      live: true
    })
    expect(await storage.findSessionByCookie(session.cookieHash, now)).toEqual(found)
    expect(await storage.findSessionByCookie(hashSecret('another'), now)).toBeUndefined()
  })

  test('a cookie names its session, and still does when it has ended', async () => {
    const { storage, user } = await stage(open)
    await user('ola')
    const session = sessionOf('ola')
    await storage.saveSession(session, now)
    const { cookieHash, uid } = session
    expect(await storage.findSessionRowByCookie(cookieHash, now)).toMatchObject({ uid, live: true })
    expect(await storage.findSessionRowByCookie(hashSecret('another'), now)).toBeUndefined()
    const { receiptId: endedBy } = await storage.end(order({ sessions: { uid } }), now)
    const dead = { uid, live: false, endedBy, endedAt: now }
    expect(await storage.findSessionRowByCookie(cookieHash, now)).toMatchObject(dead)
  })

  test('the handle that a session got first names it, and still does when it has ended', async () => {
    const { storage, user } = await stage(open)
    await user('ola')
    const [handleHash, another] = [hashSecret('handle'), hashSecret('another')]
    const session = sessionOf('ola', { handleHash })
    await storage.saveSession(session, now)
    await storage.saveSession({ ...session, handleHash: another }, now)
    expect(await storage.findSessionByHandle(handleHash, now)).toMatchObject({ uid: session.uid, live: true })
    expect(await storage.findSessionByHandle(another, now)).toBeUndefined()
    const ended = await storage.end(order({ sessions: { uid: session.uid } }), now)
    expect(await storage.findSessionByHandle(handleHash, now)).toMatchObject({
      uid: session.uid,
      live: false,
      endedBy: ended.receiptId
    })
    // One made before there were handles gets one when it is saved the next time.
    const old = sessionOf('ola')
    await storage.saveSession(old, now)
    await storage.saveSession({ ...old, handleHash: another }, now)
    expect(await storage.findSessionByHandle(another, now)).toMatchObject({ uid: old.uid })
  })

  test('a page sees of a live session who it is and whether its client is an RP, by cookie and by handle', async () => {
    const { storage, user, client } = await stage(open)
    await user('ola')
    await client('news')
    const session = sessionOf('ola', { handleHash: hashSecret('handle') })
    await storage.saveSession(session, now)
    const keys = [{ cookieHash: session.cookieHash }, { handleHash: hashSecret('handle') }]
    const seen = { uid: session.uid, sub: 'ola', name: 'Person ola', expiresAt: session.expiresAt }
    for (const key of keys) {
      expect(await storage.glanceAtSession(key, 'news', now)).toEqual({ ...seen, joined: false })
    }
    await storage.joinSession({ sessionUid: session.uid, clientId: 'news', sid: 'a-sid' }, now)
    for (const key of keys) {
      expect(await storage.glanceAtSession(key, 'news', now)).toEqual({ ...seen, joined: true })
      expect(await storage.glanceAtSession(key, 'market', now)).toEqual({ ...seen, joined: false })
      expect(await storage.glanceAtSession(key, 'news', session.expiresAt)).toBeUndefined()
    }
    // The one is not the other.
    const crossed = [{ handleHash: session.cookieHash }, { cookieHash: hashSecret('handle') }]
    for (const key of crossed) expect(await storage.glanceAtSession(key, 'news', now)).toBeUndefined()
    await storage.end(order({ sessions: { uid: session.uid } }), now)
    for (const key of keys) expect(await storage.glanceAtSession(key, 'news', now)).toBeUndefined()
  })

  test('a save updates a live session: new cookie, new limits, the first sign-in of the old', async () => {
    const { storage, user } = await stage(open)
    await user('ola')
    const first = sessionOf('ola')
    await storage.saveSession(first, now)
    const changed = {
      ...first,
      cookieHash: hashSecret('new cookie'),
      expiresAt: now + 5000,
      endsAt: now + 999_999
    }
    expect(await storage.saveSession(changed, now + 10)).toBe('saved')
    expect(await storage.findSessionByCookie(first.cookieHash, now + 10)).toBeUndefined()
    expect(await storage.findSessionByCookie(changed.cookieHash, now + 10)).toMatchObject({
      expiresAt: now + 5000,
      endsAt: first.endsAt,
      createdAt: now,
      lastActiveAt: now + 10
    })
  })

  test('who proves again who she is gets a new absolute limit', async () => {
    const { storage, user } = await stage(open)
    await user('ola')
    const first = sessionOf('ola')
    await storage.saveSession(first, now)
    const again = { ...first, loginAt: now + 50, endsAt: now + 50 + 86_400 }
    await storage.saveSession(again, now + 50)
    expect((await storage.findSession(first.uid, now + 50))?.endsAt).toBe(now + 50 + 86_400)
  })

  test.each([
    ['was ended', { end: 'session' as const }, now],
    ['was ended with everything of its user', { end: 'user' as const }, now],
    ['was ended with everything there is', { end: 'system' as const }, now],
    ['has been idle too long', {}, now + 3600],
    ['has reached its absolute limit', { idle: 100_000 }, now + 86_400]
  ])('a save never revives a session that %s', async (_, { end, idle = 3600 }: Dying, at) => {
    const { storage, user } = await stage(open)
    await user('ola')
    const session = sessionOf('ola', { expiresAt: now + idle })
    await storage.saveSession(session, now)
    if (end === 'session') await storage.end(order({ sessions: { uid: session.uid } }), now)
    if (end === 'user') await storage.end(order({ epoch: { user: 'ola' }, tell: 'job' }), now)
    if (end === 'system') await storage.end(order({ epoch: { system: true }, tell: 'job' }), now)
    const before = await storage.findSessionRow(session.uid, at)
    const late = { ...session, expiresAt: at + 3600, endsAt: at + 3600, payload: { late: true } }
    expect(await storage.saveSession(late, at)).toBe('ended')
    expect(await storage.findSessionRow(session.uid, at)).toEqual(before)
    expect(before?.live).toBe(false)
  })

  test('one person never gets the session of another', async () => {
    const { storage, user } = await stage(open)
    await user('ola')
    await user('kari')
    const session = sessionOf('ola')
    await storage.saveSession(session, now)
    expect(await storage.saveSession({ ...session, sub: 'kari' }, now)).toBe('ended')
    expect((await storage.findSession(session.uid, now))?.sub).toBe('ola')
  })

  test('no session is made for nobody, or for a user who is disabled', async () => {
    const { storage, user } = await stage(open)
    await user('ola')
    await storage.end(order({ sub: 'ola', epoch: { user: 'ola' }, userStatus: 'disabled', tell: 'job' }), now)
    expect(await storage.saveSession(sessionOf('nobody'), now)).toBe('ended')
    expect(await storage.saveSession(sessionOf('ola'), now)).toBe('ended')
  })

  test('no session is made by a proof that is older than a logout of everything', async () => {
    const { storage, user } = await stage(open)
    await user('ola')
    const provenUnder = (await storage.findUser('ola'))?.mark
    expect(await storage.saveSession(sessionOf('ola', { provenUnder }), now)).toBe('saved')
    await storage.end(order({ epoch: { user: 'ola' }, tell: 'job' }), now)
    expect(await storage.saveSession(sessionOf('ola', { provenUnder }), now)).toBe('ended')
    const fresh = (await storage.findUser('ola'))?.mark
    expect(await storage.saveSession(sessionOf('ola', { provenUnder: fresh }), now)).toBe('saved')
  })

  test('touching moves the idle limit forward, never back, and no further than a live session', async () => {
    const { storage, user, session } = await stage(open)
    await user('ola')
    const [live, ended] = [await session('ola'), await session('ola')]
    await storage.end(order({ sessions: { uid: ended } }), now)
    await storage.touchSession(live, now + 9000, now + 5)
    await storage.touchSession(live, now + 4000, now + 6)
    await storage.touchSession(ended, now + 9000, now + 5)
    expect(await storage.findSessionRow(live, now)).toMatchObject({
      expiresAt: now + 9000,
      lastActiveAt: now + 6
    })
    expect(await storage.findSessionRow(ended, now)).toMatchObject({
      expiresAt: now + 3600,
      lastActiveAt: now
    })
  })

  test('touching does not wake a session that has been idle too long', async () => {
    const { storage, user, session } = await stage(open)
    await user('ola')
    const uid = await session('ola')
    await storage.touchSession(uid, now + 9999, now + 3600)
    expect(await storage.findSession(uid, now + 3600)).toBeUndefined()
  })

  test('RPs join in order, once each, and keep the sid of the first time', async () => {
    const { storage, user, client, session } = await stage(open)
    await user('ola')
    for (const id of ['zebra', 'news']) await client(id)
    const uid = await session('ola')
    const join = (clientId: string, sid: string, at: number) =>
      storage.joinSession({ sessionUid: uid, clientId, sid }, at)
    expect(await join('zebra', 'z1', now)).toBe('joined')
    expect(await join('news', 'n1', now + 1)).toBe('joined')
    expect(await join('zebra', 'z2', now + 2)).toBe('already')
    expect(await storage.sessionClients(uid)).toEqual([
      { clientId: 'zebra', sid: 'z1' },
      { clientId: 'news', sid: 'n1' }
    ])
    expect(await storage.isJoined(uid, 'news')).toBe(true)
    expect(await storage.isJoined(uid, 'market')).toBe(false)
  })

  test('nobody joins a session that has ended', async () => {
    const { storage, user, client, session } = await stage(open)
    await user('ola')
    await client('news')
    const uid = await session('ola')
    await storage.end(order({ sessions: { uid } }), now)
    expect(await storage.joinSession({ sessionUid: uid, clientId: 'news', sid: 'x' }, now)).toBe('ended')
    expect(await storage.joinSession({ sessionUid: 'unknown', clientId: 'news', sid: 'y' }, now)).toBe(
      'ended'
    )
    expect(await storage.sessionClients(uid)).toEqual([])
  })

  test('many tabs that join at once all get their place', async () => {
    const { storage, user, client, session } = await stage(open)
    await user('ola')
    const ids = Array.from({ length: 20 }, (_, index) => `app-${index}`)
    for (const id of ids) await client(id)
    const uid = await session('ola')
    await Promise.all(
      [...ids, ...ids].map(clientId =>
        storage.joinSession({ sessionUid: uid, clientId, sid: sidOf(uid, clientId) }, now)
      )
    )
    expect((await storage.sessionClients(uid)).map(it => it.clientId)).toEqual([...ids].sort())
  })

  test('a client finds the session of its sid, alive or dead; another client does not', async () => {
    const { storage, user, client, session } = await stage(open)
    await user('ola')
    await client('news')
    await client('market')
    const uid = await session('ola', ['news'])
    expect(await storage.findSessionBySid('news', sidOf(uid, 'news'), now)).toMatchObject({ uid, live: true })
    expect(await storage.findSessionBySid('market', sidOf(uid, 'news'), now)).toBeUndefined()
    await storage.end(order({ sessions: { uid } }), now)
    expect(await storage.findSessionBySid('news', sidOf(uid, 'news'), now)).toMatchObject({
      uid,
      live: false
    })
  })

  test('sessions are listed newest first, live ones of everybody or of one person, all when asked', async () => {
    const { storage, user } = await stage(open)
    await user('ola')
    await user('kari')
    const made: Record<string, string> = {}
    const rows = [
      ['old', 'ola', now - 30],
      ['ended', 'ola', now - 20],
      ['hers', 'kari', now - 10],
      ['new', 'ola', now]
    ] as const
    for (const [name, sub, at] of rows) {
      const session = sessionOf(sub)
      made[session.uid] = name
      await storage.saveSession(session, at)
      if (name === 'ended') await storage.end(order({ sessions: { uid: session.uid } }), at)
    }
    const list = async (filter: { sub?: string; all?: boolean; limit: number }) =>
      (await storage.listSessions(filter, now)).map(it => made[it.uid])
    expect(await list({ limit: 10 })).toEqual(['new', 'hers', 'old'])
    expect(await list({ limit: 2 })).toEqual(['new', 'hers'])
    expect(await list({ all: true, limit: 10 })).toEqual(['new', 'hers', 'ended', 'old'])
    expect(await list({ sub: 'ola', limit: 10 })).toEqual(['new', 'old'])
    expect(await list({ sub: 'ola', all: true, limit: 2 })).toEqual(['new', 'ended'])
    expect(await list({ sub: 'nobody', all: true, limit: 2 })).toEqual([])
  })
}

interface Dying {
  end?: 'session' | 'user' | 'system'
  idle?: number
}
