import type { Answer, Browser, From } from '../support/browser.ts'
import { clients } from '../support/fixtures.ts'

/** The origin of the pages of every client here that uses the SDK. */
export const origin = 'https://forum.example'

const like = (clientId: string, more: object) => ({
  ...clients.find(it => it.client_id === clientId),
  ...more,
  sdk: true,
  origins: [origin]
})

/** The fixtures' clients, and more that use the SDK: one that people are asked about, one that tells nobody, one that asks before every logout. */
export const sdkClients = [
  ...clients,
  like('asking', { client_id: 'asking-sdk' }),
  like('news', { client_id: 'wide' }),
  like('careful', { client_id: 'careful-sdk' })
]

/** Headers of a page's `fetch` with credentials. */
export const page = (
  headers: Record<string, string | undefined> = {}
): Record<string, string | undefined> => ({
  origin,
  'sec-fetch-mode': 'cors',
  'sec-fetch-dest': 'empty',
  ...headers
})

/** Asks as a page does. */
export function check(
  browser: Browser,
  clientId: string,
  headers: Record<string, string | undefined> = {},
  from: From = 'same-site',
  more = ''
): Promise<Answer> {
  return browser.go(`/sdk/session?client_id=${clientId}${more}`, { from, headers: page(headers) })
}

/** `POST /sdk/logout` as a page sends it. */
export function logout(
  browser: Browser,
  clientId: string,
  body: Record<string, unknown> = {},
  { from = 'cross-site', headers = {} }: { from?: From; headers?: Record<string, string | undefined> } = {}
): Promise<Answer> {
  return browser.go(`/sdk/logout?client_id=${clientId}`, {
    from,
    json: { client_id: clientId, ...body },
    headers: page(headers)
  })
}
