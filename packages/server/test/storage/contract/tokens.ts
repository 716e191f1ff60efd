import { expect, test } from 'vitest'
import { now, type OpenStorage, order, type Stage, sidOf, stage, tokenOf } from './stage.ts'

/** The tokens of {@link TokenStore}. */
export function tokenContract(open: OpenStorage): void {
  test('a token is found by its hash as it was saved; its row stays known when it is dead', async () => {
    const { storage, grantId } = await withGrant(open)
    const token = tokenOf(grantId, { sub: 'ola', sid: 'a-sid' })
    expect(await storage.saveToken(token, now)).toBe('saved')
    const whole = { ...token, createdAt: now, consumedAt: null, consumedAgain: false, revokedAt: null }
    expect(await storage.findToken(token.hash, now)).toMatchObject(whole)
    await storage.end(order({ tokens: [token.hash], tell: 'nobody' }), now + 5)
    expect(await storage.findToken(token.hash, now)).toBeUndefined()
    expect(await storage.findTokenRow(token.hash)).toMatchObject({ ...whole, revokedAt: now + 5 })
    expect(await storage.findTokenRow('unknown')).toBeUndefined()
  })

  test('saving once more changes a live token and leaves a revoked one dead as it is', async () => {
    const { storage, grantId } = await withGrant(open)
    const token = tokenOf(grantId)
    await storage.saveToken(token, now)
    expect(await storage.saveToken({ ...token, payload: { changed: true } }, now)).toBe('saved')
    expect((await storage.findToken(token.hash, now))?.payload).toEqual({ changed: true })
    await storage.end(order({ tokens: [token.hash], tell: 'nobody' }), now)
    expect(await storage.saveToken({ ...token, payload: { late: true } }, now)).toBe('dead')
    expect((await storage.findTokenRow(token.hash))?.payload).toEqual({ changed: true })
  })

  test('a code is stored together with the place of its client in the session', async () => {
    const { storage, user, client, session, grant } = await stage(open)
    await user('ola')
    await client('news')
    const uid = await session('ola')
    const sid = sidOf(uid, 'news')
    const grantId = await grant('ola', 'news', { sessionUid: uid })
    const code = tokenOf(grantId, { kind: 'AuthorizationCode', sessionUid: uid, sid })
    await storage.saveToken(code, now)
    expect(await storage.sessionClients(uid)).toEqual([{ clientId: 'news', sid }])
  })

  test('a code of an unbound grant dies with its session all the same', async () => {
    const { storage, user, client, session, grant, token } = await stage(open)
    await user('ola')
    await client('news')
    const uid = await session('ola')
    const grantId = await grant('ola', 'news', { sessionUid: uid, bound: false })
    const code = await token(grantId, {
      kind: 'AuthorizationCode',
      sessionUid: uid,
      sid: sidOf(uid, 'news')
    })
    const access = await token(grantId)
    await storage.end(order({ sessions: { uid } }), now)
    expect(await storage.findToken(code, now)).toBeUndefined()
    expect(await storage.findToken(access, now)).toBeDefined()
  })

  test('of many who redeem one code at once, one gets it', async () => {
    const { storage, token, grantId } = await withGrant(open)
    const hash = await token(grantId, { kind: 'RefreshToken' })
    const answers = await Promise.all(Array.from({ length: 50 }, () => storage.consumeToken(hash, 0, now)))
    expect(tally(answers)).toEqual({ consumed: 1, used: 49 })
    expect((await storage.findToken(hash, now))?.consumedAt).toBe(now)
  })

  test('within the grace time a refresh token is taken once more, and only once', async () => {
    const { storage, token, grantId } = await withGrant(open)
    const hash = await token(grantId, { kind: 'RefreshToken' })
    const answers = await Promise.all(Array.from({ length: 50 }, () => storage.consumeToken(hash, 10, now)))
    expect(tally(answers)).toEqual({ consumed: 1, again: 1, used: 48 })
    expect((await storage.findToken(hash, now))?.consumedAgain).toBe(true)
  })

  test.each([
    [10, 9, 'again'],
    [10, 10, 'used'],
    [0, 0, 'used']
  ])('with %i seconds of grace, a second use %i seconds later is %s', async (grace, later, answer) => {
    const { storage, token, grantId } = await withGrant(open)
    const hash = await token(grantId, { kind: 'RefreshToken' })
    await storage.consumeToken(hash, grace, now)
    expect(await storage.consumeToken(hash, grace, now + later)).toBe(answer)
  })

  test.each([
    ['revoked itself', (hash: string) => order({ tokens: [hash], tell: 'nobody' })],
    ['of a revoked grant', (_: string, grantId: string) => order({ grants: [grantId], tell: 'nobody' })]
  ])('a token %s cannot be consumed', async (_, dying) => {
    const { storage, token, grantId } = await withGrant(open)
    const hash = await token(grantId, { kind: 'RefreshToken' })
    await storage.end(dying(hash, grantId), now)
    expect(await storage.consumeToken(hash, 10, now)).toBe('used')
    expect((await storage.findTokenRow(hash))?.consumedAt).toBeNull()
  })

  test('an unknown token cannot be consumed', async () => {
    const { storage } = await stage(open)
    expect(await storage.consumeToken('unknown', 10, now)).toBe('used')
  })

  test('the expiry of a token can be moved until it is revoked', async () => {
    const { storage, token, grantId } = await withGrant(open)
    const hash = await token(grantId)
    await storage.extendToken(hash, now + 9000)
    expect((await storage.findToken(hash, now))?.expiresAt).toBe(now + 9000)
    await storage.end(order({ tokens: [hash], tell: 'nobody' }), now)
    await storage.extendToken(hash, now + 99_000)
    expect((await storage.findTokenRow(hash))?.expiresAt).toBe(now + 9000)
  })

  test('a token without a client lives by its own expiry', async () => {
    const { storage, token } = await stage(open)
    const hash = await token(null, { kind: 'InitialAccessToken', clientId: null })
    expect(await storage.findToken(hash, now + 7199)).toBeDefined()
    expect(await storage.findToken(hash, now + 7200)).toBeUndefined()
  })
}

async function withGrant(open: OpenStorage): Promise<Stage & { grantId: string }> {
  const scene = await stage(open)
  await scene.user('ola')
  await scene.client('news')
  return { ...scene, grantId: await scene.grant('ola', 'news') }
}

function tally(answers: string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const answer of answers) counts[answer] = (counts[answer] ?? 0) + 1
  return counts
}
