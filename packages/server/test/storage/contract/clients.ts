import { expect, test } from 'vitest'
import { application, now, type OpenStorage, order, stage } from './stage.ts'

/** {@link ClientStore}. */
export function clientContract(open: OpenStorage): void {
  test('a client is found as it was saved, and as it was changed', async () => {
    const { storage } = await stage(open)
    await storage.saveClient(application('news', 'told'), now)
    const first = await storage.findClient('news')
    expect(first).toMatchObject({ ...application('news', 'told'), enabled: true })
    const changed = { ...application('news', 'told'), metadata: { client_name: 'New name' } }
    await storage.saveClient(changed, now)
    const second = await storage.findClient('news')
    expect(second).toMatchObject(changed)
    expect(second?.version).not.toBe(first?.version)
  })

  test('where a client wants to be told can be changed alone', async () => {
    const { storage } = await stage(open)
    await storage.saveClient(application('news', 'not_told'), now)
    await storage.saveClient(application('news', 'told'), now)
    expect((await storage.findClient('news'))?.backchannelLogoutUri).toBe('https://news.example/backchannel')
  })

  test('saving the same again is no change', async () => {
    const { storage, client } = await stage(open)
    await client('news')
    const before = await storage.findClient('news')
    await client('news')
    expect(await storage.findClient('news')).toEqual(before)
  })

  test('a disabled client is not found but listed, until it is saved again', async () => {
    const { storage, client } = await stage(open)
    await client('news')
    await client('market')
    const disabling = order({
      clientId: 'news',
      disableClient: true,
      epoch: { client: 'news' },
      tell: 'job'
    })
    await storage.end(disabling, now)
    expect(await storage.findClient('news')).toBeUndefined()
    expect((await storage.listClients()).map(it => [it.clientId, it.enabled])).toEqual([
      ['market', true],
      ['news', false]
    ])
    await client('news')
    expect(await storage.findClient('news')).toMatchObject({ enabled: true })
  })
}
