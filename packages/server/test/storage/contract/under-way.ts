import { expect, test } from 'vitest'
import { hashSecret } from '../../../src/storage/secrets.ts'
import { now, type OpenStorage, order, sessionOf, stage } from './stage.ts'

/** What requests that were under way when something changed can no longer do. */
export function underWayContract(open: OpenStorage): void {
  test('a session that has another cookie by now is not touched by who found it under the old one', async () => {
    const { storage, user } = await stage(open)
    await user('ola')
    const first = sessionOf('ola')
    await storage.saveSession(first, now)
    const renewed = { ...first, cookieHash: hashSecret('renewed'), foundUnder: first.cookieHash }
    expect(await storage.saveSession(renewed, now)).toBe('saved')
    const late = { ...first, foundUnder: first.cookieHash }
    expect(await storage.saveSession(late, now)).toBe('ended')
    expect(await storage.findSessionByCookie(first.cookieHash, now)).toBeUndefined()
    expect((await storage.findSession(first.uid, now))?.cookieHash).toBe(renewed.cookieHash)
  })

  test('a code that has been read is not redeemed after its session has ended', async () => {
    const { storage, user, client, session, grant, token } = await stage(open)
    await user('ola')
    await client('news')
    const uid = await session('ola')
    const grantId = await grant('ola', 'news', { sessionUid: uid, bound: false })
    const code = await token(grantId, { kind: 'AuthorizationCode', sessionUid: uid })
    expect(await storage.findToken(code, now)).toBeDefined()
    await storage.end(order({ sessions: { uid } }), now)
    expect(await storage.consumeToken(code, 0, now)).toBe('used')
  })

  test('a grant says which logout revoked it, and nothing while none did', async () => {
    const { storage, user, client, grant } = await stage(open)
    await user('ola')
    await client('news')
    const grantId = await grant('ola', 'news')
    expect(await storage.grantRevokedBy(grantId)).toBeUndefined()
    expect(await storage.grantRevokedBy('no grant')).toBeUndefined()
    const ended = await storage.end(order({ grants: [grantId], tell: 'nobody' }), now)
    expect(await storage.grantRevokedBy(grantId)).toBe(ended.receiptId)
  })
}
