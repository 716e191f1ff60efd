import { createContext, runInContext } from 'node:vm'
import { expect } from 'vitest'
import type { Answer, Browser, From } from '../support/browser.ts'
import { clients, password, users } from '../support/fixtures.ts'

/** What `market` and SPiD's SDKs sign with. */
export const signSecret = 'a sign secret of the tests'

const flags: Record<string, object> = {
  market: { legacy_jsonp: true, sdk: true, sign_secret: signSecret },
  news: { legacy_jsonp: true, sdk: true },
  asking: { legacy_jsonp: true, sdk: true },
  careful: { legacy_jsonp: true }
}

/** The fixtures' clients; `market` (which signs), `news`, `asking` and `careful` have pages that keep SPiD's script. */
export const legacyClients = clients.map(it => ({ ...it, ...flags[it.client_id] }))

/** A name that wants out of the script that it is written into. */
export const hostileName = '</script><script>alert(1)</script>\u2028\u2029"\\<!--'

/** One more whose `sub` is a number, as SPiD's accounts have, and one with {@link hostileName}. */
const legacyUsers = [
  ...users,
  { sub: '4711', email: 'number@example.test', name: 'Number', password },
  { sub: 'u-hostile', email: 'hostile@example.test', name: hostileName, password }
]

/** A server whose clients keep what SPiD gave them. */
export const config = { clients: legacyClients, users: legacyUsers }

/** The cookie by which pages of other sites ask. */
export const sdkCookie = '__Host-utgang-sdk'

/** What a logout leaves in it: it names nothing. */
export const mark = 'x'.repeat(43)

/** What SPiD's script makes of an answer: whom it calls back, and with what. */
export interface Call {
  callback: unknown
  reply: Record<string, unknown> & {
    error?: { code: number; type: string; description: string }
    response?: Record<string, unknown>
  }
}

/** What a script tag says besides where it points. */
export interface Tag {
  from?: From
  headers?: Record<string, string | undefined>
  /** Instead of the usual query parameters; `undefined` takes one away. */
  query?: Record<string, string | undefined>
}

/** Asks as SPiD's script does, by a script tag on a page of the client. */
export function tag(browser: Browser, path: string, clientId: string, more: Tag = {}): Promise<Answer> {
  const query = new URLSearchParams()
  const all = {
    callback: 'f0a1b2c3',
    redirect_uri: `https://${clientId}.example/a/page?of=it#there`,
    client_id: clientId,
    ...more.query
  }
  for (const [name, value] of Object.entries(all)) if (value !== undefined) query.set(name, value)
  return browser.go(`${path}?${query}`, {
    from: more.from ?? 'cross-site',
    headers: {
      'sec-fetch-mode': 'no-cors',
      'sec-fetch-dest': 'script',
      referer: `https://${clientId}.example/`,
      ...more.headers
    }
  })
}

/** Runs an answer as a page with SPiD's script does; fails unless the script calls back once and does nothing else. */
export function called(answer: Answer): Call {
  const calls: Call[] = []
  const response = (callback: unknown, reply: Call['reply']) => {
    // Objects of the page's own world are copied into ours, to be compared.
    calls.push(JSON.parse(JSON.stringify({ callback, reply })))
  }
  const page = createContext({ SPiD: { Talk: { response } } })
  const before = Object.keys(page)
  runInContext(answer.text, page)
  expect(Object.keys(page)).toEqual(before)
  expect(calls).toHaveLength(1)
  return calls[0] as Call
}

/** What SPiD's script is told where there is no session that it may know of. */
export const noSession = {
  error: { code: 401, type: 'UserException', description: 'No session found!' },
  response: { result: false, serverTime: expect.any(Number), expiresIn: 10, userStatus: 'unknown' }
}

/** An answer without what differs each time. */
export function bytesOf({ status, text, headers }: Answer): object {
  const { date: _date, 'x-request-id': _id, ...others } = headers
  return { status, text, headers: others }
}
