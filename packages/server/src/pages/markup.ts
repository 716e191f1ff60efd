const trusted = Symbol('markup')

/** HTML that may be sent as it is. Only {@link html} makes it, so every value from outside in it is escaped. */
export interface Markup {
  readonly [trusted]: string
}

/** What a template takes: text, which is escaped, markup, which is not, and nothing at all. */
export type Value = Markup | string | number | undefined | null | false | readonly Value[]

/**
 * The only way to write HTML here: `` html`<p title="${title}">${text}</p>` ``. Text is escaped for element content and
 * for quoted attributes alike; a place outside of both (an unquoted attribute, a tag's name, a script) takes no values.
 */
export function html(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  let text = parts[0] ?? ''
  for (const [index, value] of values.entries()) text += textOf(value) + (parts[index + 1] ?? '')
  return { [trusted]: text }
}

/** Markup as a string, for the wire. */
export const serialize = (markup: Markup): string => markup[trusted]

function textOf(value: Value): string {
  if (value === undefined || value === null || value === false) return ''
  if (typeof value === 'string') return escaped(value)
  if (typeof value === 'number') return String(value)
  if (isList(value)) return value.map(textOf).join('')
  return value[trusted]
}

const isList = (value: Markup | readonly Value[]): value is readonly Value[] => Array.isArray(value)

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;'
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, found => entities[found] ?? '')
