import { newBus } from './events.ts'
import { init } from './init.ts'
import { SdkError } from './sdk-error.ts'
import { newSpidUri } from './spid-uri.ts'
import type { EventName, InitOptions, Session, Utgang } from './types.ts'

/** SPiD's callbacks: what was wrong, or null; and what was answered. */
type Callback = (error: object | null, data: object) => void

declare global {
  interface Window {
    /** Called once this script is there, for pages that load it asynchronously. */
    asyncSPiD?: () => void
  }
}

const bus = newBus()
const uri = newSpidUri()
let utgang: Utgang | undefined

const noSession = { code: 401, type: 'UserException', description: 'No session found!' }
const unsupported = {
  code: 501,
  type: 'ApiException',
  description: 'This server knows no products and no subscriptions.'
}

function started(): Utgang {
  if (!utgang) throw new TypeError('SPiD.init has to come first')
  return utgang
}

function hasSession(callback?: Callback): void {
  started()
    .hasSession()
    .then((it: Session) => callback?.(it.result ? null : noSession, it), failed(callback))
}

function logout(callback?: Callback): void {
  started()
    .logout()
    .then(
      it => callback?.(null, { ...it, result: true, serverTime: Math.floor(Date.now() / 1000) }),
      failed(callback)
    )
}

const failed =
  (callback?: Callback) =>
  (error: unknown): void =>
    callback?.(
      error instanceof SdkError
        ? {
            code: error.status ?? 503,
            type: error.code === 'not_ended' ? error.code : 'communication',
            description: error.message
          }
        : { code: 503, type: 'communication', description: String(error) },
      {}
    )

const noProducts = (_id: unknown, callback?: Callback): void => callback?.(unsupported, { result: false })

const SPiD = {
  version: () => '2.6.0-utgang',
  init(options: InitOptions, callback?: () => void) {
    uri.init(options)
    utgang = init(options, bus)
    callback?.()
  },
  hasSession,
  logout,
  acceptAgreement: hasSession,
  hasProduct: noProducts,
  hasSubscription: noProducts,
  event: {
    subscribe: bus.on,
    unsubscribe: bus.off,
    fire: (name: string, data: never) => bus.fire(name.replace(/^SPiD\./, '') as EventName, data)
  }
}

Object.assign(window, { SPiD, SPiD_Uri: uri })
if (typeof window.asyncSPiD === 'function') setTimeout(window.asyncSPiD)
