import { languageOf } from './language.ts'
import { layout } from './layout.ts'
import { named } from './links.ts'
import { html } from './markup.ts'
import { type Person, personCard } from './person.ts'

/** Asks whether to sign out. The answer has `request`, and `decision=stay` when the person stays. */
export function confirmLogoutPage(p: {
  action: string
  /** The request that is confirmed; it proves that the form was shown here. */
  request: string
  user: Person
  /** Who asks for it, when it is not the person alone. */
  clientName?: string
  locale?: string
}): string {
  const language = languageOf(p.locale)
  const { strings } = language
  const t = strings.confirmLogout
  return layout({
    language,
    title: t.title,
    door: 'open',
    content: html`<h1>${t.title}</h1>
${p.clientName && html`<p class="lead">${t.asked(named(p.clientName))}</p>`}
${personCard(p.user, strings.signedInAs)}
<p>${t.ends}</p>
<form id="confirm-logout" method="post" action="${p.action}">
<input type="hidden" name="request" value="${p.request}">
<button class="primary" id="confirm" type="submit">${t.confirm}</button>
<button id="stay" type="submit" name="decision" value="stay">${t.stay}</button>
</form>`
  })
}
