import { languageOf } from './language.ts'
import { layout } from './layout.ts'
import { named } from './links.ts'
import { html } from './markup.ts'
import { callName, type Person, personCard } from './person.ts'

/** Says who will be signed out when somebody else signs in in this browser. The answer's `choice` is `switch` or `stay`. */
export function switchAccountPage(p: {
  action: string
  ticket: string
  from: Person
  to: Person
  clientName: string
  locale?: string
}): string {
  const language = languageOf(p.locale)
  const { strings } = language
  const t = strings.switchAccount
  const from = callName(p.from)
  return layout({
    language,
    title: t.title,
    door: 'open',
    content: html`<h1>${t.title}</h1>
${p.clientName && html`<p class="lead">${strings.selectAccount.to(named(p.clientName))}</p>`}
<p>${t.oneAtATime}</p>
${personCard(p.from, t.out, 'leaving')}
${personCard(p.to, t.in)}
<p>${t.ends(from)}</p>
<form method="post" action="${p.action}">
<input type="hidden" name="ticket" value="${p.ticket}">
<button class="primary" id="switch-account" type="submit" name="choice" value="switch">${t.submit(from)}</button>
<button id="stay" type="submit" name="choice" value="stay">${t.stay(from)}</button>
</form>`
  })
}
