import { field } from './fields.ts'
import { type Language, languageOf } from './language.ts'
import { layout } from './layout.ts'
import { named } from './links.ts'
import { html, type Markup } from './markup.ts'
import { type Person, personCard } from './person.ts'

/** What went wrong with the last try. */
export interface SignInError {
  /** `invalid_credentials`, `too_many_attempts`, or another code, of which only that it failed is said. */
  code: string
  retryAfterSeconds?: number
}

/** Asks for address and password. The answer has the fields `login`, `password` and, when ticked, `remember`. */
export function signInPage(p: {
  action: string
  login?: string
  remember?: boolean
  error?: SignInError
  clientName?: string
  signUpHref?: string
  cancelHref?: string
  /** Whoever is signed in in this browser already. */
  current?: Person
  locale?: string
}): string {
  const language = languageOf(p.locale)
  const { strings } = language
  const t = strings.signIn
  const wrong = p.error?.code === 'invalid_credentials' ? 'error' : undefined
  const client = p.clientName ? named(p.clientName) : undefined
  return layout({
    language,
    title: p.error ? `${strings.errorPrefix} ${t.title}` : t.title,
    door: 'ajar',
    content: html`<h1>${t.title}</h1>
${client && html`<p class="lead">${t.to(client)}</p>`}
${p.current && html`<div class="note">${personCard(p.current, strings.signedInAs)}<p>${t.already}</p></div>`}
${p.error && problem(p.error, language)}
<form method="post" action="${p.action}">
${field({ name: 'login', label: t.login, type: 'text', autocomplete: 'username', value: p.login, invalidBy: wrong, focus: !p.login })}
${field({ name: 'password', label: t.password, type: 'password', autocomplete: 'current-password', invalidBy: wrong, focus: Boolean(p.login) })}
<div class="choice"><input id="remember" name="remember" type="checkbox" value="on" aria-describedby="remember-hint"${p.remember && html` checked`}><label for="remember">${t.remember}</label><p class="hint" id="remember-hint">${t.rememberHint}</p></div>
<button class="primary" id="sign-in" type="submit">${t.submit}</button>
</form>
<div class="beside">
${p.signUpHref && html`<p>${t.newHere} <a href="${p.signUpHref}">${t.signUp}</a></p>`}
${p.cancelHref && html`<p><a href="${p.cancelHref}">${t.cancel(client ?? strings.theApplication)}</a></p>`}
</div>`
  })
}

function problem({ code, retryAfterSeconds }: SignInError, { strings, duration }: Language): Markup {
  const t = strings.signIn
  const text =
    code === 'invalid_credentials'
      ? t.invalidCredentials
      : code !== 'too_many_attempts'
        ? t.failed
        : retryAfterSeconds === undefined
          ? t.tooManyAttemptsLater
          : t.tooManyAttempts(duration(retryAfterSeconds))
  return html`<div class="alert" id="error" data-code="${code}" role="alert"><p>${text}</p></div>`
}
