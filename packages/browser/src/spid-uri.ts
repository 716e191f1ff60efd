import { withQuery } from './answers.ts'
import { newCache } from './local-state.ts'
import { readOptions } from './options.ts'
import { openStore } from './storage.ts'
import type { InitOptions } from './types.ts'

/** Makes the address of one of the server's pages. Defaults: the page's own address, and the client of `init`. */
type Address = (redirect_uri?: string, client_id?: string) => string

/** The global `SPiD_Uri`: addresses for links, as SPiD's own script gave them. It asks nobody. */
export interface SpidUri {
  /** @throws SdkError `invalid_options` */
  init(options: InitOptions): void
  login: Address
  signup: Address
  auth: Address
  logout: Address
  account: Address
}

/** See {@link SpidUri}. @param fallback what to go by until its own `init` is called */
export function newSpidUri(fallback: () => InitOptions): SpidUri {
  let own: InitOptions | undefined
  const settings = () => readOptions(own ?? fallback())
  const page =
    (path: string): Address =>
    (redirect_uri = location.href, client_id = settings().clientId) =>
      withQuery(`${settings().server}/${path}`, { response_type: 'code', client_id, redirect_uri })
  return {
    init(options) {
      readOptions(options)
      own = options
    },
    login: page('flow/login'),
    signup: page('flow/signup'),
    auth: page('flow/auth'),
    logout(redirect_uri, client_id = settings().clientId) {
      forgetOnLeaving(client_id)
      return page('logout')(redirect_uri, client_id)
    },
    account: page('account/summary')
  }
}

const leads = new Set<string>()

/** Whoever leaves a page that leads to a logout may come back signed out: the next page asks anew. */
function forgetOnLeaving(clientId: string): void {
  if (leads.has(clientId)) return
  leads.add(clientId)
  const cache = newCache(clientId, openStore('localStorage'), () => null)
  addEventListener('pagehide', () => cache.drop())
}
