import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { addConfiguredUsers } from '../../packages/server/src/users/users.ts'
import { settings } from './support/browsers.ts'
import type { Engine, Reach, Tab } from './support/engine.ts'
import { type RpWindow, sessionRp } from './support/session-rp.ts'
import { evil, giveTheCredentials, issuer, openWorld, sibling, until, type World } from './support/world.ts'

const rp = 'https://rp.test'
const other = 'https://other.example'
const kari = { sub: 'u-kari', email: 'kari@example.test', password: 'the password of Kari', name: 'Kari' }

const client = (clientId: string, origin: string): object => ({
  client_id: clientId,
  redirect_uris: [`${origin}/rp`],
  sdk: true
})

let world: World
beforeAll(async () => {
  const at = (clientId: string) => sessionRp({ issuer, clientId })
  world = await openWorld({
    strangers: {
      'rp.test': at('rp'),
      'blog.utgang.test': at('own-site'),
      'other.example': at('other'),
      'evil.example': at('rp')
    },
    moreClients: [client('rp', rp), client('other', other), client('own-site', sibling)]
  })
  await addConfiguredUsers(world.at.storage, [kari], Math.floor(Date.now() / 1000))
})
afterAll(() => world?.close())

const stateOf = (tab: Tab): Promise<Omit<RpWindow['rp'], 'ask' | 'login'>> =>
  tab.evaluate(() => (window as unknown as RpWindow).rp)

const isReady = async (tab: Tab): Promise<boolean> => Boolean(await stateOf(tab))

async function open(engine: Engine, address: string): Promise<Tab> {
  const tab = await engine.newTab()
  await tab.goto(address)
  await until(() => isReady(tab))
  return tab
}

/** Signs in by the page's own login; the page then asks the frame. */
async function signInAt(tab: Tab, origin: string, params: object = {}): Promise<void> {
  await tab.goto(`${origin}/rp`)
  await until(() => isReady(tab))
  await tab.evaluate((given: Record<string, string>) => {
    void (window as unknown as RpWindow).rp.login(given)
  }, params)
  const isBack = async (): Promise<boolean> =>
    (await tab.url()).startsWith(origin) && (await stateOf(tab)).sub !== null
  await giveTheCredentials(tab, isBack)
  await until(isBack)
}

const hears = (tab: Tab, count: number): Promise<void> =>
  until(async () => (await stateOf(tab)).answers.length >= count)

const ask = (tab: Tab, message: unknown): Promise<string> =>
  tab.evaluate((it: unknown) => (window as unknown as RpWindow).rp.ask(it), message)

/** Signs out in another tab, by an address that somebody typed. */
async function signOut(engine: Engine): Promise<void> {
  const tab = await engine.newTab()
  await tab.goto(`${issuer}/logout?client_id=rp`)
  await until(() => tab.evaluate(() => document.querySelector('#signed-out') !== null))
  await tab.close()
}

describe.each(settings)('$engine, $policy', ({ start, sendsCookie }) => {
  describe.skipIf(!start)('an application that asks the frame', () => {
    let engine: Engine
    beforeEach(async () => {
      engine = await (start as (reach: Reach) => Promise<Engine>)(world)
    }, 120_000)
    afterEach(() => engine?.close())

    test.runIf(sendsCookie)(
      'SM-06, SM-07, SM-10, SM-14: hears "unchanged" while the person is signed in, whatever else is done, and "changed" after the logout; then it asks once',
      { timeout: 120_000 },
      async () => {
        const tab = await engine.newTab()
        await signInAt(tab, rp)
        await hears(tab, 2)
        const second = await engine.newTab()
        await signInAt(second, other)
        await tab.show()
        const { question } = await stateOf(tab)
        for (let poll = 0; poll < 20; poll++) expect(await ask(tab, question)).toBe('unchanged')
        // Whatever other pages send this one is nobody's word.
        await tab.evaluate(() => postMessage('changed', '*'))
        expect(await ask(tab, question)).toBe('unchanged')
        const before = await stateOf(tab)
        expect(new Set(before.answers)).toEqual(new Set(['unchanged']))
        expect(before).toMatchObject({ sub: 'u-ola', silentQuestions: 0 })

        await signOut(engine)
        await tab.show()
        await until(async () => (await stateOf(tab)).silentQuestions === 1)
        await until(async () => (await isReady(tab)) && (await stateOf(tab)).sub === null)
        await hears(tab, 3)
        const { answers, silentQuestions } = await stateOf(tab)
        expect(new Set(answers)).toEqual(new Set(['unchanged']))
        expect(silentQuestions).toBe(1)
      }
    )

    test.skipIf(sendsCookie)(
      'X-05, SM-13, SM-14: hears "error" where the browser keeps the cookie back, and never asks the server',
      { timeout: 120_000 },
      async () => {
        const tab = await engine.newTab()
        await signInAt(tab, rp)
        await hears(tab, 1)
        await signOut(engine)
        for (let load = 0; load < 3; load++) {
          await tab.goto(`${rp}/rp`)
          await until(() => isReady(tab))
          await hears(tab, 1)
        }
        const { question, answers } = await stateOf(tab)
        expect(await ask(tab, question)).toBe('error')
        expect(new Set(answers)).toEqual(new Set(['error']))
        expect((await stateOf(tab)).silentQuestions).toBe(0)

        // On the server's own site no browser keeps it back.
        await signInAt(tab, sibling)
        await hears(tab, 3)
        const own = await stateOf(tab)
        expect(new Set(own.answers)).toEqual(new Set(['unchanged']))
        await signOut(engine)
        await tab.show()
        await until(async () => (await stateOf(tab)).silentQuestions === 1)
      }
    )
  })
})

const startChromium = settings.find(it => it.engine === 'Chromium' && it.sendsCookie)?.start
describe.skipIf(!startChromium)('the frame, in Chromium with third-party cookies', () => {
  let engine: Engine
  let question: string
  beforeAll(async () => {
    engine = await (startChromium as (reach: Reach) => Promise<Engine>)(world)
    const tab = await engine.newTab()
    await signInAt(tab, rp)
    question = String((await stateOf(tab)).question)
    await tab.close()
  })
  afterAll(() => engine?.close())

  test('SM-08: answers "error" to what is no question', async () => {
    const tab = await open(engine, `${rp}/rp#manual`)
    const [, state = ''] = question.split(' ')
    const [hash = '', salt = ''] = state.split('.')
    for (const message of [
      '',
      ' ',
      'rp',
      state,
      ` ${state}`,
      `rp ${hash}`,
      `rp ${hash}.`,
      `rp .${salt}`,
      `rp ${hash}.${salt} `,
      `rp ${hash}.${salt}.${salt}`,
      `rp ${hash.toUpperCase()}G.${salt}`,
      `rp\n${state}`,
      `räv ${state}`,
      null,
      7,
      true,
      [question],
      { data: question }
    ])
      expect(await ask(tab, message), JSON.stringify(message)).toBe('error')
    expect(await ask(tab, question)).toBe('unchanged')
    await tab.close()
  })

  test('SM-08: a client’s id may hold spaces, so the last one divides', async () => {
    const tab = await open(engine, `${rp}/rp#manual`)
    expect(await ask(tab, `a client ${question}`)).toBe('changed')
    await tab.close()
  })

  test('SM-07: answers "changed" to another client’s id, another hash and another salt', async () => {
    const tab = await open(engine, `${rp}/rp#manual`)
    const swapped = (text: string, at: number): string =>
      text.slice(0, at) + (text.at(at) === '0' ? '1' : '0') + text.slice(at + 1)
    for (const message of [
      question.replace('rp', 'other'),
      swapped(question, 3),
      swapped(question, question.length - 1)
    ])
      expect(await ask(tab, message)).toBe('changed')
    await tab.close()
  })

  test('SM-07, SM-09, BCP-23: another origin with a stolen value hears "changed", as for any value', async () => {
    const tab = await open(engine, `${evil}/rp#manual`)
    expect(await ask(tab, question)).toBe('changed')
    expect(await ask(tab, `rp ${'0'.repeat(64)}.${'0'.repeat(32)}`)).toBe('changed')
    await tab.close()
  })

  test('SM-09, AS-18: a page without an origin hears nothing', async () => {
    const tab = await open(engine, `${rp}/rp#manual`)
    const heard = await tab.evaluate(fromSandbox, issuer, question)
    expect(heard).toEqual(['loaded'])
    await tab.close()
  })

  test('SM-13: a frame in a sandbox sees no cookie, and says "error"', async () => {
    const tab = await open(engine, `${rp}/rp#manual`)
    expect(await tab.evaluate(askSandboxed, issuer, question)).toBe('error')
    await tab.close()
  })

  test('SM-07: "changed" when somebody else signs in, after the logout, and for good', async () => {
    const tab = await open(engine, `${rp}/rp#manual`)
    expect(await ask(tab, question)).toBe('unchanged')
    const second = await open(engine, `${rp}/rp#manual`)
    await second.evaluate(() => {
      void (window as unknown as RpWindow).rp.login({ prompt: 'login' })
    })
    await second.type('[name=login]', kari.email)
    await second.type('[name=password]', kari.password)
    await second.click('#sign-in')
    await second.click('#switch-account')
    await until(async () => (await stateOf(second)).sub === kari.sub)
    await until(async () => (await ask(tab, question)) === 'changed')
    const hers = String((await stateOf(second)).question)
    expect(await ask(tab, hers)).toBe('unchanged')

    await signOut(engine)
    await until(async () => (await ask(tab, hers)) === 'changed')
    await signInAt(second, rp)
    for (const old of [question, hers]) expect(await ask(tab, old)).toBe('changed')
    question = String((await stateOf(second)).question)
    await Promise.all([tab.close(), second.close()])
  })

  test('X-05, SM-10: "changed" when the cookie is gone though it could be seen', async () => {
    const tab = await open(engine, `${rp}/rp#manual`)
    expect(await ask(tab, question)).toBe('unchanged')
    const second = await engine.newTab()
    await second.goto(`${issuer}/`)
    await second.evaluate(() => {
      // biome-ignore lint/suspicious/noDocumentCookie: as a browser that was closed does, in every browser.
      document.cookie = '__Host-utgang-state=; Path=/; Secure; SameSite=None; Max-Age=0'
    })
    // One process of the browser hears of it a little later than the other.
    await until(async () => (await ask(tab, question)) === 'changed')
    await Promise.all([tab.close(), second.close()])
  })
})

/** Runs in a page: a frame without an origin of its own asks the page's frame; what it has heard when a later question of the page is answered. */
async function fromSandbox(issuer: string, question: string): Promise<string[]> {
  const heard: string[] = []
  const frame = document.createElement('iframe')
  frame.sandbox.add('allow-scripts')
  const code = `
    addEventListener('message', ({ origin, data }) =>
      origin === ${JSON.stringify(issuer)} && parent.postMessage(data, '*'))
    parent.frames[0].postMessage(${JSON.stringify(question)}, ${JSON.stringify(issuer)})
    parent.postMessage('loaded', '*')`
  frame.srcdoc = `<script>${code}</${'script'}>`
  addEventListener('message', ({ source, data }) => source === frame.contentWindow && heard.push(data))
  await new Promise(done => {
    frame.onload = done
    document.body.append(frame)
  })
  const { rp } = window as unknown as RpWindow
  for (let i = 0; i < 20; i++) await rp.ask(question)
  return heard
}

/** Runs in a page: the server's page in a sandbox of its own. */
async function askSandboxed(issuer: string, question: string): Promise<unknown> {
  const frame = document.createElement('iframe')
  frame.sandbox.add('allow-scripts')
  frame.src = `${issuer}/oauth/check_session`
  await new Promise(done => {
    frame.onload = done
    document.body.append(frame)
  })
  return new Promise(done => {
    addEventListener('message', ({ source, data }) => source === frame.contentWindow && done(data))
    frame.contentWindow?.postMessage(question, '*')
  })
}
