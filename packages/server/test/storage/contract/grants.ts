import { expect, test } from 'vitest'
import { grantOf, now, type OpenStorage, order, stage } from './stage.ts'

/** The grants of {@link TokenStore}. */
export function grantContract(open: OpenStorage): void {
  test('two tabs that open a grant at once get the same one', async () => {
    const { storage, user, client, session } = await stage(open)
    await user('ola')
    await client('news')
    const uid = await session('ola')
    const opened = await Promise.all(
      Array.from({ length: 20 }, () => storage.openGrant(grantOf('ola', 'news', { sessionUid: uid }), now))
    )
    expect(new Set(opened.map(it => (it === 'ended' ? it : it.id))).size).toBe(1)
  })

  test('another client, another session, another binding is another grant; without a session each is new', async () => {
    const { storage, user, client, session } = await stage(open)
    await user('ola')
    await client('news')
    await client('market')
    const [laptop, phone] = [await session('ola'), await session('ola')]
    const opened = [
      await storage.openGrant(grantOf('ola', 'news', { sessionUid: laptop }), now),
      await storage.openGrant(grantOf('ola', 'market', { sessionUid: laptop }), now),
      await storage.openGrant(grantOf('ola', 'news', { sessionUid: phone }), now),
      await storage.openGrant(grantOf('ola', 'news', { sessionUid: laptop, bound: false }), now),
      await storage.openGrant(grantOf('ola', 'news'), now),
      await storage.openGrant(grantOf('ola', 'news'), now)
    ]
    expect(new Set(opened.map(it => (it === 'ended' ? it : it.id))).size).toBe(6)
  })

  test('after its grant was revoked, the same session gets a new one', async () => {
    const { storage, user, client, session, grant } = await stage(open)
    await user('ola')
    await client('news')
    const uid = await session('ola')
    const first = await grant('ola', 'news', { sessionUid: uid })
    await storage.end(order({ grants: [first], tell: 'nobody' }), now)
    expect(await grant('ola', 'news', { sessionUid: uid })).not.toBe(first)
  })

  test.each([
    ['a session that has ended', { session: 'ended' }],
    ['a session that nobody knows', { session: 'unknown' }],
    ['a client that nobody knows', { client: 'unknown' }],
    ['a disabled client', { client: 'disabled' }],
    ['a user that nobody knows', { sub: 'nobody' }]
  ])('no grant is opened for %s', async (_, wrong: { session?: string; client?: string; sub?: string }) => {
    const { storage, user, client, session } = await stage(open)
    await user('ola')
    await client('news')
    await client('disabled')
    await storage.end(
      order({
        clientId: 'disabled',
        disableClient: true,
        epoch: { client: 'disabled' },
        tell: 'job'
      }),
      now
    )
    const ended = await session('ola')
    await storage.end(order({ sessions: { uid: ended } }), now)
    const uid = wrong.session === 'ended' ? ended : (wrong.session ?? null)
    const asked = grantOf(wrong.sub ?? 'ola', wrong.client ?? 'news', { sessionUid: uid })
    expect(await storage.openGrant(asked, now)).toBe('ended')
    expect(await storage.findGrant(asked.id, now)).toBeUndefined()
  })

  test('no grant is opened by a proof that is older than a logout of everything', async () => {
    const { storage, user, client } = await stage(open)
    await user('ola')
    await client('phone')
    const provenUnder = (await storage.findUser('ola'))?.mark
    await storage.end(order({ epoch: { system: true }, tell: 'job' }), now)
    expect(await storage.openGrant(grantOf('ola', 'phone', { provenUnder }), now)).toBe('ended')
  })

  test('what a grant allows can be replaced while it lives; its expiry only moves forward', async () => {
    const { storage, user, client } = await stage(open)
    await user('ola')
    await client('news')
    const asked = grantOf('ola', 'news')
    await storage.openGrant(asked, now)
    expect(await storage.saveGrant(asked.id, { scope: 'more' }, now + 1, now)).toBe('saved')
    expect(await storage.findGrant(asked.id, now)).toEqual({
      ...asked,
      payload: { scope: 'more' },
      createdAt: now
    })
    await storage.end(order({ grants: [asked.id], tell: 'nobody' }), now)
    expect(await storage.saveGrant(asked.id, { scope: 'late' }, now + 9_999_999, now)).toBe('revoked')
    expect(await storage.findGrant(asked.id, now)).toBeUndefined()
  })

  test('a grant that has expired is dead', async () => {
    const { storage, user, client, grant } = await stage(open)
    await user('ola')
    await client('news')
    const id = await grant('ola', 'news', { expiresAt: now + 10 })
    expect(await storage.findGrant(id, now + 9)).toBeDefined()
    expect(await storage.findGrant(id, now + 10)).toBeUndefined()
  })
}
