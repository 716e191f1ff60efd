import { expect, test } from 'vitest'
import { now, type OpenStorage, order, person, stage } from './stage.ts'

/** {@link PeopleStore}. */
export function peopleContract(open: OpenStorage): void {
  test('a user is found by sub, and by address in any case', async () => {
    const { storage } = await stage(open)
    await storage.addUser({ ...person('ola'), email: 'Ola@Example.test' }, now)
    const found = await storage.findUser('ola')
    expect(found).toMatchObject({
      ...person('ola'),
      email: 'Ola@Example.test',
      status: 'active',
      createdAt: now
    })
    expect(await storage.findUserByEmail(' oLA@example.TEST ')).toEqual(found)
    expect(await storage.findUser('kari')).toBeUndefined()
    expect(await storage.findUserByEmail('kari@example.test')).toBeUndefined()
  })

  test.each([
    ['sub', { ...person('ola'), email: 'other@example.test' }],
    ['address', { ...person('other'), email: 'OLA@example.test' }]
  ])('nobody gets the %s of another', async (_, taken) => {
    const { storage, user } = await stage(open)
    await user('ola')
    await expect(storage.addUser(taken, now)).rejects.toMatchObject({ code: 'duplicate_user' })
    expect(await storage.listUsers(10)).toHaveLength(1)
  })

  test('of many who take one address at once, one gets it', async () => {
    const { storage } = await stage(open)
    const tries = Array.from({ length: 20 }, (_, index) => ({
      ...person(`u${index}`),
      email: 'one@example.test'
    }))
    const outcomes = await Promise.allSettled(tries.map(it => storage.addUser(it, now)))
    expect(outcomes.filter(it => it.status === 'fulfilled')).toHaveLength(1)
    expect(await storage.listUsers(100)).toHaveLength(1)
  })

  test('users are listed in the order in which they came, up to the limit', async () => {
    const { storage } = await stage(open)
    for (const [index, sub] of ['zoe', 'adam', 'mia'].entries())
      await storage.addUser(person(sub), now + index)
    expect((await storage.listUsers(2)).map(it => it.sub)).toEqual(['zoe', 'adam'])
  })

  test('the mark of a user changes with every logout of the whole user or system, and by nothing else', async () => {
    const { storage, user, session } = await stage(open)
    await user('ola')
    await user('kari')
    const mark = async () => (await storage.findUser('ola'))?.mark
    const marks = [await mark()]
    await storage.end(order({ sessions: { uid: await session('ola') } }), now)
    await storage.end(order({ epoch: { user: 'kari' }, tell: 'job' }), now)
    expect(await mark()).toBe(marks[0])
    await storage.end(order({ epoch: { user: 'ola' }, tell: 'job' }), now)
    marks.push(await mark())
    await storage.end(order({ epoch: { system: true }, tell: 'job' }), now)
    marks.push(await mark())
    expect(new Set(marks).size).toBe(3)
  })

  test('consent grows by what is allowed, tabs at once included, and is of one user and client', async () => {
    const { storage } = await stage(open)
    expect(await storage.findConsent('ola', 'news')).toBeUndefined()
    await Promise.all([
      storage.saveConsent({ sub: 'ola', clientId: 'news', scopes: ['openid'] }, now),
      storage.saveConsent({ sub: 'ola', clientId: 'news', scopes: ['email', 'openid'] }, now)
    ])
    const consent = await storage.findConsent('ola', 'news')
    expect(consent?.scopes.toSorted()).toEqual(['email', 'openid'])
    expect(await storage.findConsent('ola', 'market')).toBeUndefined()
  })

  test('no logout takes consent back but the one that says so', async () => {
    const { storage, user, session } = await stage(open)
    await user('ola')
    await storage.saveConsent({ sub: 'ola', clientId: 'news', scopes: ['openid'] }, now)
    await storage.end(order({ sessions: { uid: await session('ola') } }), now)
    await storage.end(order({ epoch: { user: 'ola' }, tell: 'job' }), now)
    expect(await storage.findConsent('ola', 'news')).toBeDefined()
    const put = { sub: 'ola', clientId: 'news' }
    await storage.end(order({ ...put, grantsOf: put, dropConsent: put, tell: 'client' }), now)
    expect(await storage.findConsent('ola', 'news')).toBeUndefined()
  })

  test('a client is known to have had a user, also long after grant and logout are swept away', async () => {
    const { storage, user, client, grant } = await stage(open)
    await user('ola')
    await client('news')
    expect(await storage.hasSignedInTo('ola', 'news')).toBe(false)
    const id = await grant('ola', 'news')
    await storage.end(order({ grants: [id], tell: 'nobody' }), now)
    await storage.sweep(now + 1000, 1)
    expect(await storage.hasSignedInTo('ola', 'news')).toBe(true)
    expect(await storage.hasSignedInTo('ola', 'market')).toBe(false)
  })
}
