import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectMade } from '../docs-made.ts'
import { type Setting, settings } from './support/browsers.ts'
import {
  backButton,
  compatibility,
  type Outcome,
  type Outcomes,
  type PageKind,
  withoutVersions
} from './support/compatibility.ts'
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
import type { Site } from './support/site.ts'
import type { Heard, Shown } from './support/site-page.ts'
import { issuer, openWorld, until, type World } from './support/world.ts'

/** A kind of page, and the way in which it signs out: see the pages of the world. */
interface Way {
  kind: PageKind
  site: 'news' | 'www'
  page: 'backend' | 'cookie' | 'token' | 'redirect'
  signIn(tab: Tab, site: Site, address: string): Promise<void>
  /** Whether it can know who is signed in. */
  knows(setting: Setting): boolean
  /** The way by which its logout ends the session: where the browser keeps the cookie back, another one. */
  by(setting: Setting): Way['page']
}

const always = (): boolean => true
const withCookie = ({ sendsCookie }: Setting): boolean => sendsCookie

const ways: readonly Way[] = [
  {
    kind: 'backend',
    site: 'news',
    page: 'backend',
    signIn: signInAt,
    knows: always,
    by: () => 'backend'
  },
  {
    kind: 'cookie',
    site: 'news',
    page: 'cookie',
    signIn: signInAt,
    knows: withCookie,
    by: it => (it.sendsCookie ? 'cookie' : 'redirect')
  },
  {
    kind: 'same-site',
    site: 'www',
    page: 'cookie',
    signIn: signInAt,
    knows: always,
    by: () => 'cookie'
  },
  {
    kind: 'token',
    site: 'news',
    page: 'token',
    signIn: (tab, _site, address) => signInInPage(tab, address),
    knows: withCookie,
    by: it => (it.sendsCookie ? 'cookie' : 'token')
  },
  {
    kind: 'redirect',
    site: 'news',
    page: 'redirect',
    signIn: signInAt,
    knows: withCookie,
    by: () => 'redirect'
  }
]

/** The pages that are left signed in, by their query: one that browsers may keep, and one that they load again. */
const leftPages: Record<PageKind, readonly string[]> = {
  backend: ['?left', '?left&no-store'],
  cookie: ['?left', '?left&no-store'],
  // As at the page alone.
  'same-site': [],
  // Keeps its tokens nowhere, so that loaded again it knows nobody.
  token: [''],
  redirect: ['?left', '?left&no-store']
}

const three: readonly string[] = ['logout', 'statusChange', 'sessionChange']

const outcomes = new Map<Setting, Outcomes>()

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

    test.each(ways)('at a page of the kind $kind', { timeout: 120_000 }, async way => {
      engine ??= await start?.(world)
      if (!engine) throw new Error('it did not start')
      const tabs = tabsOf(engine)
      try {
        const outcome = await signOut(tabs, setting, way)
        const its = outcomes.get(setting) ?? { version: engine.version, at: {} }
        outcomes.set(setting, { ...its, at: { ...its.at, [way.kind]: outcome } })
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

test('docs/browsers.md says what came out', async ({ skip }) => {
  const made = compatibility(outcomes, settings.length)
  if (made === undefined) return skip('not everything ran')
  console.log(made)
  console.log(backButton(outcomes))
  await expectMade('browsers.md', made, withoutVersions)
})

async function signOut(engine: Tabs, setting: Setting, way: Way): Promise<Outcome> {
  const { sendsCookie } = setting
  const site = world[way.site]
  const address = `${site.origin}/${way.page}`
  const by = way.by(setting)
  // Signed in in one tab, seen by a second one, left signed in by two more, and signed in at the other site.
  const tab = await engine.newTab()
  await way.signIn(tab, site, address)
  const session = (await world.at.storage.listSessions({ limit: 1 }, now()))[0]?.uid ?? ''
  expect(await isLive(session)).toBe(true)
  const market = await engine.newTab()
  await signInAt(market, world.market, `${world.market.origin}/backend`)
  expect(await statusAt(market)).toBe('connected')
  const known = way.knows(setting) ? 'connected' : 'unknown'
  const other = await openPage(engine, address)
  for (const asking of [tab, other]) expect(await statusAt(asking)).toBe(known)
  const left: Left[] = []
  for (const query of leftPages[way.kind]) left.push(await leave(engine, way, site, query))
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

  // By now every message has come, and none was told twice; nor is the logout told again.
  for (const [asking, from] of [
    [tab, before],
    [other, beforeThere]
  ] as const) {
    expect(await statusAt(asking)).toBe(way.knows(setting) ? 'notConnected' : 'unknown')
    expect(names((await heardBy(asking)).slice(from))).toEqual([...three, 'notLoggedin'])
    expect(await whoAt(asking)).toBe('')
  }

  const back: Outcome['back'] = []
  for (const it of left) back.push(await comeBack(it))

  // The other site knows for certain through its backend; by the cookie alone where browsers send it.
  expect(await statusAt(market)).toBe('notConnected')
  const alone = await openPage(engine, `${world.market.origin}/cookie`)
  expect(await statusAt(alone)).toBe(sendsCookie ? 'notConnected' : 'unknown')
  return { known, by, back }
}

/** A tab in which a page says who is signed in, and which has gone on from there. */
interface Left {
  tab: Tab
  site: Site
  page: string
}

async function leave(engine: Tabs, way: Way, site: Site, query: string): Promise<Left> {
  const tab = await engine.newTab()
  const page = `/${way.page}${query}`
  await way.signIn(tab, site, `${site.origin}${page}`)
  expect(await whoAt(tab)).not.toBe('')
  await tab.goto(`${site.origin}/elsewhere`)
  return { tab, site, page }
}

/**
 * The back button: the page says who is signed in no more, not even at first. A copy out of the HTTP cache is beyond
 * anybody's reach: browsers show it without asking, unless the page is `no-store`.
 */
async function comeBack({ tab, site, page }: Left): Promise<Outcome['back'][number]> {
  const before = site.shown.length
  const shown = (): Shown[] => site.shown.slice(before).filter(it => it.page === page)
  await tab.back()
  await until(async () => shown().length > 0)
  const [{ persisted, who } = { persisted: false, who: '' }] = shown()
  if (!persisted && who !== '' && !page.includes('no-store')) return 'an old copy'
  expect(shown().map(it => it.who)).toEqual([''])
  return persisted ? 'from memory' : 'loaded again'
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
