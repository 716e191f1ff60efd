import Provider, { type KoaContextWithOIDC } from 'oidc-provider'
import { stateCookie } from '../sessions/browser-state.ts'
import { sidFor } from '../sessions/sid.ts'
import { newSecret } from '../storage/secrets.ts'
import { readCookie } from '../web/cookies.ts'
import type { OpParts } from './parts.ts'

/** A session of oidc-provider, as far as it is changed here. */
interface Named {
  uid: string
  id: string
  touched: boolean
  transient?: boolean
  sidFor(clientId: string): string
  resetIdentifier(): void
  loginAccount(details: { transient?: boolean }): void
}

/**
 * Gives oidc-provider's sessions their names: a `sid` for each client, a new cookie with each sign-in, and one session
 * for all tabs of a browser that sign in at the same moment.
 */
export function nameSessions(provider: Provider, { sdkNames, clock }: OpParts): void {
  const session = provider.Session.prototype as unknown as Named
  session.sidFor = function (clientId) {
    return sidFor(this.uid, clientId)
  }
  // Its own form deletes the row under the old id first; in between, the session would be gone for everybody.
  session.resetIdentifier = function () {
    if (!isFirst()) this.id = newSecret()
    this.touched = true
  }
  const { loginAccount } = session
  session.loginAccount = function (details) {
    // Its own form never takes it back, and whoever asks to be remembered when signing in again would not be.
    this.transient = details.transient === true
    const state = readCookie(Provider.ctx?.req.headers.cookie, stateCookie)
    if (Provider.ctx?.state.sessionFoundUnder === undefined && state && sdkNames.states.isSignedOut(state)) {
      const { uid, cookie } = sdkNames.firstSession(state, clock.now())
      this.uid = uid
      this.id = cookie
      if (Provider.ctx) Provider.ctx.state.isFirstSession = true
    }
    loginAccount.call(this, details)
  }
}

/**
 * Whether this request begins the session of a browser that had none, under the names that another tab, which signs in
 * at the same moment, gives it too: it becomes one session with one cookie, whichever answer arrives last.
 */
export function isFirst(ctx: KoaContextWithOIDC | undefined = Provider.ctx): boolean {
  return ctx?.state.isFirstSession === true
}
