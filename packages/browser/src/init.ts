import { type Bus, newBus } from './events.ts'
import { comeBack } from './leaving.ts'
import { localState } from './local-state.ts'
import { finishLogin, login } from './login.ts'
import { newLogout } from './logout.ts'
import { readOptions } from './options.ts'
import { newPage } from './page.ts'
import { sessionCheck } from './session.ts'
import { openTabs } from './tabs.ts'
import type { InitOptions, Utgang } from './types.ts'
import { watch } from './watch.ts'

const open = new Map<string, Utgang>()

/**
 * Starts the SDK for a client in this page. Once more for the same client gives the same one, so that nothing is told twice.
 * @throws SdkError `invalid_options`
 */
export function init(options: InitOptions, bus: Bus = newBus()): Utgang {
  const settings = readOptions(options)
  const { client_id } = settings
  const before = open.get(client_id)
  if (before) return before

  const local = localState(client_id)
  const tabs = openTabs(`utgang:${client_id}`, local.markKey, heardOf)
  const page = newPage(settings, bus, local, tabs.tell)
  let closing = false
  let returning = comeBack(page)
  const { hasSession } = sessionCheck(page, () => returning)
  const { logout, reset } = newLogout(page, () => closing)
  const stopWatching =
    settings.watch > 0 ? watch(() => hasSession({ fresh: true }), settings.watch) : undefined

  /** Another tab has signed out, or did while this page was put away. */
  function heardOf(mark: string): void {
    if (mark === page.seenMark) return
    page.seenMark = mark
    page.signOut('tab', null)
  }
  const hidden = (): void => {
    closing = true
  }
  const shown = ({ persisted }: PageTransitionEvent): void => {
    closing = false
    if (!persisted) return
    reset()
    heardOf(local.mark())
    returning = comeBack(page)
  }
  addEventListener('pagehide', hidden)
  addEventListener('pageshow', shown)

  const utgang: Utgang = {
    hasSession,
    login: more => login(page, more),
    finishLogin: address => finishLogin(page, address),
    setTokens(tokens) {
      page.tokens = tokens
    },
    logout,
    on(event, listener) {
      bus.on(event, listener)
      return () => bus.off(event, listener)
    },
    off: (event, listener) => bus.off(event, listener),
    close() {
      open.delete(client_id)
      tabs.close()
      stopWatching?.()
      removeEventListener('pagehide', hidden)
      removeEventListener('pageshow', shown)
    }
  }
  open.set(client_id, utgang)
  return utgang
}
