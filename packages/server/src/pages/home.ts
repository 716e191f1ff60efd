import { languageOf } from './language.ts'
import { layout } from './layout.ts'
import { signOutHref } from './links.ts'
import { html } from './markup.ts'
import { type Person, personCard } from './person.ts'

/** The front page: who is signed in in this browser, and the way out. */
export function homePage(p: { user?: Person; locale?: string }): string {
  const language = languageOf(p.locale)
  const { strings } = language
  const t = strings.home
  const title = p.user ? t.titleSignedIn : t.titleSignedOut
  return layout({
    language,
    title,
    door: p.user ? 'open' : 'ajar',
    content: html`<h1>${title}</h1>
<p class="lead">${p.user ? t.signedIn : t.signedOut}</p>
${
  p.user &&
  html`${personCard(p.user, strings.signedInAs)}
<a class="button primary" href="${signOutHref}">${strings.signOut}</a>`
}`
  })
}
