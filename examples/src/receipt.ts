import { setTimeout as wait } from 'node:timers/promises'
import { type Html, html } from './html.ts'
import type { SignInServer } from './sign-in-server.ts'
import type { Left } from './visits.ts'

/** How far the telling of one application has got. `not_registered`: it has not asked to be told. */
export type ToldState =
  | 'pending'
  | 'delivered'
  | 'refused'
  | 'unclear'
  | 'gave_up'
  | 'superseded'
  | 'requested'
  | 'not_requested'
  | 'not_registered'

/** What one logout did, as this application may see it. */
export interface Receipt {
  id: string
  cause: string
  /** When, in UTC seconds. */
  at: number
  sessions_ended: number
  grants_revoked: number
  tokens_revoked: number
  /** Number of applications by the state of what they are owed. */
  applications: Partial<Record<ToldState, number>>
  /** This application's own. */
  own: { state: ToldState; attempts: number }[]
}

/**
 * Reads the receipt of the logout that ended a login of ours. A logout from server to server names it in its answer.
 * After a redirect there is no id, since nothing is ever added to a registered address, so we ask by the `sid` that we know.
 * `undefined` when nothing has ended.
 */
export async function readReceipt(
  server: SignInServer,
  { session: { sid }, leaving }: Left
): Promise<Receipt | undefined> {
  const path =
    leaving?.receiptId === undefined
      ? `/logout/receipts?sid=${encodeURIComponent(sid)}`
      : `/logout/receipts/${leaving.receiptId}`
  const { status, body } = await server.asClient(path)
  if (status === 404) return undefined
  if (status !== 200) throw new Error(`the receipt could not be read: ${status}`)
  return body as Receipt
}

/** The same, a moment later if need be: telling others begins when the logout is done, and mostly takes a few milliseconds. */
export async function settledReceipt(server: SignInServer, left: Left): Promise<Receipt | undefined> {
  for (let tries = 0; ; tries++) {
    const receipt = await readReceipt(server, left)
    if (tries === 10 || !receipt?.applications.pending) return receipt
    await wait(100)
  }
}

/** The receipt for the visitor: what ended, which tokens, who has been told. */
export function receiptPanel(
  receipt: Receipt,
  { site, tokensEndWithSession }: { site: string; tokensEndWithSession: boolean }
): Html {
  const [own] = receipt.own
  return html`<section class="panel receipt" id="receipt" data-receipt="${receipt.id}" data-cause="${receipt.cause}">
    <h2>Your receipt</h2>
    <p class="fine">From the sign-in server, ${timeOf(receipt.at)}. ${causes[receipt.cause] ?? 'Signed out'}.</p>
    <dl>
      <div><dt>Sign-on session</dt><dd id="receipt-session">${sessionLine(receipt)}</dd></div>
      <div><dt>Tokens</dt><dd id="receipt-tokens">${tokenLine(receipt, tokensEndWithSession)}</dd></div>
      <div><dt>${site} itself</dt><dd id="receipt-own" data-state="${own?.state ?? 'not_told'}">${ownLine(own)}</dd></div>
      ${receipt.sessions_ended > 0 && html`<div><dt>All sites in this session</dt><dd id="receipt-all">${countsLine(receipt)}</dd></div>`}
    </dl>
    <p class="fine number">Receipt ${receipt.id}</p>
  </section>`
}

const causes: Readonly<Record<string, string>> = {
  redirect: 'A site asked by redirect, in SPiD’s words',
  rp_initiated: 'A site asked by redirect, in OpenID Connect’s words',
  api: 'A site asked from server to server',
  sdk: 'A page asked with the browser SDK',
  end_session_api: 'A site ended the session, from server to server',
  account_session: 'You ended it on your account page',
  account_everywhere: 'You signed out everywhere on your account page',
  account_switch: 'Somebody else signed in in this browser',
  idle_timeout: 'Nothing happened for a long time',
  absolute_timeout: 'It had lasted as long as it may'
}

/** What is owed and was never tried is queued and no more: nothing here may sound as if it had been sent. */
const told: Readonly<Record<ToldState, string>> = {
  pending: 'Queued, not sent yet.',
  delivered: 'Told, and it confirmed.',
  refused: 'Told, and it said that it could do nothing with it.',
  unclear: 'Tried. Whether it arrived is not known.',
  gave_up: 'Tried until time ran out; it never arrived.',
  superseded: 'Not needed any more: there has been a new sign-in since.',
  requested: 'Your browser was asked to tell it. Whether it did is not known.',
  not_requested: 'Only a page can ask your browser to tell it, and none did.',
  not_registered: 'Has not asked to be told. It finds out by asking.'
}

const counted: Readonly<Record<ToldState, string>> = {
  pending: 'Still in the queue',
  delivered: 'Told, and confirmed',
  refused: 'Told, but refused',
  unclear: 'Tried, unclear',
  gave_up: 'Never reached',
  superseded: 'Not needed any more',
  requested: 'Your browser was asked to',
  not_requested: 'Not asked for',
  not_registered: 'Not asking to be told'
}

function ownLine(own: Receipt['own'][number] | undefined): string {
  if (!own) return 'Not told: it asked for this itself, and nothing else changed.'
  if (own.state === 'pending' && own.attempts > 0) return 'Tried, not reached yet. It is tried again.'
  return told[own.state]
}

function sessionLine({ sessions_ended }: Receipt): string {
  if (sessions_ended === 0) return 'Not touched. You are still signed on, and other sites know you.'
  return sessions_ended === 1 ? 'Ended, in this browser.' : `${sessions_ended} sessions ended.`
}

/** The receipt counts for all sites together; what it says of this one's tokens follows from how they are registered. */
function tokenLine(receipt: Receipt, bound: boolean): string {
  if (receipt.cause === 'api') return 'Revoked: every token of this sign-in.'
  if (bound && receipt.sessions_ended > 0)
    return 'Ended with the session, to which this site’s tokens are bound.'
  if (receipt.grants_revoked + receipt.tokens_revoked > 0)
    return 'Revoked: the token that was handed over, and all others of that sign-in.'
  return 'None revoked. This site kept its token, as it may.'
}

function countsLine({ applications }: Receipt): string {
  const counts = Object.entries(applications) as [ToldState, number][]
  return counts.map(([state, count]) => `${counted[state]}: ${count}.`).join(' ')
}

function timeOf(seconds: number): Html {
  const iso = new Date(seconds * 1000).toISOString()
  return html`<time datetime="${iso}">${iso.slice(0, 10)} at ${iso.slice(11, 16)} UTC</time>`
}
