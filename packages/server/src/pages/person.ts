import { named } from './links.ts'
import { html, type Markup } from './markup.ts'

/** Whoever a page speaks of. */
export interface Person {
  name: string
  email: string
}

/** What to call a person in a sentence. */
export const callName = ({ name, email }: Person): Markup => named(name.trim() || email)

/** A person with initials, name and address, under what is said of them. */
export function personCard(person: Person, caption: string, kind: 'plain' | 'leaving' = 'plain'): Markup {
  const { name, email } = person
  return html`<div class="person ${kind}"><span class="initials" aria-hidden="true">${initials(name || email)}</span><p><span class="caption">${caption}</span> <strong>${callName(person)}</strong>${name.trim() && email && html` <span class="address">${named(email)}</span>`}</p></div>`
}

/** First letters of the first and the last word. */
function initials(name: string): string {
  const words = name.trim().split(/\s+/)
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]]
  return letters.map(word => [...(word ?? '')][0]?.toUpperCase() ?? '').join('')
}
