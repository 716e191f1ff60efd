import { expect, test } from 'vitest'
import { now, type OpenStorage, sessionOf, stage } from './stage.ts'

/** {@link UpkeepStore} but for the sweep. */
export function upkeepContract(open: OpenStorage): void {
  test('keys are listed with the one that signs last first; a second one of the same name changes nothing', async () => {
    const { storage } = await stage(open)
    const key = { kid: 'a', alg: 'RS256' as const, sealedJwk: 'sealed', createdAt: now, signsFrom: now }
    await storage.saveKey(key)
    await storage.saveKey({ ...key, sealedJwk: 'another' })
    const next = { ...key, kid: 'b', alg: 'ES256' as const, signsFrom: now + 10 }
    await storage.saveKey(next)
    expect(await storage.listKeys()).toEqual([next, key])
  })

  test('many who ask for one secret at once get the same', async () => {
    const { storage } = await stage(open)
    let made = 0
    const secrets = await Promise.all(
      Array.from({ length: 20 }, () => storage.findOrMakeSecret('cookie', () => `secret ${made++}`))
    )
    expect(new Set(secrets)).toEqual(new Set(['secret 0']))
    expect(await storage.findOrMakeSecret('other', () => 'another')).toBe('another')
    expect(made).toBe(1)
  })

  test('it says that it can be read and written', async () => {
    const { storage } = await stage(open)
    await expect(storage.ping()).resolves.toBeUndefined()
  })

  test('closing finishes what was accepted; later writes are refused, closing again is no error', async () => {
    const { storage, user } = await stage(open)
    await user('ola')
    const accepted = storage.saveSession(sessionOf('ola'), now)
    await storage.close()
    expect(await accepted).toBe('saved')
    await expect(storage.saveSession(sessionOf('ola'), now)).rejects.toMatchObject({
      code: 'storage_unavailable'
    })
    await expect(storage.close()).resolves.toBeUndefined()
  })
}
