import type { IncomingHttpHeaders } from 'node:http'
import { en, type Strings } from './strings/en.ts'
import { nb } from './strings/nb.ts'

/** A language in which people read our pages. */
export interface Language {
  /** BCP 47, for `lang`. */
  lang: 'en' | 'nb'
  strings: Strings
  /** A moment in UTC seconds, written out. */
  moment(at: number): string
  /** A time to wait in seconds, written out and rounded up to whole minutes when it is longer than a minute and a half. */
  duration(seconds: number): string
}

/**
 * The first language of a `ui_locales` list that we have, else English. Whatever else stands in the list is no error
 * (OpenID Connect Core 1.0 §3.1.2.1).
 */
export function languageOf(uiLocales: string | undefined): Language {
  for (const tag of uiLocales?.split(/\s+/) ?? []) {
    const primary = tag.split(/[-_]/)[0]?.toLowerCase()
    if (primary === 'en') return english
    if (primary !== undefined && norwegian.has(primary)) return bokmal
  }
  return english
}

/**
 * In which languages somebody reads, best first, as a `ui_locales` list: what the application asks for, then what the
 * browser does in `Accept-Language` (RFC 9110 §12.5.4).
 * @param uiLocales as it came; what is no text asks for nothing
 * @param headers of the browser's request
 */
export function localesFor(uiLocales: unknown, headers: IncomingHttpHeaders): string {
  const accepted = (headers['accept-language'] ?? '').split(',').map(it => {
    const [tag = '', ...parameters] = it.split(';').map(part => part.trim())
    const weight = parameters.find(parameter => /^q=/i.test(parameter))?.slice(2)
    return { tag, weight: weight === undefined ? 1 : Number(weight) }
  })
  const wanted = accepted.filter(it => it.weight > 0).sort((a, b) => b.weight - a.weight)
  return [typeof uiLocales === 'string' ? uiLocales : '', ...wanted.map(it => it.tag)].join(' ')
}

/** Nynorsk has no table of its own; whoever asks for it reads Bokmål better than English. */
const norwegian: ReadonlySet<string> = new Set(['nb', 'no', 'nn'])

// British English, for the order of day and month and the 24-hour clock.
const english = language('en', 'en-GB', en)
const bokmal = language('nb', 'nb-NO', nb)

function language(lang: Language['lang'], locale: string, strings: Strings): Language {
  const moments = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })
  const units = (unit: string): Intl.NumberFormat =>
    new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' })
  const [inSeconds, inMinutes] = [units('second'), units('minute')]
  return {
    lang,
    strings,
    moment: at => `${moments.format(at * 1000)} UTC`,
    duration: seconds =>
      seconds > 90 ? inMinutes.format(Math.ceil(seconds / 60)) : inSeconds.format(Math.ceil(seconds))
  }
}
