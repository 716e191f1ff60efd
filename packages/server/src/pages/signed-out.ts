import { languageOf } from './language.ts'
import { layout } from './layout.ts'
import { named, webAddress } from './links.ts'
import { html, type Markup } from './markup.ts'
import { receiptSlip, type SignedOutReceipt } from './receipt.ts'
import type { Strings } from './strings/en.ts'

/** The end of a logout that does not go back to a client: says so, and shows the receipt to whoever may see it. */
export function signedOutPage(p: {
  /** Why the person is not sent on. */
  error?: { code: string }
  clientName?: string
  clientUri?: string
  receipt?: SignedOutReceipt
  locale?: string
}): string {
  const language = languageOf(p.locale)
  const t = language.strings.signedOut
  return layout({
    language,
    title: t.title,
    door: 'open',
    content: html`<div id="signed-out" role="status">
<h1>${t.title}</h1>
<p class="lead">${p.receipt && p.receipt.sessionsEnded > 0 ? t.ended : t.nobody}</p>
</div>
${p.error && stopped({ ...p, error: p.error }, t)}
${p.receipt && receiptSlip(p.receipt, language)}`
  })
}

function stopped(
  p: { error: { code: string }; clientName?: string; clientUri?: string },
  t: Strings['signedOut']
): Markup {
  const site = webAddress(p.clientUri)
  const name = named(p.clientName || site?.host || '')
  return html`<div class="note" id="error" data-code="${p.error.code}" role="alert">
<p>${p.clientName ? t.mismatch(name) : t.mismatchUnknown}</p>
${site && html`<p><a class="button" href="${site.href}">${t.goTo(name)}</a></p>`}
</div>`
}
