import type { RpSession } from '@utgang/node'
import { type Html, html } from './html.ts'
import { type Receipt, readReceipt } from './receipt.ts'
import type { SiteParts } from './site-parts.ts'
import type { Left } from './visits.ts'

/** What the example API sends: things that the visitor has put aside. */
export interface SavedItem {
  id: string
  title: string
}

/** What can be said at this moment about a login of ours. `undefined`: could not be asked. */
export interface Verdict {
  /** Whether introspection calls the access token active (RFC 7662). */
  tokenAlive: boolean | undefined
  /** The status with which the example API answers this token. */
  apiStatus: number | undefined
  items: readonly SavedItem[]
  /** The receipt of the end of the sign-on session; `'none'` as long as nothing says that it has ended. */
  ending: Receipt | 'none' | undefined
}

/** Asks all three at once, from server to server. A site needs none of this: it is here to learn from. */
export async function verdictOn(parts: SiteParts, session: RpSession): Promise<Verdict> {
  const [tokenAlive, api, ending] = await Promise.all([
    orUndefined(isActive(parts, session)),
    orUndefined(callApi(parts, session)),
    // By the sid, whatever the logout was: this line is about the session alone.
    orUndefined(readReceipt(parts.server, { session }).then(receipt => receipt ?? ('none' as const)))
  ])
  return { tokenAlive, apiStatus: api?.status, items: api?.items ?? [], ending }
}

async function isActive({ server }: SiteParts, { accessToken }: RpSession): Promise<boolean> {
  const { status, body } = await server.asClient('/oauth/introspect', { token: accessToken })
  if (status !== 200) throw new Error(`the sign-in server does not say: ${status}`)
  return (body as { active: boolean }).active
}

async function callApi(
  { site, outgoing }: SiteParts,
  { accessToken }: RpSession
): Promise<{ status: number; items: SavedItem[] }> {
  const answer = await outgoing.fetch(site.api, { headers: { authorization: `Bearer ${accessToken}` } })
  const body = (await answer.json()) as { items?: SavedItem[] }
  return { status: answer.status, items: body.items ?? [] }
}

/** The panel for learning: one line for each question, with the answer as it came. */
export function verdictPanel({ site }: SiteParts, { session, leaving }: Left, verdict: Verdict): Html {
  const { tokenAlive, apiStatus, ending } = verdict
  return html`<section class="panel verdict" id="verdict">
    <h2>What the server says now</h2>
    <p class="fine">${leaving ? 'About the sign-in that you just left; this demo remembers its token to show you.' : 'For developers: asked by the site’s backend for this very page.'}</p>
    <dl>
      ${line('token', 'Access token', tokenAlive && 'alive', tokenAlive === undefined ? undefined : tokenAlive ? 'Alive' : 'Dead', 'POST /oauth/introspect')}
      ${line('api', 'Example API', apiStatus === 200 && 'alive', apiStatus === undefined ? undefined : apiStatus === 200 ? 'Answers, 200' : `Refuses, ${apiStatus}`, `GET ${site.api}`)}
      ${line('session', 'Sign-on session', ending === 'none' && 'alive', ending === undefined ? undefined : ending === 'none' ? 'Not ended' : 'Ended', 'GET /logout/receipts?sid=…')}
    </dl>
    <p class="fine">Token …${session.accessToken.slice(-6)} · session …${session.sid.slice(-6)}</p>
  </section>`
}

function line(
  id: string,
  label: string,
  alive: 'alive' | false | undefined,
  answer: string | undefined,
  question: string
): Html {
  const state = answer === undefined ? 'unknown' : alive || 'dead'
  return html`<div><dt>${label}<code>${question}</code></dt><dd id="verdict-${id}" data-state="${state}"><span class="lamp ${state}"></span>${answer ?? 'No answer'}</dd></div>`
}

async function orUndefined<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch {
    return undefined
  }
}
