import type { Language } from './language.ts'
import { named, webAddress } from './links.ts'
import { html, type Markup } from './markup.ts'
import type { Strings } from './strings/en.ts'

/**
 * Where an application stands. `none`: it has not asked to be told. `queued`: a notice waits and no answer to one has
 * come; nothing on a page may sound as if it had been sent.
 */
export type ApplicationState = Exclude<keyof Strings['receipt']['states'], 'unknown'>

/** What one logout did, as the person who logged out may see it. */
export interface SignedOutReceipt {
  id: string
  /** When, in UTC seconds. */
  at: number
  sessionsEnded: number
  /** Whether a grant or a token was revoked by itself, beyond those that end with their session. */
  tokensRevoked: boolean
  /** Nothing is under way any more. */
  isSettled: boolean
  /** Of those that can confirm that they know, how many have. */
  confirmed: number
  toConfirm: number
  applications: { name: string; uri?: string; state: ApplicationState }[]
  /** How many more there are than are named; none unless it says so. */
  more?: number
}

/** What may change on the page while somebody reads it, in words. */
export interface ReceiptNews {
  progress: Progress | undefined
  /** In the order of the page. */
  applications: { state: string; label: string; text: string }[]
  settled: boolean
}

/** How many of those that are told from server to server have confirmed. */
export interface Progress {
  text: string
  confirmed: number
  of: number
}

/** What is new of a receipt, for a page that is open. */
export function receiptNews(receipt: SignedOutReceipt, { strings }: Language): ReceiptNews {
  return {
    progress: progressOf(receipt, strings.receipt),
    applications: receipt.applications.map(({ state }) => standing(state, strings.receipt)),
    settled: receipt.isSettled
  }
}

function progressOf({ confirmed, toConfirm }: SignedOutReceipt, t: Strings['receipt']): Progress | undefined {
  return toConfirm === 0 ? undefined : { text: t.progress(confirmed, toConfirm), confirmed, of: toConfirm }
}

function standing(state: string, { states }: Strings['receipt']): ReceiptNews['applications'][number] {
  const known = Object.hasOwn(states, state) ? (state as ApplicationState) : 'unknown'
  return { state: known, ...states[known] }
}

/** How far telling the applications got, for the top of the page. Kept up to date where the page does so. */
export function receiptProgress(receipt: SignedOutReceipt, { strings }: Language): Markup | undefined {
  const progress = progressOf(receipt, strings.receipt)
  return (
    progress &&
    html`<div class="progress">
<p id="progress" aria-live="polite">${progress.text}</p>
<progress value="${progress.confirmed}" max="${progress.of}" aria-hidden="true"></progress>
</div>`
  )
}

/** The receipt as a slip of paper. */
export function receiptSlip(receipt: SignedOutReceipt, { strings, moment }: Language): Markup {
  const t = strings.receipt
  const { sessionsEnded, tokensRevoked, applications, more = 0 } = receipt
  return html`<section class="slip" aria-labelledby="receipt">
<h2 id="receipt">${t.title}</h2>
<p class="when"><time datetime="${new Date(receipt.at * 1000).toISOString()}">${moment(receipt.at)}</time></p>
<h3>${t.what}</h3>
<ul class="ended">
${sessionsEnded > 0 && html`<li>${t.sessions(sessionsEnded)}</li>`}
${tokensRevoked && html`<li>${t.tokensRevoked}</li>`}
</ul>
${sessionsEnded === 0 && !tokensRevoked && html`<p>${t.nothing}</p>`}
<p class="fine">${t.kept}</p>
<h3>${t.applications}</h3>
${applications.length === 0 ? html`<p>${t.noApplications}</p>` : html`<ul class="applications">${applications.map(it => application(it, t))}</ul>`}
${more > 0 && html`<p class="fine" id="more">${t.more(more)}</p>`}
${!receipt.isSettled && html`<p class="fine" id="reload">${t.reload}</p>`}
<p class="number">${t.number} <code>${receipt.id}</code></p>
</section>`
}

function application(
  { name, uri, state: given }: SignedOutReceipt['applications'][number],
  t: Strings['receipt']
): Markup {
  const site = webAddress(uri)
  const { state, label, text } = standing(given, t)
  return html`<li data-state="${state}"><p><strong>${site ? html`<a href="${site.href}" rel="noreferrer">${named(name)}</a>` : named(name)}</strong> <span class="state">${label}</span></p><p class="fine text">${text}</p></li>`
}
