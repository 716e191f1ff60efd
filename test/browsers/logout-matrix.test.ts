import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Setting, settings } from './support/browsers.ts'
import type { Engine, Tab } from './support/engine.ts'
import type { TestWindow } from './support/site-page.ts'
import {
  callLogout,
  giveTheCredentials,
  heardBy,
  issuer,
  openPage,
  openWorld,
  signInAt,
  started,
  until,
  type World
} from './support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

const three = ['logout', 'statusChange', 'sessionChange']

/** A page that signs out in its own way: see `pages` of the world. */
interface Way {
  page: 'backend' | 'cookie' | 'token' | 'redirect'
  /** Signs in and ends on the page that signs out. */
  signIn(tab: Tab, address: string): Promise<void>
  /** The way that ends the session: where browsers keep the cookie back, it is the next one. */
  by(setting: Setting): Way['page']
}

const atNews = (tab: Tab, address: string): Promise<void> => signInAt(tab, world.news, address)

const ways: readonly Way[] = [
  { page: 'backend', signIn: atNews, by: () => 'backend' },
  { page: 'cookie', signIn: atNews, by: ({ sendsCookie }) => (sendsCookie ? 'cookie' : 'redirect') },
  { page: 'token', signIn: signInInThePage, by: ({ sendsCookie }) => (sendsCookie ? 'cookie' : 'token') },
  { page: 'redirect', signIn: atNews, by: () => 'redirect' }
]

async function signInInThePage(tab: Tab, address: string): Promise<void> {
  await tab.goto(address)
  await started(tab)
  await tab.evaluate(() => void (window as unknown as TestWindow).sdk.login())
  await until(async () => (await tab.url()).startsWith(issuer))
  await giveTheCredentials(tab)
  await started(tab)
  const tokens = await tab.evaluate(() => (window as unknown as TestWindow).tokens)
  expect(Object.keys(tokens ?? {})).toContain('id_token')
}

describe.each(settings)('$engine, $policy', setting => {
  test.skipIf(!setting.start).each(ways)('by $page', { timeout: 120_000 }, async way => {
    const engine = await (setting.start as NonNullable<Setting['start']>)(world)
    try {
      await signOut(engine, setting, way)
    } finally {
      await engine.close()
    }
  })
})

async function signOut(engine: Engine, setting: Setting, way: Way): Promise<void> {
  const address = `${world.news.origin}/${way.page}`
  // Signed in here, in a second tab, and at the other site.
  const tab = await engine.newTab()
  await way.signIn(tab, address)
  const session = (await world.at.storage.listSessions({ limit: 1 }, now()))[0]
  expect(session?.live).toBe(true)
  const market = await engine.newTab()
  await signInAt(market, world.market, `${world.market.origin}/backend`)
  expect(await statusAt(market)).toBe('connected')
  const other = await openPage(engine, address)
  await tab.show()
  const before = (await heardBy(tab)).length

  await callLogout(tab)
  const by = way.by(setting)
  if (by === 'redirect') {
    if (way.page === 'redirect') {
      await until(async () => (await tab.url()).startsWith(`${issuer}/logout`))
      expect(await isLive(session?.uid)).toBe(true)
      await tab.click('#confirm')
    }
    await until(async () => (await tab.url()).startsWith(address) && !(await isLive(session?.uid)))
    await started(tab)
  }
  const from = by === 'redirect' ? 0 : before
  await until(async () => (await heardBy(tab)).length >= from + 3)

  // On the server, not just here.
  expect(await isLive(session?.uid)).toBe(false)
  const heard = (await heardBy(tab)).slice(from)
  expect(heard.map(it => it.name)).toEqual(three)
  expect(heard[0]?.payload).toMatchObject({ result: true, by, status: 'notConnected', session: null })
  expect(heard[0]?.payload.receipt).toEqual(expect.any(String))
  if (by !== 'redirect') {
    const outcome = await tab.evaluate(() => (window as unknown as TestWindow).outcome)
    expect(outcome).toEqual({ ended: true, by, receipt: heard[0]?.payload.receipt })
  }

  await until(async () => (await heardBy(other)).length >= 3)
  expect((await heardBy(other)).map(it => it.name)).toEqual(three)
  expect((await heardBy(other))[0]?.payload).toMatchObject({ by: 'tab' })

  // Asked again, neither tab hears any of them again.
  for (const asking of [tab, other]) {
    const count = (await heardBy(asking)).length
    expect(['notConnected', 'unknown']).toContain(await statusAt(asking))
    expect((await heardBy(asking)).slice(count).map(it => it.name)).toEqual(['notLoggedin'])
  }

  // The other site: through its backend it is certain; by the cookie alone only where browsers send it.
  expect(await statusAt(market)).toBe('notConnected')
  const alone = await openPage(engine, `${world.market.origin}/cookie`)
  expect(await statusAt(alone)).toBe(setting.sendsCookie ? 'notConnected' : 'unknown')
}

const now = (): number => Math.floor(Date.now() / 1000)

const isLive = async (uid: string | undefined): Promise<boolean> =>
  (await world.at.storage.findSession(uid ?? '', now())) !== undefined

const statusAt = (tab: Tab): Promise<string> =>
  tab.evaluate(
    async () => (await (window as unknown as TestWindow).sdk.hasSession({ fresh: true })).userStatus
  )
