import { languageOf } from './language.ts'
import { layout } from './layout.ts'
import { named, signOutHref, webAddress } from './links.ts'
import { html, type Value } from './markup.ts'
import { type Person, personCard } from './person.ts'
import type { Strings } from './strings/en.ts'

/** Asks whether a client may have what it asks for. The answer's `decision` is `allow` or `deny`. */
export function consentPage(p: {
  action: string
  clientName: string
  clientUri?: string
  scopes: string[]
  user: Person
  locale?: string
}): string {
  const language = languageOf(p.locale)
  const { strings } = language
  const t = strings.consent
  const client = p.clientName ? named(p.clientName) : strings.theApplication
  const site = webAddress(p.clientUri)
  return layout({
    language,
    title: t.plainTitle(p.clientName || strings.theApplication),
    door: 'ajar',
    content: html`<h1>${t.title(client)}</h1>
${site && html`<p class="lead">${t.site} <a href="${site.href}" rel="noreferrer">${named(site.host)}</a></p>`}
${personCard(p.user, strings.signedInAs)}
<p id="asks">${t.asks(client)}</p>
<ul class="asked" aria-labelledby="asks">${p.scopes.map(scope => html`<li>${meaningOf(scope, t)}</li>`)}</ul>
<form method="post" action="${p.action}">
<button class="primary" id="allow" type="submit" name="decision" value="allow">${t.allow}</button>
<button id="deny" type="submit" name="decision" value="deny">${t.deny}</button>
</form>
<p class="hint">${t.remembered}</p>
<div class="beside"><p><a href="${signOutHref}">${strings.signOut}</a></p></div>`
  })
}

function meaningOf(scope: string, { scopes, otherScope }: Strings['consent']): Value {
  return Object.hasOwn(scopes, scope)
    ? scopes[scope as keyof typeof scopes]
    : otherScope(html`<code>${named(scope)}</code>`)
}
