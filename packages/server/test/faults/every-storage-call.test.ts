import { importJWK, type JWK, SignJWT } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { sidFor } from '../../src/sessions/sid.ts'
import { sealer } from '../../src/storage/secrets.ts'
import { called, legacyClients, tag } from '../doors/legacy-kit.ts'
import { logout as sdkLogout } from '../doors/sdk-kit.ts'
import type { Answer, Asking, Browser } from '../support/browser.ts'
import { issuer } from '../support/fixtures.ts'
import { authenticated } from '../support/sign-in.ts'
import { openSystem, type TestSystem } from '../support/system.ts'
import { type FailingWhen, failingStorage } from './failing-storage.ts'
import {
  type LoginState,
  owedTo,
  type PreparedLogin,
  prepareLogin,
  readWritten,
  stateOf,
  untouched
} from './prepared-login.ts'

interface Door {
  /** What has to be done before the request that is looked at; its answer is given to `ask`. */
  first?: (it: Visitor) => Promise<Answer>
  ask: (it: Visitor, first: Answer | undefined) => Promise<Answer>
  /** Whether an answer says that it is done. */
  saysDone: (answer: Answer) => boolean
  /** Whether one says that it is not; by its status, unless said otherwise. */
  saysFailed?: (answer: Answer) => boolean
  /** What is true afterwards. */
  done: (login: PreparedLogin) => Partial<LoginState>
  /** Once it is done, its token is refused: the answer to a second try. */
  refusedAgain?: true
}

/** A person in a browser, and the programs that hold her tokens. */
interface Visitor {
  login: PreparedLogin
  browser: Browser
  hint: string
  ask(path: string, asking: Asking): Promise<Answer>
}

const bye = 'https://news.example/bye'
const goneTo = (address: string) => (answer: Answer) => answer.status === 303 && answer.location === address
const ok = (answer: Answer) => answer.status === 200
const sessionEnded = (login: PreparedLogin): Partial<LoginState> => ({
  signedIn: false,
  marketToken: false,
  deliveries: owedTo(login),
  receipts: 1
})
const grantRevoked = { newsToken: false, newsRefresh: false, receipts: 1 }
const query = (params: Record<string, string>) => `/logout?${new URLSearchParams(params)}`

const doors: Record<string, Door> = {
  "redirect with SPiD's names": {
    ask: it => it.browser.go(query({ client_id: 'news', redirect_uri: bye })),
    saysDone: goneTo(bye),
    done: sessionEnded
  },
  "redirect with SPiD's names and a token": {
    ask: it =>
      it.browser.go(query({ client_id: 'news', redirect_uri: bye, oauth_token: it.login.newsToken })),
    saysDone: goneTo(bye),
    done: login => ({ ...sessionEnded(login), ...grantRevoked })
  },
  'redirect to an address that is not registered': {
    ask: it => it.browser.visit(query({ client_id: 'news', redirect_uri: 'https://else.example/' })),
    saysDone: answer => answer.text.includes('id="signed-out"'),
    done: sessionEnded
  },
  "redirect with OpenID Connect's names": {
    ask: it => it.browser.go(query({ id_token_hint: it.hint, post_logout_redirect_uri: bye, state: 'a b' })),
    saysDone: goneTo(`${bye}?state=a%20b`),
    done: sessionEnded
  },
  'redirect by a POST of another site, which comes without the cookie': {
    ask: async it => {
      const form = { client_id: 'news', redirect_uri: bye }
      const kept = await it.ask('/logout', { form, headers: { 'sec-fetch-site': 'cross-site' } })
      return kept.status === 303 && kept.location?.includes('continue=') ? it.browser.follow(kept) : kept
    },
    saysDone: goneTo(bye),
    done: sessionEnded
  },
  'the confirmation form': {
    first: it => it.browser.go(query({ client_id: 'news', redirect_uri: bye }), { from: 'cross-site' }),
    ask: (it, page) => {
      if (!page) throw new Error('no page')
      return it.browser.submit(page, {}, 'confirm-logout')
    },
    saysDone: goneTo(bye),
    done: sessionEnded
  },
  API: {
    ask: it => it.ask('/api/2/logout', { bearer: it.login.newsToken }),
    saysDone: ok,
    done: () => grantRevoked,
    refusedAgain: true
  },
  'revocation of a refresh token': {
    ask: it => it.ask('/oauth/revoke', authenticated('news', { token: it.login.newsRefresh })),
    saysDone: ok,
    done: () => grantRevoked
  },
  'revocation of an access token': {
    ask: it => it.ask('/oauth/revoke', authenticated('market', { token: it.login.marketToken })),
    saysDone: ok,
    done: () => ({ marketToken: false, receipts: 1 })
  },
  'end_session, server to server': {
    ask: it => it.ask('/oauth/end_session', authenticated('market', { sid: sidFor(it.login.uid, 'market') })),
    saysDone: ok,
    done: sessionEnded
  },
  "the SDK's logout": {
    ask: it => sdkLogout(it.browser, 'forum', {}, { from: 'same-site' }),
    saysDone: answer => ok(answer) && answer.json().ended === true,
    done: sessionEnded
  },
  "SPiD's script, by a script tag": {
    ask: it => tag(it.browser, '/ajax/logout.js', 'market', { from: 'same-site' }),
    saysDone: answer => called(answer).reply.result === true,
    // A script that fails is never run, so the page is told inside one.
    saysFailed: answer => ok(answer) && (called(answer).reply.error?.code ?? 0) >= 500,
    done: sessionEnded
  }
}

/** More calls than any of these requests makes. */
const enough = 40

let at: TestSystem
const faults = failingStorage()

beforeAll(async () => {
  at = await openSystem({ wrapStorage: faults.wrap, config: { clients: legacyClients } })
})
afterAll(() => at.close())

test.each(
  Object.entries(doors).flatMap(([name, door]) =>
    (['before', 'after'] as const).map(when => [name, when, door] as const)
  )
)('%s: whichever storage call fails %s its work, there is no half logout', async (_, when, door) => {
  const failed = new Map<string, number>()
  for (let call = 1; call < enough; call++) {
    const name = await failAt(door, call, when)
    if (name === undefined) break
    failed.set(name, call)
  }
  // It went through without a failure, and the call that ends something had its turn.
  expect(failed.size).toBeLessThan(enough - 1)
  expect([...failed.keys()]).toContain('end')
})

/** One request of which one call fails, what it left, and a second try. Returns the name of the call. */
async function failAt(door: Door, call: number, when: FailingWhen): Promise<string | undefined> {
  const it = await visitor()
  const done = { ...untouched, ...door.done(it.login) }
  const first = await door.first?.(it)
  faults.arm(call, when)
  const answer = await door.ask(it, first)
  const failed = faults.disarm()
  const about = `${when} call ${call}, ${failed}: ${answer.status} ${answer.location ?? ''}`
  const left = await now(it)
  if (door.saysDone(answer)) expect(left, about).toEqual(done)
  else {
    // Where the address held a token, the error is shown at a clean one; its page still offers to sign out.
    const shown = answer.status === 303 ? await it.browser.follow(answer) : answer
    const { saysFailed = ({ status }) => status >= 500 } = door
    expect(saysFailed(shown), `${about} ${shown.status}`).toBe(true)
    expect([untouched, done], about).toContainEqual(left)
  }
  if (failed === undefined) {
    expect(left, about).toEqual(done)
    return undefined
  }
  const again = await door.ask(it, first)
  if (door.refusedAgain && left.receipts > 0) expect(again.status, `again ${about}`).toBe(401)
  else expect(door.saysDone(again), `again ${about}, then ${again.status} ${again.location}`).toBe(true)
  expect(await now(it), `again ${about}`).toEqual(done)
  return failed
}

async function visitor(): Promise<Visitor> {
  const login = await prepareLogin(at.storage, systemClock.now())
  const browser = at.browser()
  browser.setCookie('__Host-utgang', login.cookie)
  return { login, browser, ask: at.ask, hint: await idTokenOf(login) }
}

const now = async ({ login }: Visitor): Promise<LoginState> =>
  stateOf(at.storage, login, await readWritten(at.storage), systemClock.now())

async function idTokenOf({ sub, uid }: PreparedLogin): Promise<string> {
  const [key] = (await at.storage.listKeys()).filter(it => it.alg === 'ES256')
  if (!key) throw new Error('no signing key')
  const jwk = JSON.parse(sealer(at.system.config.secret_keys).open(key.sealedJwk)) as JWK
  return new SignJWT({ sid: sidFor(uid, 'news') })
    .setProtectedHeader({ alg: key.alg, kid: key.kid })
    .setIssuer(issuer)
    .setSubject(sub)
    .setAudience('news')
    .setExpirationTime('10m')
    .sign(await importJWK(jwk, key.alg))
}
