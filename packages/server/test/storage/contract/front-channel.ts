import { expect, test } from 'vitest'
import { application, now, type OpenStorage, order, stage } from './stage.ts'

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

  test('only those RPs are framed that have an address for browsers, none for servers, and are enabled; the first ones', async () => {
    const { storage, user, session } = await stage(open)
    await user('ola')
    const framed = {
      metadata: { frontchannel_logout_uri: 'https://rp.example/out' },
      told: 'not_told'
    } as const
    const rps = {
      both: { ...framed, told: 'told' },
      neither: { ...framed, metadata: {} },
      gone: framed,
      zebra: framed,
      news: framed
    } as const
    for (const [clientId, { metadata, told }] of Object.entries(rps))
      await storage.saveClient({ ...application(clientId, told), metadata }, now)
    const uid = await session('ola', Object.keys(rps))
    await storage.end(order({ disableClient: true, clientId: 'gone' }), now)
    const names = async (limit: number): Promise<string[]> =>
      (await storage.listFramed(uid, limit)).map(it => it.clientId)
    expect(await names(10)).toEqual(['news', 'zebra'])
    expect(await names(1)).toEqual(['news'])
    await storage.end(order({ sub: 'ola', sessions: { uid } }), now)
    expect(await names(10)).toEqual(['news', 'zebra'])
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
