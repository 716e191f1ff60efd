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
  applications: { name: string; uri?: string; state: ApplicationState }[]
}

/** The receipt as a slip of paper. */
export function receiptSlip(receipt: SignedOutReceipt, { strings, moment }: Language): Markup {
  const t = strings.receipt
  const { sessionsEnded, tokensRevoked, applications } = receipt
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
${applications.some(({ state }) => state === 'queued' || state === 'trying') && html`<p class="fine">${t.reload}</p>`}
<p class="number">${t.number} <code>${receipt.id}</code></p>
</section>`
}

function application(
  { name, uri, state }: SignedOutReceipt['applications'][number],
  { states }: Strings['receipt']
): Markup {
  const site = webAddress(uri)
  const known = Object.hasOwn(states, state) ? state : 'unknown'
  const { label, text } = states[known]
  return html`<li data-state="${known}"><p><strong>${site ? html`<a href="${site.href}" rel="noreferrer">${named(name)}</a>` : named(name)}</strong> <span class="state">${label}</span></p><p class="fine">${text}</p></li>`
}
