import { confirmLogoutPage } from '../../src/pages/confirm-logout.ts'
import { consentPage } from '../../src/pages/consent.ts'
import { errorPage } from '../../src/pages/error.ts'
import { frontChannelPage } from '../../src/pages/front-channel.ts'
import { homePage } from '../../src/pages/home.ts'
import type { ApplicationState } from '../../src/pages/receipt.ts'
import { selectAccountPage } from '../../src/pages/select-account.ts'
import { signInPage } from '../../src/pages/sign-in.ts'
import { signUpCheckPage, signUpPage } from '../../src/pages/sign-up.ts'
import { signedOutPage } from '../../src/pages/signed-out.ts'
import { switchAccountPage } from '../../src/pages/switch-account.ts'

/** What comes from outside into our pages. */
export interface Outside {
  /** Any text: names, addresses, ids. */
  text: string
  /** What a client says its own address is. */
  uri: string
  /** Whatever a delivery's state may be one day. */
  state?: string
  locale?: string
}

/** Ordinary values. */
export const ordinary: Outside = { text: 'Ola', uri: 'https://news.example/' }

/** Every page in every form it has, with these values in every place that a value from outside can reach. */
export function everyPage({ text, uri, state = 'queued', locale }: Outside): Record<string, string> {
  const person = { name: text, email: text }
  const receipt = {
    id: text,
    at: 1_764_106_440,
    sessionsEnded: 1,
    tokensRevoked: true,
    isSettled: false,
    confirmed: 0,
    toConfirm: 1,
    applications: [
      { name: text, uri, state: state as ApplicationState },
      { name: text, state: 'none' as const }
    ]
  }
  const signIn = { action: text, clientName: text, signUpHref: text, cancelHref: text, locale }
  const signUp = { action: text, shortestPassword: 8, signInHref: text, clientName: text, locale }
  const logout = { action: text, request: text, user: person }
  return {
    signIn: signInPage({ ...signIn, login: text, remember: true, current: person }),
    signInFirst: signInPage({ action: text, locale }),
    signInWrong: signInPage({ ...signIn, login: text, error: { code: 'invalid_credentials' } }),
    signInLater: signInPage({ ...signIn, error: { code: 'too_many_attempts', retryAfterSeconds: 40 } }),
    signInFailed: signInPage({ ...signIn, error: { code: text } }),
    signUp: signUpPage({ ...signUp, email: text, name: text, problems: [] }),
    signUpWrong: signUpPage({
      ...signUp,
      email: text,
      name: text,
      problems: [
        { field: 'name', code: 'required' },
        { field: 'email', code: 'invalid' },
        { field: 'password', code: 'too_short' }
      ]
    }),
    signUpCheck: signUpCheckPage({ signInHref: text, locale }),
    consent: consentPage({
      action: text,
      clientName: text,
      clientUri: uri,
      scopes: ['openid', 'profile', text],
      user: person,
      locale
    }),
    selectAccount: selectAccountPage({ action: text, user: person, clientName: text, locale }),
    switchAccount: switchAccountPage({
      action: text,
      ticket: text,
      from: person,
      to: person,
      clientName: text,
      locale
    }),
    confirmLogout: confirmLogoutPage({ ...logout, clientName: text, locale }),
    signedOut: signedOutPage({ receipt, locale }),
    signedOutLive: signedOutPage({ receipt, eventsAt: text, locale }),
    frontChannel: frontChannelPage({
      asked: [{ name: text, uri }],
      frames: { sources: [text], longestMs: 4000 },
      next: text,
      nextName: text,
      locale
    }),
    frontChannelLater: frontChannelPage({ asked: [{ name: text, uri }], next: text, nextName: text, locale }),
    signedOutBare: signedOutPage({ locale }),
    mismatch: signedOutPage({ error: { code: text }, clientName: text, clientUri: uri, receipt, locale }),
    error: errorPage({ code: text, status: 400, description: text, requestId: text, locale }),
    errorSignOut: errorPage({ code: 'invalid_hint', status: 400, requestId: text, signOut: logout, locale }),
    home: homePage({ user: person, locale }),
    homeNobody: homePage({ locale })
  }
}
