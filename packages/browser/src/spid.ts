import { type Emitter, newEmitter } from './emitter.ts'
import { SdkError } from './sdk-error.ts'
import { type Started, start } from './set-up.ts'
import type { Events, InitOptions } from './types.ts'

/** An error as SPiD's script gave it to callbacks. */
interface SpidError {
  code: number
  type: string
  description: string
}

/** A callback in SPiD's form: the error or null, then the data. */
type Callback = (error: SpidError | null, data: object) => void

/** The global `SPiD`, with the calls of SPiD's own script, sdk-js 2.6. */
export interface Spid {
  version(): string
  /** @throws SdkError `invalid_options` */
  init(options: InitOptions): void
  hasSession(callback?: Callback): void
  logout(callback?: Callback): void
  /** To be connected is to have agreed, so this only asks anew. */
  acceptAgreement(callback?: Callback): void
  /** Not supported: the callback hears so. */
  hasProduct(id: string, callback?: Callback): void
  /** Not supported: the callback hears so. */
  hasSubscription(id: string, callback?: Callback): void
  event: {
    subscribe(name: string, listener: (payload: unknown) => void): void
    unsubscribe(name: string, listener: (payload: unknown) => void): void
    fire(name: string, payload?: unknown): void
  }
}

/** See {@link Spid}. @param version that it calls itself. @param onInit hears the options of `init` */
export function newSpid(version: string, onInit: (options: InitOptions) => void): Spid {
  // Pages subscribe before they call init, and fire events of their own.
  const events = newEmitter<Record<string, unknown>>()
  const ofClient = (): Emitter<Events> => {
    const own = newEmitter<Events>()
    let isOver = false
    return {
      ...own,
      fire(event, payload) {
        // Of a client that another has followed, an answer may still come.
        if (isOver) return
        own.fire(event, payload)
        events.fire(event, event === 'error' ? spidErrorOf(payload as SdkError) : payload)
      },
      clear() {
        isOver = true
      }
    }
  }
  let utgang: Started['calls'] | undefined

  const get = (): Started['calls'] => {
    if (!utgang) throw new SdkError('invalid_options', 'client_id is undefined: call SPiD.init first')
    return utgang
  }
  const hasSession = (fresh: boolean, callback?: Callback): void =>
    answer(get().hasSession({ fresh }), callback, it => (it.result ? null : noSession))
  const unsupported = (what: string) => (_id: string, callback?: Callback) =>
    callback?.({ code: 501, type: 'NotSupported', description: `Utgang knows no ${what}` }, {})

  return {
    version: () => version,
    init(options) {
      const before = utgang
      utgang = start(options, ofClient).calls
      onInit(options)
      if (utgang !== before) before?.close()
    },
    hasSession: callback => hasSession(false, callback),
    logout(callback) {
      const ended = get().logout()
      answer(
        ended.then(it => ({ result: true, ...it })),
        callback,
        () => null
      )
    },
    acceptAgreement: callback => hasSession(true, callback),
    hasProduct: unsupported('products'),
    hasSubscription: unsupported('subscriptions'),
    event: {
      subscribe: (name, listener) => void events.on(name, listener),
      unsubscribe: (name, listener) => events.off(name, listener),
      fire: (name, payload) => events.fire(name, payload)
    }
  }
}

const noSession: SpidError = { code: 401, type: 'UserException', description: 'No session found!' }

const spidErrorOf = (error: Error): SpidError & { cause: Error } => ({
  code: 503,
  type: 'communication',
  description: error.message,
  cause: error
})

/** Calls back once. What the callback throws is the page's own error. */
function answer<Data extends object>(
  data: Promise<Data>,
  callback: Callback | undefined,
  errorIn: (data: Data) => SpidError | null
): void {
  const call: Callback = (error, it) => {
    try {
      callback?.(error, it)
    } catch (thrown) {
      reportError(thrown)
    }
  }
  data.then(
    it => call(errorIn(it), it),
    error => call(spidErrorOf(error), {})
  )
}
