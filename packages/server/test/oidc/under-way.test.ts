import { hash } from '@node-rs/argon2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CauseName } from '../../src/logout/causes.ts'
import type { Answer, Browser } from '../support/browser.ts'
import { password } from '../support/fixtures.ts'
import { authorization, claimsOf, codeOf, dead, signIn, token, usesOf } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'
import { interruptedStorage } from './interrupted-storage.ts'

/*
 * A logout that lands while something is under way. Each flow is run again and again, and each time the logout comes
 * one call of the storage later, until the flow has passed undisturbed: so it lands at every point at which it can.
 */

const storage = interruptedStorage()
let at: TestSystem
let people = 0

beforeAll(async () => {
  at = await openSystem({ wrapStorage: storage.wrap, config: { users: [] } })
})
afterAll(() => at.close())

interface Person {
  sub: string
  email: string
}

/** A person of her own for each run, so that no run disturbs another. Her password is hashed at the least cost. */
async function newPerson(): Promise<Person> {
  people++
  const person = { sub: `u-${people}`, email: `person${people}@example.test` }
  const passwordHash = await cheapHash
  await at.storage.addUser({ ...person, name: 'A Person', passwordHash, claims: {} }, now())
  return person
}

const cheapHash = hash(password, { memoryCost: 64, timeCost: 1, parallelism: 1 })
const now = (): number => Math.floor(Date.now() / 1000)

/** What ends while the flow is under way. */
type Ending = 'this session' | CauseName

async function end(ending: Ending, { sub }: Person, clientId?: string): Promise<void> {
  if (ending !== 'this session') {
    await at.system.heart.end({ name: ending, sub, clientId })
    return
  }
  for (const { uid } of await at.storage.listSessions({ sub, limit: 10 }, now()))
    await at.system.heart.end({ name: 'admin_session', sessionUid: uid, sub })
}

interface Flow {
  name: string
  clientId: string
  params?: Record<string, string>
  /** Whose live session the browser has before. */
  session: 'hers' | 'another' | 'none'
}

interface Outcome {
  /** What the browser saw last. */
  last: Answer
  /** How the code was answered, if one came. */
  exchange: Answer | undefined
}

/** Runs a flow to its end, as a person would who signs in once and allows what she is asked for. */
async function run(browser: Browser, person: Person, flow: Flow): Promise<Outcome> {
  const { path, verifier, redirectUri } = authorization(flow.clientId, flow.params)
  let last = await browser.visit(path)
  let signedIn = flow.session === 'hers'
  for (let step = 0; step < 5 && last.status === 200; step++) {
    if (last.text.includes('id="sign-in"') && !signedIn) {
      signedIn = true
      last = await browser.follow(await browser.submit(last, { login: person.email, password }))
    } else if (last.text.includes('id="switch-account"')) {
      last = await browser.follow(await browser.submit(last, { choice: 'switch' }))
    } else if (last.text.includes('id="allow"')) {
      last = await browser.follow(await browser.submit(last, { decision: 'allow' }))
    } else break
  }
  const code = last.location && new URL(last.location).searchParams.get('code')
  if (!code) return { last, exchange: undefined }
  const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier }
  return { last, exchange: await token(at, flow.clientId, form) }
}

const flows: Flow[] = [
  { name: 'a sign-in, tokens kept', clientId: 'news', session: 'none' },
  { name: 'a sign-in, tokens bound', clientId: 'market', session: 'none' },
  { name: 'a sign-in with a consent page', clientId: 'asking', session: 'none' },
  { name: 'single sign-on, tokens kept', clientId: 'news', session: 'hers' },
  { name: 'single sign-on, tokens bound', clientId: 'market', session: 'hers' },
  { name: 'a consent page in a live session', clientId: 'asking', session: 'hers' },
  { name: 'prompt=none', clientId: 'news', session: 'hers', params: { prompt: 'none' } },
  { name: 'a switch of account', clientId: 'news', session: 'another', params: { prompt: 'login' } }
]

const wholeUser = ['admin_user', 'account_disabled'] as const
const endings: Ending[] = ['this session', ...wholeUser]

describe.each(flows)('$name', flow => {
  test.each(endings)('whatever has begun ends with: %s', async ending => {
    const landed = new Set<string>()
    for (let nth = 1; ; nth++) {
      const person = await newPerson()
      const browser = at.browser()
      const before = flow.session === 'another' ? await newPerson() : person
      if (flow.session !== 'none') await signIn(at, browser, 'forum', { email: before.email })
      let endedSessions: string[] = []
      storage.arm(nth, async () => {
        endedSessions = (await at.storage.listSessions({ sub: person.sub, limit: 10 }, now())).map(
          it => it.uid
        )
        await end(ending, person)
        if (before !== person) await end(ending, before)
      })
      const outcome = await run(browser, person, flow)
      const { calls, happened } = storage.disarm()
      if (!happened) {
        expect(outcome.exchange?.status).toBe(200)
        break
      }
      const where = `before call ${nth}, ${calls[nth - 1]}`
      landed.add(calls[nth - 1] ?? '')
      await expectEnded({ where, ending, flow, person, outcome, calls, nth, endedSessions })
    }
    // A test that lands nowhere proves nothing.
    expect([...landed]).toEqual(expect.arrayContaining(['saveSession', 'saveToken', 'consumeToken']))
  })
})

interface Landed {
  where: string
  ending: Ending
  flow: Flow
  person: Person
  outcome: Outcome
  calls: string[]
  nth: number
  endedSessions: string[]
}

async function expectEnded(it: Landed): Promise<void> {
  const { where, ending, flow, person, outcome, calls, nth, endedSessions } = it
  const { last, exchange } = outcome
  // Never an error page: a page of ours, or back at the client.
  const signInPage = last.text.includes('id="sign-in"')
  if (!signInPage)
    expect([200, 303], `${where}: ${last.path} ${last.text.slice(0, 200)}`).toContain(last.status)
  if (!signInPage) expect(last.text, where).not.toContain('id="error"')

  const live = await at.storage.listSessions({ sub: person.sub, limit: 10 }, now())
  for (const uid of endedSessions)
    expect(
      live.map(session => session.uid),
      where
    ).not.toContain(uid)

  const passwordRead = calls.indexOf('findUserByEmail') + 1
  const everything = ending !== 'this session'
  // Whoever proves who she is after the end of everything may come in; nobody on what was proven before.
  const provenAfter =
    everything && flow.session !== 'hers' && nth <= passwordRead && ending !== 'account_disabled'
  if (everything && !provenAfter) expect(live, where).toEqual([])
  const nothingEnded = provenAfter || (!everything && endedSessions.length === 0)
  if (nothingEnded) {
    // Where the other's session ended under it, the switch may have started again.
    if (flow.session === 'another') return
    expect(exchange?.status, `${where} ${exchange?.text}`).toBe(200)
    return
  }
  if (exchange?.status !== 200) {
    if (exchange) expect([400, 401], where).toContain(exchange.status)
    return
  }
  // Redeemed before the end came; the tokens are then the grant's business.
  expect(nth, where).toBeGreaterThan(calls.indexOf('consumeToken') + 1)
  const { access_token, refresh_token, id_token } = exchange.json<Record<string, string>>()
  expect(claimsOf(id_token ?? '').sub).toBe(person.sub)
  if (flow.clientId !== 'market' && !everything) return
  const tokens = {
    clientId: flow.clientId,
    accessToken: access_token ?? '',
    refreshToken: refresh_token ?? ''
  }
  expect(await usesOf(at, tokens), where).toEqual(dead)
}

const withoutBrowser = [
  {
    what: 'a refresh, tokens bound',
    clientId: 'market',
    endings: ['this session', ...wholeUser, 'account_app']
  },
  { what: 'a refresh, tokens kept', clientId: 'news', endings: [...wholeUser, 'account_app'] },
  { what: 'a rotating refresh', clientId: 'app', endings: [...wholeUser, 'account_app'] },
  { what: 'a login without a browser', clientId: 'phone', endings: wholeUser }
] as const

describe.each(withoutBrowser)('$what', ({ clientId, endings }) => {
  test.each(endings)('whatever it gives is dead when it lands: %s', async ending => {
    for (let nth = 1; ; nth++) {
      const person = await newPerson()
      const form: Record<string, string> =
        clientId === 'phone'
          ? { grant_type: 'password', username: person.email, password }
          : {
              grant_type: 'refresh_token',
              refresh_token: (await signIn(at, at.browser(), clientId, { email: person.email })).refreshToken
            }
      storage.arm(nth, () => end(ending, person, clientId))
      const answer = await token(at, clientId, form)
      const { calls, happened } = storage.disarm()
      if (!happened) {
        expect(answer.status, answer.text).toBe(200)
        break
      }
      const where = `before call ${nth}, ${calls[nth - 1]}: ${answer.text}`
      // Whoever gives the password after the end may come in.
      const provenAfter = clientId === 'phone' && nth <= calls.indexOf('findUserByEmail') + 1
      if (provenAfter && ending === 'admin_user') continue
      if (answer.status !== 200) {
        expect([400, 401], where).toContain(answer.status)
        expect(answer.json().error, where).toBe('invalid_grant')
        continue
      }
      const { access_token, refresh_token } = answer.json<Record<string, string>>()
      const given = { clientId, accessToken: access_token ?? '', refreshToken: refresh_token ?? 'none' }
      expect(await usesOf(at, given), where).toEqual(dead)
    }
  })
})

test('of two exchanges of one code exactly one gets tokens, wherever the other lands (BCP-10)', async () => {
  const outcomes = new Set<string>()
  for (let nth = 1; ; nth++) {
    const { email } = await newPerson()
    const browser = at.browser()
    await signIn(at, browser, 'market', { email })
    const { path, verifier, redirectUri } = authorization('news')
    const form = {
      grant_type: 'authorization_code',
      code: codeOf(await browser.visit(path)),
      redirect_uri: redirectUri,
      code_verifier: verifier
    }
    let second: Answer | undefined
    storage.arm(nth, async () => {
      second = await token(at, 'news', form)
    })
    const first = await token(at, 'news', form)
    const { happened } = storage.disarm()
    if (!happened) break
    expect([first.status, second?.status].toSorted(), `${nth}: ${first.text} ${second?.text}`).toEqual([
      200, 400
    ])
    outcomes.add(first.status === 200 ? 'the first' : 'the second')
    if (first.status !== 200) continue
    // The second came while the first was being answered: a replay, so its tokens are dead.
    const { access_token, refresh_token } = first.json<Record<string, string>>()
    const given = { clientId: 'news', accessToken: access_token ?? '', refreshToken: refresh_token ?? '' }
    expect(await usesOf(at, given)).toEqual(dead)
  }
  expect([...outcomes].toSorted()).toEqual(['the first', 'the second'])
})
