import { readOptions } from './options.ts'
import type { InitOptions } from './types.ts'

const paths = {
  login: '/flow/login',
  signup: '/flow/signup',
  auth: '/flow/auth',
  logout: '/logout',
  account: '/account/summary'
}

type AddressOf = (redirectUri?: string, clientId?: string) => string

/** SPiD's maker of addresses. Where nothing is said of it, they lead back to the page that is shown. */
export interface SpidUri extends Record<keyof typeof paths, AddressOf> {
  init(options: InitOptions): void
}

/** @see SpidUri */
export function newSpidUri(): SpidUri {
  let settings: ReturnType<typeof readOptions> | undefined
  const addressOf =
    (path: string): AddressOf =>
    (redirectUri = location.href, clientId = settings?.client_id) => {
      if (!settings) throw new TypeError('SPiD_Uri.init or SPiD.init has to come first')
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: clientId ?? '',
        redirect_uri: redirectUri
      })
      return `${settings.server}${path}?${query}`
    }
  return {
    init(options) {
      settings = readOptions(options)
    },
    login: addressOf(paths.login),
    signup: addressOf(paths.signup),
    auth: addressOf(paths.auth),
    logout: addressOf(paths.logout),
    account: addressOf(paths.account)
  }
}
