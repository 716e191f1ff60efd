import { languageOf } from './language.ts'
import { layout } from './layout.ts'
import { named, webAddress } from './links.ts'
import { html } from './markup.ts'

/** Where the script of this page is. */
const script = '/js/front-channel.js'

/** An application that is asked, or was, by a frame of the page. */
interface Asked {
  name: string
  uri: string | undefined
}

/**
 * The page between a logout and where it goes on: one frame for each application that can only be told by the browser
 * (Front-Channel Logout 1.0 §3). Without `frames` it tells what was asked, and moves nobody.
 */
export function frontChannelPage(p: {
  asked: readonly Asked[]
  /** Addresses of the frames, and how long they are waited for, in milliseconds. */
  frames?: { sources: readonly string[]; longestMs: number }
  /** Where it goes on. */
  next: string
  /** Whose address that is; none for a page of ours. */
  nextName?: string
  locale?: string
}): string {
  const language = languageOf(p.locale)
  const t = language.strings.frontChannel
  const { frames } = p
  const seconds = frames && Math.ceil(frames.longestMs / 1000)
  return layout({
    language,
    title: t.title,
    door: 'open',
    head:
      frames &&
      html`<script src="${script}" defer></script>
<noscript><meta http-equiv="refresh" content="${seconds};url=${p.next}"></noscript>
`,
    content: html`<div id="signed-out" role="status">
<h1>${t.title}</h1>
<p class="lead">${frames ? t.asking : t.wereAsked}</p>
</div>
<ul class="applications" id="asked">${p.asked.map(
      ({ name, uri }) =>
        html`<li data-state="requested"><p><strong>${siteLink(name, uri)}</strong> <span class="state">${language.strings.receipt.states.requested.label}</span></p></li>`
    )}</ul>
<p class="fine">${t.unsure}</p>
<p><a class="button primary" id="continue" href="${p.next}" data-longest="${frames?.longestMs}">${p.nextName ? t.goTo(named(p.nextName)) : t.goOn}</a></p>
${
  frames &&
  html`<div class="frames" aria-hidden="true">${frames.sources.map(
    src =>
      html`<iframe src="${src}" title="" tabindex="-1" sandbox="allow-forms allow-same-origin allow-scripts" referrerpolicy="no-referrer"></iframe>`
  )}</div>`
}`
  })
}

function siteLink(name: string, uri: string | undefined) {
  const site = webAddress(uri)
  return site ? html`<a href="${site.href}" rel="noreferrer">${named(name)}</a>` : named(name)
}
