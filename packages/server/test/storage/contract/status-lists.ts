import { describe, expect, test } from 'vitest'
import type { EndOrder, StatusPlace } from '../../../src/storage/records.ts'
import { statusListPlaces } from '../../../src/storage/status-places.ts'
import { now, type OpenStorage, order, type Stage, stage } from './stage.ts'

/** The status lists of {@link StatusListStore}. */
export function statusListContract(open: OpenStorage): void {
  test('no place is given twice, and a full list is followed by the next', async () => {
    const { storage } = await stage(open)
    const taking = Array.from({ length: statusListPlaces + 2 }, () => storage.takeStatusPlace(now + 10))
    const places = await Promise.all(taking)
    expect(new Set(places.map(it => `${it.list}/${it.index}`)).size).toBe(places.length)
    expect(places.filter(it => it.list === 1)).toHaveLength(statusListPlaces)
    expect(places.every(it => it.index >= 0 && it.index < statusListPlaces)).toBe(true)
    expect(await storage.statusLists(now)).toEqual([1, 2])
  })

  test('places that are given one after the other tell nobody so', async () => {
    const orders: string[] = []
    for (let time = 0; time < 2; time++) {
      const { storage } = await stage(open)
      const places: StatusPlace[] = []
      for (let i = 0; i < 400; i++) places.push(await storage.takeStatusPlace(now + 10))
      const steps = places.slice(1).map((it, i) => it.index - (places[i]?.index ?? 0))
      expect(new Set(steps).size).toBeGreaterThan(350)
      // Spread over the whole list, not over its start.
      const eighths = places.map(it => Math.floor((it.index * 8) / statusListPlaces))
      for (let eighth = 0; eighth < 8; eighth++)
        expect(eighths.filter(it => it === eighth).length).toBeGreaterThan(20)
      orders.push(places.map(it => it.index).join())
    }
    expect(new Set(orders).size).toBe(2)
  })

  test('a list is in use until the last of its tokens has expired', async () => {
    const { storage } = await stage(open)
    expect(await storage.statusLists(now)).toEqual([])
    expect(await storage.hasStatusList(1, now)).toBe(false)
    await storage.takeStatusPlace(now + 20)
    await storage.takeStatusPlace(now + 10)
    expect(await storage.hasStatusList(1, now + 19)).toBe(true)
    expect(await storage.statusLists(now + 19)).toEqual([1])
    expect(await storage.hasStatusList(1, now + 20)).toBe(false)
    expect(await storage.statusLists(now + 20)).toEqual([])
    expect(await storage.hasStatusList(2, now)).toBe(false)
  })

  test('a list that nobody needs is swept, its number never used again', async () => {
    const { storage } = await stage(open)
    await Promise.all(Array.from({ length: statusListPlaces + 1 }, () => storage.takeStatusPlace(now + 10)))
    const muchLater = now + 10 + 8 * 86_400
    await storage.sweep(muchLater, 86_400)
    expect((await storage.takeStatusPlace(muchLater + 10)).list).toBe(2)
    expect(await storage.hasStatusList(1, now)).toBe(false)
  })

  test('a dead token shows in its place, a live one and a place of nobody do not', async () => {
    const scene = await withGrant(open)
    const { storage } = scene
    const [first, second] = [await placed(scene), await placed(scene)]
    await storage.takeStatusPlace(now + 100)
    expect(await deadIn(scene, 1)).toEqual([])
    await storage.end(order({ tokens: [first.hash] }), now)
    expect(await deadIn(scene, 1)).toEqual([first.place.index])
    expect(await storage.deadPlaces(1, 0, first.place.index, now)).toEqual([])
    expect(await storage.deadPlaces(1, first.place.index, first.place.index + 1, now)).toHaveLength(1)
    expect(await deadIn(scene, 2)).toEqual([])
    expect(new Set(await deadIn(scene, 1, now + 7200))).toEqual(
      new Set([first.place.index, second.place.index])
    )
  })

  describe('whatever ends a token shows in its place', () => {
    const ways: [string, (scene: Scene) => Partial<EndOrder>, bound: boolean, serverToken: boolean][] = [
      ['the end of its session', ({ uid }) => ({ sessions: { uid } }), true, false],
      ['its grant', ({ grantId }) => ({ grants: [grantId] }), false, false],
      ['its user', () => ({ epoch: { user: 'ola' }, sub: 'ola' }), false, true],
      ['its client', () => ({ epoch: { client: 'news' }, clientId: 'news' }), true, true],
      ['everything', () => ({ epoch: { system: true } }), true, true]
    ]
    test.each(ways)('%s', async (name, how, endsBound, endsServer) => {
      const scene = await withGrant(open)
      const unbound = await placed(scene)
      const bound = await placed(scene, scene.boundGrantId)
      const server = await placed(scene, null)
      await scene.storage.end(order(how(scene)), now)
      const dead = new Set(await deadIn(scene, 1))
      for (const it of [unbound, bound, server])
        expect([it.what, dead.has(it.place.index)]).toEqual([
          it.what,
          (await scene.storage.findToken(it.hash, now)) === undefined
        ])
      if (endsBound) expect(dead).toContain(bound.place.index)
      expect(dead.has(server.place.index)).toBe(endsServer && name !== 'its user')
    })
  })
}

interface Scene extends Stage {
  uid: string
  grantId: string
  boundGrantId: string
}

async function withGrant(open: OpenStorage): Promise<Scene> {
  const scene = await stage(open)
  await scene.user('ola')
  await scene.client('news')
  const uid = await scene.session('ola', ['news'])
  return {
    ...scene,
    uid,
    grantId: await scene.grant('ola', 'news', { sessionUid: uid, bound: false }),
    boundGrantId: await scene.grant('ola', 'news', { sessionUid: uid, bound: true })
  }
}

async function placed(
  scene: Scene,
  grantId: string | null = scene.grantId
): Promise<{ what: string; place: StatusPlace; hash: string }> {
  const place = await scene.storage.takeStatusPlace(now + 7200)
  const kind = grantId === null ? 'ClientCredentials' : 'AccessToken'
  const hash = await scene.token(grantId, { statusPlace: place, kind })
  const what = grantId === null ? 'server' : grantId === scene.grantId ? 'unbound' : 'bound'
  return { what, place, hash }
}

const deadIn = ({ storage }: Stage, list: number, at = now): Promise<number[]> =>
  storage.deadPlaces(list, 0, statusListPlaces, at)
