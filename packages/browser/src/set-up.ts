import type { Emitter } from './emitter.ts'
import { subOf } from './id-token.ts'
import { comeBack, stopLeaving } from './leaving.ts'
import { clearLeftovers, newCache } from './local-state.ts'
import { forgetAhead, logout } from './logout.ts'
import { readOptions, type Settings } from './options.ts'
import type { Page } from './page.ts'
import { newPageState } from './page-state.ts'
import { newSessionCheck } from './session.ts'
import { openStore } from './storage.ts'
import { newStream } from './stream.ts'
import { newTabs } from './tabs.ts'
import type { Events, InitOptions, Utgang } from './types.ts'
import { newWatch } from './watch.ts'

/** The SDK for one client in this page, as it was started. */
export interface Started {
  page: Page
  /** What every page has; signing in is for those that bring the rest. */
  calls: Pick<Utgang, 'hasSession' | 'logout' | 'on' | 'off' | 'close'>
  /** The whole of it, once somebody has put it together. */
  utgang?: Utgang
  use(settings: Settings): void
}

/** What has been started in this page, by client, so that nobody hears twice. */
const all = new Map<string, Started>()

/**
 * Starts the SDK for a client; one that has been started takes the new options.
 * @param newEvents makes the place where events are fired, for a client that is new
 * @throws SdkError `invalid_options`
 */
export function start(options: InitOptions, newEvents: () => Emitter<Events>): Started {
  const settings = readOptions(options)
  const it = all.get(settings.clientId) ?? setUp(settings, newEvents())
  all.set(settings.clientId, it)
  it.use(settings)
  return it
}

/** Puts the parts together, and begins to listen. */
function setUp(settings: Settings, events: Emitter<Events>): Started {
  const { clientId } = settings
  const store = openStore('localStorage')
  const tabs = newTabs(
    clientId,
    store,
    receipt => {
      if (receipt === undefined) void check.recheck()
      else page.state.ended('tab', receipt)
    },
    () => stream.yield()
  )
  const page: Page = {
    settings,
    tabStore: openStore('sessionStorage'),
    cache: newCache(clientId, store, tabs.last),
    tabs,
    state: newPageState(events.fire, next => page.forget(next)),
    tokens: undefined,
    askedAt: 0,
    logout: undefined,
    ending: undefined,
    hasGone: false,
    isLeaving: false,
    fire: events.fire,
    fail(error) {
      events.fire('error', error)
      throw error
    },
    ended(by, receipt) {
      page.forget()
      // Who comes back with an old answer knows no more who is there now.
      tabs.tell(receipt, !page.hasGone)
      page.state.ended(by, receipt)
    },
    forget(next) {
      page.cache.drop()
      clearLeftovers(clientId, store)
      if (!next || subOf(page.tokens) !== next.userId) page.tokens = undefined
    }
  }

  let back: Promise<void> | undefined
  const returned = (): Promise<void> =>
    (back ??= comeBack(page).catch(error => {
      back = undefined
      throw error
    }))
  const check = newSessionCheck(page, returned)
  const watch = newWatch(page, async () => {
    const isAnswered = await check.recheck()
    stream.look()
    return isAnswered
  })
  const stream = newStream(page, watch.wake)
  events.on('login', () => stream.signedIn(true))
  events.on('logout', () => stream.signedIn(false))

  const listening = new AbortController()
  let isHidden = false
  // Before the page's own listeners, so that a logout in one of them is known to be one of a page that goes.
  const first = { capture: true, signal: listening.signal }
  addEventListener('pagehide', hide, first)
  addEventListener('pageshow', event => event.persisted && showAgain(), first)
  document.addEventListener('visibilitychange', () => stream.look(), first)

  function hide(): void {
    isHidden = true
    if (page.logout && !page.isLeaving) {
      page.hasGone = true
      forgetAhead(page)
    }
    // An open channel may keep the page out of the back/forward cache.
    tabs.close()
    stream.look(false)
  }

  function showAgain(): void {
    isHidden = false
    stopLeaving(page)
    // Somebody may have signed in meanwhile.
    page.cache.drop()
    tabs.open()
    tabs.catchUp()
    stream.look()
    back = undefined
    returned().catch(ignore)
  }

  tabs.open()
  returned().catch(ignore)

  return {
    use(changed) {
      Object.assign(settings, changed)
      watch.start(settings.watchSeconds)
      stream.want(settings.watchSeconds > 0)
    },
    page,
    calls: {
      hasSession: check.hasSession,
      logout: ({ fallback = settings.fallback, closing = isHidden } = {}) =>
        (page.logout ??= logout(page, { fallback, closing }).finally(() => {
          page.logout = undefined
        })),
      on: events.on,
      off: events.off,
      close() {
        all.delete(clientId)
        listening.abort()
        tabs.close()
        watch.stop()
        stream.want(false)
        events.clear()
        page.tokens = undefined
      }
    }
  }
}

/** The failure has been fired as `error`. */
const ignore = (): void => {}
