import { field } from './fields.ts'
import { languageOf } from './language.ts'
import { layout } from './layout.ts'
import { named } from './links.ts'
import { html } from './markup.ts'

/** One thing that is wrong with a sign-up form. */
export interface SignUpProblem {
  field: 'email' | 'name' | 'password'
  code: 'required' | 'invalid' | 'too_short' | 'too_long'
}

/** Asks for what a new account needs: `name`, `email`, `password`. Shown again, it says what was wrong with which field. */
export function signUpPage(p: {
  action: string
  email?: string
  name?: string
  problems: SignUpProblem[]
  /** Number of characters that a password needs. */
  shortestPassword: number
  signInHref: string
  clientName?: string
  locale?: string
}): string {
  const language = languageOf(p.locale)
  const { strings } = language
  const t = strings.signUp
  const textOf = ({ field: name, code }: SignUpProblem): string => t.problems[name][code]
  const problemWith = (name: SignUpProblem['field']): string | undefined => {
    const found = p.problems.find(it => it.field === name)
    return found && textOf(found)
  }
  const failed = p.problems.length > 0
  return layout({
    language,
    title: failed ? `${strings.errorPrefix} ${t.title}` : t.title,
    door: 'ajar',
    content: html`<h1>${t.title}</h1>
${p.clientName && html`<p class="lead">${t.to(named(p.clientName))}</p>`}
${failed && html`<div class="alert" id="error" data-code="invalid_request" role="alert"><p>${t.check}</p><ul>${p.problems.map(it => html`<li><a href="#${it.field}">${textOf(it)}</a></li>`)}</ul></div>`}
<form method="post" action="${p.action}">
${field({ name: 'name', label: t.name, type: 'text', autocomplete: 'name', value: p.name, hint: t.nameHint, problem: problemWith('name') })}
${field({ name: 'email', label: t.email, type: 'email', autocomplete: 'email', value: p.email, problem: problemWith('email') })}
${field({ name: 'password', label: t.password, type: 'password', autocomplete: 'new-password', hint: t.passwordHint(p.shortestPassword), problem: problemWith('password'), minLength: p.shortestPassword })}
<button class="primary" id="sign-up" type="submit">${t.submit}</button>
</form>
<div class="beside"><p>${t.haveOne} <a href="${p.signInHref}">${t.signIn}</a></p></div>`
  })
}

/** What follows a sign-up, whether the address was new here or not: from this page nobody learns which. */
export function signUpCheckPage(p: { signInHref: string; locale?: string }): string {
  const language = languageOf(p.locale)
  const t = language.strings.signUpCheck
  return layout({
    language,
    title: t.title,
    door: 'ajar',
    content: html`<div id="sign-up-received" role="status">
<h1>${t.title}</h1>
<p class="lead">${t.received}</p>
<p>${t.newAddress}</p>
<p>${t.knownAddress}</p>
</div>
<a class="button primary" href="${p.signInHref}">${t.signIn}</a>`
  })
}
