import { z } from 'zod'

/** Schemes that run or show something where an address is expected. */
const neverSchemes = new Set(['javascript:', 'vbscript:', 'data:', 'blob:', 'file:', 'about:'])

/** An absolute URI without fragment, user name, password or wildcard, of any scheme but those that are code or data. */
export const uri = () => checked(badUri)

/** The same, http or https only. */
export const webUri = () => checked(badWebUri)

function checked(expectation: (value: string) => string | undefined) {
  return z.string().superRefine((value, context) => {
    const expected = expectation(value)
    if (expected !== undefined) context.addIssue({ code: 'custom', message: expected, input: value })
  })
}

/** What {@link webUri} expects instead of a value; `undefined` when nothing is wrong. */
export function badWebUri(value: string): string | undefined {
  return badUri(value) ?? (/^https?:/i.test(value) ? undefined : 'an http(s) URI')
}

/** What {@link uri} expects instead of a value; `undefined` when nothing is wrong. */
export function badUri(value: string): string | undefined {
  // URL parsers drop spaces and line ends; what is sent in a Location header must not hold any.
  if (!/^[\x21-\x7e]+$/.test(value) || !URL.canParse(value)) return 'an absolute URI in ASCII'
  const { protocol, hostname, username, password } = new URL(value)
  if (neverSchemes.has(protocol)) return `a URI of another scheme than ${protocol}`
  if (value.includes('#')) return 'a URI without fragment'
  if (username !== '' || password !== '') return 'a URI without user name and password'
  if (hostname.includes('*')) return 'a URI with one host: wildcards are never matched'
  return undefined
}
