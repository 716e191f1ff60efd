import type { ErrorCode } from '../../errors.ts'
import { html, type Value } from '../markup.ts'

/** The codes that people meet on a page; the others go to programs and operators alone. */
export type PageErrorCode = Exclude<
  ErrorCode,
  | 'ambiguous_subject'
  | 'bad_config'
  | 'demo_not_installed'
  | 'duplicate_user'
  | 'invalid_token'
  | 'port_in_use'
  | 'unknown_session'
  | 'unknown_user'
>

interface ErrorText {
  title: string
  /** What happened, in one sentence. */
  happened: string
  /** What the person can do now. */
  next: string
}

/** English, and the shape of every other table. Values from outside come in as markup or are escaped where they stand. */
export const en = {
  tagline: 'One sign-in for many sites. One way out.',
  frontPage: 'Front page',
  signOut: 'Sign out',
  theApplication: 'the application',
  errorPrefix: 'Error:',
  signedInAs: 'Signed in as',

  signIn: {
    title: 'Sign in',
    to: (client: Value) => html`to continue to ${client}`,
    login: 'Email',
    password: 'Password',
    remember: 'Keep me signed in on this device',
    rememberHint: 'Turn this off on a computer that you share.',
    submit: 'Sign in',
    newHere: 'New here?',
    signUp: 'Create an account',
    cancel: (client: Value) => html`Cancel and go back to ${client}`,
    already: 'You are signed in already. Sign in again to go on, or sign in as somebody else.',
    invalidCredentials: 'The email and the password do not belong together. Check both and try again.',
    tooManyAttempts: (wait: string) => `Too many tries with a wrong password. Try again in ${wait}.`,
    tooManyAttemptsLater: 'Too many tries with a wrong password. Wait a little and try again.',
    failed: 'That did not work. Try again.'
  },

  signUp: {
    title: 'Create an account',
    to: (client: Value) => html`to continue to ${client}`,
    name: 'Name',
    nameHint: 'What the sites you sign in to may call you.',
    email: 'Email',
    password: 'Password',
    passwordHint: (length: number) =>
      `At least ${length} characters. A few words that you remember are fine.`,
    submit: 'Create account',
    haveOne: 'Have an account?',
    signIn: 'Sign in',
    check: 'Some of it needs another look:',
    problems: {
      email: {
        required: 'Enter your email address.',
        invalid: 'Enter a whole email address, such as name@example.org.',
        too_short: 'Enter a whole email address, such as name@example.org.',
        too_long: 'Enter a whole email address, such as name@example.org.'
      },
      name: {
        required: 'Enter your name.',
        invalid: 'Enter your name.',
        too_short: 'Enter your name.',
        too_long: 'Enter a shorter name.'
      },
      password: {
        required: 'Choose a password.',
        invalid: 'Choose another password.',
        too_short: 'Choose a longer password.',
        too_long: 'Choose a shorter password.'
      }
    }
  },

  signUpCheck: {
    title: 'Now sign in',
    received: 'We have what we need.',
    newAddress: 'If the address was new here, it has an account now: sign in with the password you chose.',
    knownAddress:
      'If it had an account already, nothing has changed: sign in with the password you have used before.',
    signIn: 'Go to sign-in'
  },

  consent: {
    title: (client: Value) => html`Let ${client} in?`,
    plainTitle: (client: string) => `Let ${client} in?`,
    asks: (client: Value) => html`${client} asks for this:`,
    site: 'It says that its site is',
    scopes: {
      openid: 'Know that it is you, when you come back',
      profile: 'See your name and the rest of your profile',
      email: 'See your email address',
      address: 'See your postal address',
      phone: 'See your phone number',
      offline_access: 'Keep its access when you are away, also after you sign out'
    },
    otherScope: (scope: Value) => html`Use ${scope}`,
    remembered: 'Your answer is remembered, and signing out does not take it back.',
    allow: 'Allow',
    deny: 'Do not allow'
  },

  selectAccount: {
    title: 'Choose an account',
    to: (client: Value) => html`to continue to ${client}`,
    continueAs: (name: Value) => html`Continue as ${name}`,
    other: 'Use another account'
  },

  switchAccount: {
    title: 'Switch account?',
    oneAtATime: 'One person at a time can be signed in in a browser.',
    out: 'Will be signed out',
    in: 'Will be signed in',
    ends: (from: Value) =>
      html`If you go on, the sign-in of ${from} in this browser ends, for all the sites that share it. Other devices stay as they are.`,
    submit: (from: Value) => html`Sign out ${from} and go on`,
    stay: (from: Value) => html`Keep ${from} signed in`
  },

  confirmLogout: {
    title: 'Sign out?',
    asked: (client: Value) => html`${client} asks to sign you out.`,
    ends: 'This ends your sign-in in this browser, for all the sites that share it. Other devices stay signed in.',
    confirm: 'Sign out',
    stay: 'Stay signed in'
  },

  signedOut: {
    title: 'You are signed out',
    ended: 'Your sign-in in this browser has ended.',
    nobody: 'Nobody is signed in in this browser.',
    mismatch: (client: Value) =>
      html`${client} wanted to send you on to an address that is not registered, so we stop here.`,
    mismatchUnknown:
      'You were to be sent on to an address that is not registered, so we stop here. You can close this window.',
    goTo: (client: Value) => html`Go to ${client}`
  },

  frontChannel: {
    title: 'You are signed out',
    asking: 'These sites are being asked to sign you out too, through your browser.',
    wereAsked: 'These sites were asked to sign you out too, through your browser.',
    unsure:
      'Whether they have done so, we cannot see: some browsers keep them from recognising you here. If in doubt, sign out there too.',
    goOn: 'Go on',
    goTo: (client: Value) => html`Go on to ${client}`
  },

  receipt: {
    title: 'Receipt',
    what: 'What was ended',
    nothing: 'Nothing: there was nothing left to end.',
    sessions: (count: number) =>
      count === 1
        ? 'The sign-in in this browser, and the access of applications that depends on it'
        : `${count} sign-ins, and the access of applications that depends on them`,
    tokensRevoked: 'The access that an application handed back with the request',
    kept: 'Any other access that applications hold for you lasts until it runs out or is taken back.',
    applications: 'Applications in this sign-in',
    noApplications: 'No application took part in this sign-in.',
    more: (count: number) => `And ${count} more.`,
    states: {
      delivered: { label: 'Told', text: 'It has confirmed that it knows.' },
      queued: { label: 'Not told yet', text: 'A notice to it is waiting; it has not been sent.' },
      trying: {
        label: 'Not reached yet',
        text: 'It could not be told yet. It is tried again, for up to three days.'
      },
      requested: {
        label: 'Asked',
        text: 'It was asked through your browser, which may have kept it from recognising you. If in doubt, sign out there too.'
      },
      not_requested: {
        label: 'Not asked',
        text: 'It can only be asked by a page in your browser, and this time there was none. Sign out there too.'
      },
      none: {
        label: 'Not told',
        text: 'It has not asked to be told, so it may still show you as signed in. Sign out there too.'
      },
      refused: {
        label: 'Turned down',
        text: 'It was told and answered that it could not act on it. Sign out there too.'
      },
      unclear: {
        label: 'Unclear',
        text: 'It was told, but whether it has acted on it is not known. Sign out there too.'
      },
      gave_up: { label: 'Not reached', text: 'It could not be told. Sign out there too.' },
      superseded: { label: 'Not needed', text: 'You have signed in there again since.' },
      unknown: { label: 'Not known', text: 'Where it stands is not known. Sign out there too.' }
    },
    progress: (confirmed: number, of: number) => {
      if (of === 1)
        return `The one site that hears of it has ${confirmed ? 'confirmed' : 'not confirmed yet'}.`
      if (confirmed === 0) return `None of the ${of} sites has confirmed yet.`
      if (confirmed === of) return `${of === 2 ? 'Both' : `All ${of}`} sites that hear of it have confirmed.`
      return `${confirmed} of ${of} sites have confirmed.`
    },
    reload: 'Load this page again later to see where they stand.',
    number: 'Receipt number'
  },

  error: {
    detail: 'For whoever looks into it',
    code: 'Code',
    description: 'Detail',
    requestId: 'Request',
    stillSignedIn: 'You are still signed in. You can sign out here all the same.',
    confirm: 'Sign out',
    unknown: {
      title: 'That did not work',
      happened: 'The site or app that sent you here asked for something that we cannot do.',
      next: 'Go back to it and try again. If it happens again, tell the people behind it.'
    },
    codes: {
      access_denied: {
        title: 'Not allowed',
        happened: 'This was declined, so nothing has been shared.',
        next: 'Go back to the site or app that you came from.'
      },
      client_id_required: {
        title: 'Who is asking?',
        happened: 'Somebody wanted to sign you out and send you on, but did not say which application it is.',
        next: 'Nothing has been ended.'
      },
      client_mismatch: {
        title: 'That does not fit together',
        happened: 'The request to sign you out names two different applications.',
        next: 'Nothing has been ended.'
      },
      csrf_failed: {
        title: 'Please do that again',
        happened: 'The form came from another site, or from a page that was meant for another sign-in.',
        next: 'Nothing has changed. Open the page anew and send it from there.'
      },
      duplicate_parameter: {
        title: 'Said twice',
        happened: 'The address that brought you here says the same thing twice, so we do not guess.',
        next: 'Nothing has changed. Go back to the site or app and try again.'
      },
      invalid_hint: {
        title: 'We do not know this sign-in',
        happened: 'The request to sign you out carries a proof that we have not issued.',
        next: 'Nothing has been ended.'
      },
      invalid_redirect_uri: {
        title: 'We cannot send you back',
        happened: 'The address to go back to is not one that the application has registered.',
        next: 'Go back to the site or app by hand, and tell the people behind it.'
      },
      invalid_request: {
        title: 'Something is missing',
        happened: 'The request that brought you here lacks something, or holds something impossible.',
        next: 'Go back to the site or app and try again. If it happens again, tell the people behind it.'
      },
      method_not_allowed: {
        title: 'Not that way',
        happened: 'This address cannot be used in this way.',
        next: 'Start again from the site or app that you came from.'
      },
      not_found: {
        title: 'Nothing here',
        happened: 'There is no page at this address.',
        next: 'Check the address, or start again from the front page.'
      },
      redirect_uri_mismatch: {
        title: 'You are signed out',
        happened:
          'You are signed out, but the address to go to is not one that the application has registered.',
        next: 'You can close this window.'
      },
      request_expired: {
        title: 'This page is too old',
        happened: 'It was open for too long, it was used already, or your browser keeps no cookies for us.',
        next: 'Start again from the site or app that you came from.'
      },
      server_error: {
        title: 'Something broke here',
        happened: 'It is our fault and not yours.',
        next: 'Try again in a little while. If it happens again, pass on the request number below.'
      },
      storage_unavailable: {
        title: 'Not just now',
        happened: 'We could not store that, so nothing has changed and nobody has been told anything.',
        next: 'It is safe to try again.'
      },
      overloaded: {
        title: 'Not just now',
        happened: 'Very many people are signing in at this moment, so we did not get to you.',
        next: 'Try again in a moment.'
      },
      too_many_attempts: {
        title: 'A short break',
        happened: 'There were too many tries with a wrong password.',
        next: 'Wait a little and try again. Nobody is locked out for good.'
      },
      too_many_requests: {
        title: 'A short break',
        happened: 'Too many requests came from where you are.',
        next: 'Wait a little and try again.'
      },
      unknown_client: {
        title: 'We do not know this application',
        happened: 'The site or app that sent you here is not registered with us.',
        next: 'Go back to it, and tell the people behind it.'
      }
    } satisfies Record<PageErrorCode, ErrorText>
  },

  home: {
    titleSignedIn: 'You are signed in',
    titleSignedOut: 'Nobody is signed in',
    signedIn: 'The sites and apps that use this sign-in know you in this browser.',
    signedOut: 'You sign in from the site or app that you want to use. It brings you here and takes you back.'
  }
}

/** Everything that our pages say, in one language. */
export type Strings = typeof en
