import type { RpSession } from '@utgang/node'
import { type Html, html } from './html.ts'
import { type Receipt, receiptPanel, settledReceipt } from './receipt.ts'
import type { Page, SiteParts, Visitor } from './site-parts.ts'
import { verdictOn, verdictPanel } from './verdict.ts'
import { type Left, userOf } from './visits.ts'

/** Where every way out ends: says what happened, in words that claim no more than the receipt does. */
export async function signedOutPage(
  parts: SiteParts,
  { left, session }: Visitor,
  { state }: { state?: string }
): Promise<Page> {
  if (!left?.leaving) return { title: 'Signed out', main: plain(session) }
  const { how } = left.leaving
  const [receipt, verdict] = await Promise.all([
    settledReceipt(parts.server, left).catch(() => undefined),
    verdictOn(parts, left.session)
  ])
  const { heading, text } = words(left, receipt, parts.site.name)
  return {
    title: heading,
    main: html`<section class="notice" id="signed-out-here" data-how="${how}"${comesBack(left, state) && html` data-state-returned="yes"`}>
      <h1>${heading}</h1>
      <p>${text}</p>
      <p class="actions"><a class="button" href="/auth/login" id="sign-in-again">Sign in again</a> <a href="/">Go to the front page</a></p>
    </section>
    <div class="panels">
      ${receipt && receiptPanel(receipt, { site: parts.site.name, tokensEndWithSession: parts.site.tokensEndWithSession })}
      ${verdictPanel(parts, left, verdict)}
    </div>`
  }
}

function words(
  { session, leaving }: Left,
  receipt: Receipt | undefined,
  site: string
): { heading: string; text: string } {
  const user = userOf(session)
  if (leaving?.how === 'elsewhere')
    return {
      heading: 'You were signed out elsewhere',
      text: `The sign-on that you used here has ended, so ${site} was told, and has closed your login too.`
    }
  if (leaving?.failed)
    return {
      heading: `Signed out of ${site}`,
      text: 'Your login here is closed. But the sign-in server did not answer, so the tokens of this login may still be alive.'
    }
  if (leaving?.how === 'this_app')
    return {
      heading: `Signed out of ${site} only`,
      text: `Goodbye, ${user.name}. The tokens of ${site} are dead. You are still signed on in this browser: signing in again asks for no password.`
    }
  if (!receipt)
    return {
      heading: `Signed out of ${site}`,
      text: 'Your login here is closed. The sign-in server has no receipt for it, so your sign-on session has not ended.'
    }
  return {
    heading: 'You are signed out',
    text: `Goodbye, ${user.name}. Your sign-on in this browser has ended. Other sites that used it are told, and sign you out too.`
  }
}

function comesBack({ leaving }: Left, state: string | undefined): boolean {
  return state !== undefined && state === leaving?.state
}

function plain(session: RpSession | undefined): Html {
  return session
    ? html`<section class="notice"><h1>You are signed in</h1><p>As ${userOf(session).name}. <a href="/">Go to the front page</a></p></section>`
    : html`<section class="notice" id="signed-out-here" data-how="plain"><h1>You are signed out</h1><p>You have no login at this site. <a href="/">Go to the front page</a></p></section>`
}
