import { languageOf } from './language.ts'
import { layout } from './layout.ts'
import { named, signOutHref } from './links.ts'
import { html } from './markup.ts'
import { callName, type Person, personCard } from './person.ts'

/** Asks whether to go on as whoever is signed in. The answer's `choice` is `continue` or `other`. */
export function selectAccountPage(p: {
  action: string
  user: Person
  clientName: string
  locale?: string
}): string {
  const language = languageOf(p.locale)
  const { strings } = language
  const t = strings.selectAccount
  return layout({
    language,
    title: t.title,
    door: 'ajar',
    content: html`<h1>${t.title}</h1>
${p.clientName && html`<p class="lead">${t.to(named(p.clientName))}</p>`}
${personCard(p.user, strings.signedInAs)}
<form method="post" action="${p.action}">
<button class="primary" id="continue" type="submit" name="choice" value="continue">${t.continueAs(callName(p.user))}</button>
<button id="other" type="submit" name="choice" value="other">${t.other}</button>
</form>
<div class="beside"><p><a href="${signOutHref}">${strings.signOut}</a></p></div>`
  })
}
