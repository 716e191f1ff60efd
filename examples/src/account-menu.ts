import { type Html, html } from './html.ts'
import type { Site, Visitor } from './site-parts.ts'
import { userOf } from './visits.ts'

/**
 * Who is signed in, with the ways out; or the way in. Plain forms, which need no JavaScript; the one way that does stays
 * hidden until sign-out-page.js is there.
 */
export function accountMenu(
  site: Pick<Site, 'name' | 'logoutWords' | 'tokensEndWithSession'>,
  { session, at }: Visitor
): Html {
  if (!session)
    return html`<div class="account" id="visitor" data-state="signed-out"><a class="button" id="go-sign-in" href="/auth/login?return_to=${encodeURIComponent(at)}">Sign in</a></div>`
  const { name, email } = userOf(session)
  return html`<details class="account" id="visitor" data-state="signed-in">
    <summary><span class="initial">${name.slice(0, 1)}</span><span id="visitor-name">${name}</span></summary>
    <div class="menu">
      <p class="fine">Signed in as<br><b>${email}</b></p>
      <section id="with-javascript" hidden>
        <button class="button" id="sign-out-script" type="button">Sign out with JavaScript</button>
        <p class="fine">By the browser SDK: the page stays, and the backend of this site ends the session.</p>
        <p class="trouble" role="alert"></p>
      </section>
      <form method="post" action="/sign-out" id="sign-out">
        <button class="button" id="sign-out-everywhere">Sign out everywhere in this browser</button>
        <p class="fine">By redirect: the page goes to the sign-in server and comes back.${site.tokensEndWithSession && ` The tokens of ${site.name} end with the session.`}</p>
        ${
          site.logoutWords === 'spid' &&
          html`<label><input type="checkbox" name="hand_over" id="hand-over" checked> and hand over my token, so that it dies too</label>`
        }
      </form>
      <form method="post" action="/sign-out-here" id="sign-out-here">
        <button class="button quiet" id="sign-out-app">Sign out of ${site.name} only</button>
        <p class="fine">By API: the tokens die, the sign-on session stays.</p>
      </form>
    </div>
  </details>`
}
