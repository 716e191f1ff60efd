import { newEmitter } from './emitter.ts'
import { finishLogin, login } from './login.ts'
import { type Started, start } from './set-up.ts'
import type { InitOptions, Tokens, Utgang } from './types.ts'

/**
 * Sets the SDK up for one client. Once more with the same client gives the same object back, with the new options.
 * If this tab left for a logout by redirect, asks whether it was done; then the events of the logout follow.
 * @throws SdkError `invalid_options`, naming the option and its value
 */
export function init(options: InitOptions): Utgang {
  const started = start(options, newEmitter)
  started.utgang ??= withSignIn(started)
  return started.utgang
}

function withSignIn({ page, calls }: Started): Utgang {
  let finishing: Promise<Tokens | undefined> | undefined
  return {
    ...calls,
    login: (options = {}) => login(page, options),
    finishLogin: (address = location.href) =>
      (finishing ??= finishLogin(page, address).finally(() => {
        finishing = undefined
      })),
    setTokens(tokens) {
      page.tokens = tokens
    }
  }
}
