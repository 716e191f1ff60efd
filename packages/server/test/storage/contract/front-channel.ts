import { expect, test } from 'vitest'
import { now, type OpenStorage, order, stage } from './stage.ts'

/** {@link FrontChannelStore}. */
export function frontChannelContract(open: OpenStorage): void {
  test('whom a page asked is written down with the first time', async () => {
    const { storage, logoutId } = await ended(open)
    expect(await storage.listAsked(logoutId)).toEqual([])
    const [news, market] = [
      { clientId: 'news', sid: 's-1' },
      { clientId: 'market', sid: 's-2' }
    ]
    await storage.noteAsked(logoutId, [news, market], now + 1)
    await storage.noteAsked(logoutId, [market], now + 9)
    expect(await storage.listAsked(logoutId)).toEqual([
      { ...market, at: now + 1 },
      { ...news, at: now + 1 }
    ])
  })

  test('of one logout says nothing of another, and of none nothing is kept', async () => {
    const { storage, logoutId } = await ended(open)
    await storage.noteAsked(logoutId, [{ clientId: 'news', sid: 's-1' }], now)
    await storage.noteAsked('no such logout', [{ clientId: 'news', sid: 's-1' }], now)
    expect(await storage.listAsked('another')).toEqual([])
    expect(await storage.listAsked('no such logout')).toEqual([])
  })

  test('goes with its logout', async () => {
    const { storage, logoutId } = await ended(open)
    await storage.noteAsked(logoutId, [{ clientId: 'news', sid: 's-1' }], now)
    await storage.sweep(now + 100, 50)
    expect(await storage.findReceipt(logoutId)).toBeUndefined()
    expect(await storage.listAsked(logoutId)).toEqual([])
  })
}

async function ended(open: OpenStorage) {
  const { storage, user, session } = await stage(open)
  const uid = await session(await user('ola'))
  const ending = order({ sub: 'ola', sessions: { uid } })
  await storage.end(ending, now)
  return { storage, logoutId: ending.logoutId }
}
