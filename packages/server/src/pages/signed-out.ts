import { languageOf } from './language.ts'
import { layout } from './layout.ts'
import { named, webAddress } from './links.ts'
import { html, type Markup } from './markup.ts'
import { receiptProgress, receiptSlip, type SignedOutReceipt } from './receipt.ts'
import type { Strings } from './strings/en.ts'

/** Where the script of this page is. */
const script = '/js/signed-out.js'

/** The end of a logout that does not go back to a client: says so, and shows the receipt to whoever may see it. */
export function signedOutPage(p: {
  /** Why the person is not sent on. */
  error?: { code: string }
  clientName?: string
  clientUri?: string
  receipt?: SignedOutReceipt
  /** Where the page hears how it goes on, as long as something is under way. */
  eventsAt?: string
  locale?: string
}): string {
  const language = languageOf(p.locale)
  const t = language.strings.signedOut
  return layout({
    language,
    title: t.title,
    door: 'open',
    head:
      p.eventsAt === undefined
        ? undefined
        : html`<script id="live" src="${script}" data-events="${p.eventsAt}" defer></script>\n`,
    content: html`<div id="signed-out" role="status">
<h1>${t.title}</h1>
<p class="lead">${p.receipt && p.receipt.sessionsEnded > 0 ? t.ended : t.nobody}</p>
</div>
${p.error && stopped({ ...p, error: p.error }, t)}
${p.receipt && receiptProgress(p.receipt, language)}
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
