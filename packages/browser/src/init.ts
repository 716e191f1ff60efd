import { newEmitter } from './emitter.ts'
import { comeBack, stopLeaving } from './leaving.ts'
import { clearLeftovers, newCache } from './local-state.ts'
import { finishLogin, login, subOf } from './login.ts'
import { forgetAhead, logout } from './logout.ts'
import { readOptions, type Settings } from './options.ts'
import type { Page } from './page.ts'
import { newPageState } from './page-state.ts'
import { newSessionCheck } from './session.ts'
import { openStore } from './storage.ts'
import { newTabs } from './tabs.ts'
import type { Events, InitOptions, Tokens, Utgang } from './types.ts'
import { newWatch } from './watch.ts'

/** What has been set up in this page, by client, so that nobody hears twice. */
const open = new Map<string, { utgang: Utgang; use(settings: Settings): void }>()

/**
 * Sets the SDK up for one client. Once more with the same client gives the same object back, with the new options.
 * If this tab left for a logout by redirect, asks whether it was done; then the events of the logout follow.
 * @throws SdkError `invalid_options`, naming the option and its value
 */
export function init(options: InitOptions): Utgang {
  const settings = readOptions(options)
  const it = open.get(settings.clientId) ?? setUp(settings)
  open.set(settings.clientId, it)
  it.use(settings)
  return it.utgang
}

function setUp(settings: Settings): { utgang: Utgang; use(settings: Settings): void } {
  const { clientId } = settings
  const events = newEmitter<Events>()
  const store = openStore('localStorage')
  const tabs = newTabs(clientId, store, receipt => {
    if (receipt === undefined) void check.recheck()
    else page.state.ended('tab', receipt)
  })
  const page: Page = {
    settings,
    tabStore: openStore('sessionStorage'),
    cache: newCache(clientId, store, tabs.last),
    tabs,
    state: newPageState(events.fire, next => page.forget(next)),
    tokens: undefined,
    logout: undefined,
    ending: undefined,
    isLeaving: false,
    fire: events.fire,
    fail(error) {
      events.fire('error', error)
      throw error
    },
    ended(by, receipt) {
      page.forget()
      tabs.tell(receipt)
      page.state.ended(by, receipt)
    },
    forget(next) {
      page.cache.drop()
      clearLeftovers(clientId, store)
      if (!next || subOf(page.tokens) !== next.userId) page.tokens = undefined
    }
  }

  let back: Promise<void> | undefined
  const returned = (): Promise<void> => {
    back ??= comeBack(page).catch(error => {
      back = undefined
      throw error
    })
    return back
  }
  const check = newSessionCheck(page, returned)
  const watch = newWatch(check)

  const listening = new AbortController()
  let isHidden = false
  // Before the page's own listeners, so that a logout in one of them is known to be one of a page that goes.
  const first = { capture: true, signal: listening.signal }
  addEventListener('pagehide', hide, first)
  addEventListener('pageshow', event => event.persisted && showAgain(), first)

  function hide(): void {
    isHidden = true
    if (page.logout && !page.isLeaving) forgetAhead(page)
    // An open channel may keep the page out of the back/forward cache.
    tabs.close()
  }

  function showAgain(): void {
    isHidden = false
    stopLeaving(page)
    // Somebody may have signed in meanwhile.
    page.cache.drop()
    tabs.open()
    tabs.catchUp()
    back = undefined
    returned().catch(ignore)
  }

  let finishing: Promise<Tokens | undefined> | undefined
  tabs.open()
  returned().catch(ignore)

  return {
    use(changed) {
      Object.assign(settings, changed)
      watch.start(settings.watchSeconds)
    },
    utgang: {
      hasSession: check.hasSession,
      login: (options = {}) => login(page, options),
      finishLogin(address = location.href) {
        finishing ??= finishLogin(page, address).finally(() => {
          finishing = undefined
        })
        return finishing
      },
      setTokens(tokens) {
        page.tokens = tokens
      },
      logout({ fallback = settings.fallback, closing = isHidden } = {}) {
        page.logout ??= logout(page, { fallback, closing }).finally(() => {
          page.logout = undefined
        })
        return page.logout
      },
      on: events.on,
      off: events.off,
      close() {
        open.delete(clientId)
        listening.abort()
        tabs.close()
        watch.stop()
        events.clear()
        page.tokens = undefined
      }
    }
  }
}

/** The failure has been fired as `error`. */
const ignore = (): void => {}
