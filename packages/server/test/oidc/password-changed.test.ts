import { hash } from '@node-rs/argon2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { password } from '../support/fixtures.ts'
import { alive, authorization, signIn, token, usesOf } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'
import { interruptedStorage } from './interrupted-storage.ts'

/*
 * The password is changed in one browser while somebody who knows the old one signs in elsewhere. The change comes one
 * call of the storage later each time, so that it lands at every point of the sign-in.
 */

const storage = interruptedStorage()
let at: TestSystem
let people = 0

beforeAll(async () => {
  at = await openSystem({ wrapStorage: storage.wrap, config: { users: [] } })
})
afterAll(() => at.close())

const cheapHash = hash(password, { memoryCost: 64, timeCost: 1, parallelism: 1 })
const now = (): number => Math.floor(Date.now() / 1000)

async function newPerson(): Promise<{ sub: string; email: string }> {
  people++
  const person = { sub: `u-${people}`, email: `person${people}@example.test` }
  await at.storage.addUser({ ...person, name: 'A Person', passwordHash: await cheapHash, claims: {} }, now())
  return person
}

const liveOf = async (sub: string): Promise<string[]> =>
  (await at.storage.listSessions({ sub, limit: 10 }, now())).map(it => it.uid)

test.each(['password_changed', 'account_others'] as const)(
  'a sign-in that was proven before %s comes to nothing, wherever that lands; the session in which it was done goes on',
  async cause => {
    let proven = 0
    for (let nth = 1; ; nth++) {
      const { sub, email } = await newPerson()
      const own = await signIn(at, at.browser(), 'news', { email })
      const [ownUid = ''] = await liveOf(sub)
      const stranger = at.browser()
      const page = await stranger.visit(authorization('news').path)
      storage.arm(nth, async () => {
        await at.system.heart.end({ name: cause, sub, sessionUid: ownUid })
      })
      const last = await stranger.follow(await stranger.submit(page, { login: email, password }))
      const { calls, happened } = storage.disarm()
      if (!happened) break
      const where = `before call ${nth}, ${calls[nth - 1]}`
      expect(await usesOf(at, own), where).toEqual(alive)
      if (nth <= calls.indexOf('findUserByEmail') + 1) continue
      proven++
      expect(await liveOf(sub), where).toEqual([ownUid])
      // Nobody is shown an error for it: it starts again, or goes back with a code that is dead already.
      expect(last.text, where).not.toContain('id="error"')
    }
    expect(proven).toBeGreaterThan(3)
  }
)

test.each(['password_reset', 'admin_user', 'global_token_revocation', 'admin_all'] as const)(
  'a second %s, with nothing left to end, voids what was proven since the first, and is no logout of its own',
  async name => {
    const { sub, email } = await newPerson()
    await signIn(at, at.browser(), 'news', { email })
    const first = await at.system.heart.end({ name, sub })
    await at.system.jobs.settled()
    const stranger = at.browser()
    const page = await stranger.visit(authorization('news').path)
    const proven = await stranger.submit(page, { login: email, password })
    expect(proven.status).toBe(303)
    expect(await at.system.heart.end({ name, sub })).toEqual({ ...first, state: 'already_ended' })
    expect((await stranger.follow(proven)).text).toContain('id="sign-in"')
    expect(await liveOf(sub)).toEqual([])

    // What comes after it lives, and the next one ends it.
    await signIn(at, stranger, 'news', { email })
    expect(await liveOf(sub)).toHaveLength(1)
    expect(await at.system.heart.end({ name, sub })).toMatchObject({ state: 'ended' })
    expect(await liveOf(sub)).toEqual([])
  }
)

test('so does a login without a browser', async () => {
  let refused = 0
  for (let nth = 1; ; nth++) {
    const { sub, email } = await newPerson()
    await signIn(at, at.browser(), 'news', { email })
    const [ownUid = ''] = await liveOf(sub)
    storage.arm(nth, async () => {
      await at.system.heart.end({ name: 'password_changed', sub, sessionUid: ownUid })
    })
    const answer = await token(at, 'phone', { grant_type: 'password', username: email, password })
    const { calls, happened } = storage.disarm()
    if (!happened) break
    const isBetween = nth > calls.indexOf('findUserByEmail') + 1 && nth <= calls.indexOf('openGrant') + 1
    if (!isBetween) continue
    refused++
    const where = `before call ${nth}, ${calls[nth - 1]}`
    expect([answer.status, answer.json().error], where).toEqual([400, 'invalid_grant'])
  }
  expect(refused).toBeGreaterThan(0)
})
