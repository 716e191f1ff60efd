import { html, type Markup } from './markup.ts'

/** Where a person signs out of Utgang itself. */
export const signOutHref = '/logout'

/** An address from outside as a link may hold it: http or https, and nothing else; `undefined` otherwise. */
export function webAddress(uri: string | undefined): { href: string; host: string } | undefined {
  const url = uri === undefined ? null : URL.parse(uri)
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined
  return { href: url.href, host: url.host }
}

/** A name from outside: kept apart from the text around it, whichever way it is written. */
export const named = (name: string): Markup => html`<bdi>${name}</bdi>`
