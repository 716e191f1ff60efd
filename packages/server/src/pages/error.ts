import { type Language, languageOf } from './language.ts'
import { layout } from './layout.ts'
import { html, type Markup } from './markup.ts'
import { type Person, personCard } from './person.ts'
import type { Strings } from './strings/en.ts'

/** What an error page tells. */
export interface ErrorPage {
  /** A code of ours, or one of oidc-provider's. */
  code: string
  status: number
  /** For whoever looks into it: names of parameters, in English. */
  description?: string
  requestId?: string
  /** Offered to somebody who is signed in and whose logout was refused. */
  signOut?: { action: string; request: string; user: Person }
  locale?: string
}

/** Says what happened and what to do now; the technical part is small and at the end. */
export function errorPage(p: ErrorPage): string {
  const language = languageOf(p.locale)
  const { strings } = language
  const { title, happened, next } = textsOf(p.code, strings.error)
  return layout({
    language,
    title,
    door: 'closed',
    content: html`<div id="error" data-code="${p.code}" role="alert">
<h1>${title}</h1>
<p class="lead">${happened}</p>
</div>
<p>${next}</p>
${p.signOut ? signOutForm(p.signOut, language) : html`<p><a class="button" href="/">${strings.frontPage}</a></p>`}
${fineprint(p, strings.error)}`
  })
}

function signOutForm(
  { action, request, user }: NonNullable<ErrorPage['signOut']>,
  { strings }: Language
): Markup {
  return html`<div class="note">
${personCard(user, strings.signedInAs)}
<p>${strings.error.stillSignedIn}</p>
<form id="confirm-logout" method="post" action="${action}">
<input type="hidden" name="request" value="${request}">
<button class="primary" id="confirm" type="submit">${strings.error.confirm}</button>
<button id="stay" type="submit" name="decision" value="stay">${strings.confirmLogout.stay}</button>
</form>
</div>`
}

function fineprint({ code, status, description, requestId }: ErrorPage, t: Strings['error']): Markup {
  const rows = [
    [t.code, `${code} (${status})`],
    [t.description, description],
    [t.requestId, requestId]
  ] as const
  return html`<section class="fineprint" aria-labelledby="fineprint"><h2 id="fineprint">${t.detail}</h2><dl>${rows.map(([label, value]) => value && html`<div><dt>${label}</dt><dd><code>${value}</code></dd></div>`)}</dl></section>`
}

type Texts = Strings['error']['unknown']

function textsOf(code: string, { codes, unknown }: Strings['error']): Texts {
  return Object.hasOwn(codes, code) ? codes[code as keyof typeof codes] : unknown
}
