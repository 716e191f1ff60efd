import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Setting, settings } from './support/browsers.ts'
import type { Engine, Tab } from './support/engine.ts'
import {
  callLogout,
  heardBy,
  logoutByLeaving,
  openPage,
  outcomeAt,
  signInAt,
  signInInPage,
  statusAt,
  whoAt
} from './support/pages.ts'
import type { Heard, Shown } from './support/site-page.ts'
import { issuer, openWorld, until, type World } from './support/world.ts'

/** A page of the newspaper, by the way in which it signs out: see the pages of the world. */
interface Way {
  page: 'backend' | 'cookie' | 'token' | 'redirect'
  signIn(tab: Tab, address: string): Promise<void>
  /** The way by which its logout ends the session: where the browser keeps the cookie back, another one. */
  by(setting: Setting): Way['page']
}

const throughBackend = (tab: Tab, address: string): Promise<void> => signInAt(tab, world.news, address)

const ways: readonly Way[] = [
  { page: 'backend', signIn: throughBackend, by: () => 'backend' },
  { page: 'cookie', signIn: throughBackend, by: it => (it.sendsCookie ? 'cookie' : 'redirect') },
  { page: 'token', signIn: signInInPage, by: it => (it.sendsCookie ? 'cookie' : 'token') },
  { page: 'redirect', signIn: throughBackend, by: () => 'redirect' }
]

const three: readonly string[] = ['logout', 'statusChange', 'sessionChange']

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world?.close())

describe.each(settings)('$engine, $policy', setting => {
  const { start } = setting
  describe.skipIf(!start)('signs out', () => {
    let engine: Engine | undefined
    afterAll(() => engine?.close())

    test.each(ways)('by $page', { timeout: 120_000 }, async way => {
      engine ??= await start?.(world)
      if (!engine) throw new Error('it did not start')
      const tabs = tabsOf(engine)
      try {
        await signOut(tabs, setting, way)
      } catch (error) {
        // What it left behind is not the next one's business.
        await engine.close()
        engine = undefined
        throw error
      }
      await tabs.closeAll()
    })
  })
})

async function signOut(engine: Tabs, setting: Setting, way: Way): Promise<void> {
  const { sendsCookie } = setting
  const address = `${world.news.origin}/${way.page}`
  const by = way.by(setting)
  // Signed in in one tab, seen by a second one, left signed in by two more, and signed in at the other site.
  const tab = await engine.newTab()
  await way.signIn(tab, address)
  const session = (await world.at.storage.listSessions({ limit: 1 }, now()))[0]?.uid ?? ''
  expect(await isLive(session)).toBe(true)
  const market = await engine.newTab()
  await signInAt(market, world.market, `${world.market.origin}/backend`)
  expect(await statusAt(market)).toBe('connected')
  const known = way.page === 'backend' || sendsCookie ? 'connected' : 'unknown'
  const other = await openPage(engine, address)
  for (const asking of [tab, other]) expect(await statusAt(asking)).toBe(known)
  const left = [await leave(engine, way, address, 'left')]
  // The page with tokens keeps them nowhere, so that loaded again it knows nobody.
  if (way.page !== 'token') left.push(await leave(engine, way, address, 'left&no-store'))
  await tab.show()

  if (by === 'redirect') await nothingElseEnds(tab, session)
  const before = by === 'redirect' ? 0 : (await heardBy(tab)).length
  const beforeThere = (await heardBy(other)).length
  if (by === 'redirect') {
    await logoutByLeaving(tab, async () => {
      if (way.page === 'redirect') await confirm(tab, session)
    })
    expect(await tab.url()).toBe(address)
  } else await callLogout(tab)

  await hears(tab, before, by)
  await hears(other, beforeThere, 'tab')
  // On the server, and not just here.
  expect(await isLive(session)).toBe(false)
  if (by !== 'redirect') {
    const { receipt } = (await heardBy(tab))[before]?.payload ?? {}
    expect(await outcomeAt(tab)).toEqual({ ended: true, by, receipt })
  }

  for (const asking of [tab, other]) {
    const count = (await heardBy(asking)).length
    expect(await statusAt(asking)).toBe(way.page === 'backend' || sendsCookie ? 'notConnected' : 'unknown')
    expect(names((await heardBy(asking)).slice(count))).toEqual(['notLoggedin'])
    expect(await whoAt(asking)).toBe('')
  }

  for (const it of left) await comeBack(it, setting)

  // The other site knows for certain through its backend; by the cookie alone where browsers send it.
  expect(await statusAt(market)).toBe('notConnected')
  const alone = await openPage(engine, `${world.market.origin}/cookie`)
  expect(await statusAt(alone)).toBe(sendsCookie ? 'notConnected' : 'unknown')
}

/** A tab in which a page says who is signed in, and which has gone on from there. */
interface Left {
  tab: Tab
  page: string
}

async function leave(engine: Tabs, way: Way, address: string, query: string): Promise<Left> {
  const tab = await engine.newTab()
  const to = way.page === 'token' ? address : `${address}?${query}`
  await way.signIn(tab, to)
  expect(await whoAt(tab)).not.toBe('')
  await tab.goto(`${world.news.origin}/elsewhere`)
  return { tab, page: to.slice(world.news.origin.length) }
}

/** The back button: the page says who is signed in no more, not even at first. */
async function comeBack({ tab, page }: Left, { engine }: Setting): Promise<void> {
  const before = world.news.shown.length
  const shown = (): Shown[] => world.news.shown.slice(before).filter(it => it.page === page)
  await tab.back()
  await until(async () => shown().length > 0)
  const [first] = shown()
  // WebKit shows what it has of a page, without asking, when it has emptied its back/forward cache.
  const mayBeOld = engine === 'WebKit' && !first?.persisted && !page.includes('no-store')
  if (!mayBeOld) expect(shown().map(it => it.who)).toEqual([''])
}

/** Without leaving the page this logout cannot be done: then it says so, and nothing has changed. */
async function nothingElseEnds(tab: Tab, session: string): Promise<void> {
  const before = (await heardBy(tab)).length
  await callLogout(tab, { fallback: 'none' })
  await until(async () => (await outcomeAt(tab)) !== null)
  expect(await outcomeAt(tab)).toEqual({ failed: 'not_ended' })
  expect(names((await heardBy(tab)).slice(before))).toEqual(['error'])
  expect(await isLive(session)).toBe(true)
}

/** This client's logouts are asked about by the server first. */
async function confirm(tab: Tab, session: string): Promise<void> {
  await until(async () => (await tab.url()).startsWith(`${issuer}/logout`))
  expect(await isLive(session)).toBe(true)
  await tab.click('#confirm')
}

/** Hears the three events, once each and in their order, and nothing else. */
async function hears(tab: Tab, from: number, by: string): Promise<void> {
  await until(async () => (await heardBy(tab)).length >= from + three.length)
  const heard = (await heardBy(tab)).slice(from)
  expect(names(heard)).toEqual(three)
  const signedOut = { session: null, status: 'notConnected' }
  expect(heard[0]?.payload).toMatchObject({ ...signedOut, result: true, by, receipt: expect.any(String) })
  for (const it of heard.slice(1)) expect(it.payload).toEqual(signedOut)
}

/** The tabs of one case. */
interface Tabs extends Pick<Engine, 'newTab'> {
  closeAll(): Promise<void>
}

function tabsOf(engine: Engine): Tabs {
  const open: Tab[] = []
  return {
    async newTab() {
      const tab = await engine.newTab()
      open.push(tab)
      return tab
    },
    async closeAll() {
      for (const tab of open) await tab.close()
    }
  }
}

const names = (heard: readonly Heard[]): string[] => heard.map(it => it.name)

const now = (): number => Math.floor(Date.now() / 1000)

const isLive = async (uid: string): Promise<boolean> =>
  (await world.at.storage.findSession(uid, now())) !== undefined
